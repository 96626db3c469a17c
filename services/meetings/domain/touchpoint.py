"""What may be logged as a touchpoint; refuses what has not happened yet and what happened too long ago."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Self
from uuid import UUID

from services.meetings.domain.pairs import Pair
from services.meetings.domain.refusals import PairHasEnded, TouchpointInTheFuture, TouchpointTooOld
from shared.contracts.meetings import TouchpointLogged

OLDEST_TOUCHPOINT: Final = timedelta(days=30)


@dataclass(frozen=True)
class Touchpoint:
    """A logged contact of 5 to 20 minutes; it never changes."""

    touchpoint_id: UUID
    pair: Pair
    logged_by: UUID
    happened_at: datetime
    minutes: int
    version: int = 0

    def log(self, now: datetime) -> tuple[Self, TouchpointLogged]:
        """The touchpoint as it is kept, and what is said of it; `happened_at` is given in UTC.

        Raises PairHasEnded, TouchpointInTheFuture, TouchpointTooOld.
        """
        if self.pair.state == "ended":
            raise PairHasEnded
        if self.happened_at > now:
            raise TouchpointInTheFuture
        if self.happened_at < now - OLDEST_TOUCHPOINT:
            raise TouchpointTooOld
        kept = replace(self, happened_at=self.happened_at.astimezone(UTC), version=1)
        said = TouchpointLogged(
            version=kept.version,
            occurred_at=now,
            institution_ids=kept.pair.institution_ids,
            touchpoint_id=kept.touchpoint_id,
            pair_id=kept.pair.pair_id,
            mentor_id=kept.pair.mentor_id,
            mentee_id=kept.pair.mentee_id,
            logged_by=kept.logged_by,
            happened_at=kept.happened_at,
            minutes=kept.minutes,
        )
        return kept, said
