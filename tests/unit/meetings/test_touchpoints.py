"""Touchpoints: short contacts that have happened, and not long ago."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest

from services.meetings.domain import PairHasEnded, PairState, Touchpoint, TouchpointInTheFuture, TouchpointTooOld
from tests.unit.meetings.making import NOW, a_pair


def logged(happened_at: datetime, state: PairState = "active") -> Touchpoint:
    pair = a_pair(state)
    kept, said = Touchpoint(uuid4(), pair, pair.mentee_id, happened_at, 10).log(NOW)
    assert (said.touchpoint_id, said.version, said.key) == (kept.touchpoint_id, 1, pair.pair_id)
    assert said.happened_at == kept.happened_at == happened_at
    return kept


def test_a_touchpoint_happened_within_the_last_thirty_days() -> None:
    logged(NOW)
    logged(NOW - timedelta(days=30))
    with pytest.raises(TouchpointInTheFuture):
        logged(NOW + timedelta(seconds=1))
    with pytest.raises(TouchpointTooOld):
        logged(NOW - timedelta(days=30, seconds=1))


def test_it_is_kept_in_utc() -> None:
    kept = logged(NOW.astimezone(timezone(timedelta(hours=-7))))
    assert kept.happened_at.tzinfo is UTC


def test_a_paused_pair_may_log_one_and_a_pair_that_has_ended_may_not() -> None:
    logged(NOW, "paused")
    with pytest.raises(PairHasEnded):
        logged(NOW, "ended")
