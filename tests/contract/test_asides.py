"""What one person alone is told: who may read it, and how little it holds."""

import pytest

from deploy.schemas.events import leaf_events
from shared.contracts.asides import AsideEvent
from shared.contracts.event import Event
from shared.contracts.topics import catalogue

_ENVELOPE = {"version", "occurred_at", "institution_ids"}
_TOLD = {"aside_id", "about_id", "person_id", "institution_id"}
_ASKED_BY = {
    *("mentor_id", "mentor_institution_id", "mentee_id", "mentee_institution_id"),
    *("led_by", "leader_institution_id", "answer_by"),
}
_ASIDES = [event for event in leaf_events() if issubclass(event, AsideEvent)]


def test_notifications_alone_may_read_what_is_said_aside() -> None:
    assert catalogue().topics["osler.asides"].readers == ("notifications",)


@pytest.mark.parametrize("event", _ASIDES, ids=lambda event: event.type)
def test_it_names_nobody_but_whom_it_tells_and_who_asks_them(event: type[Event]) -> None:
    assert set(event.model_fields) <= _ENVELOPE | _TOLD | _ASKED_BY


def test_of_a_concern_it_names_the_contact_alone() -> None:
    [concern] = [event for event in _ASIDES if event.type == "osler.asides.concern_reached.v1"]
    assert set(concern.model_fields) == _ENVELOPE | _TOLD
