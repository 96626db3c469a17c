"""Meetings and pairs made up for one test; the ids are fresh, and nothing is stored."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from services.meetings.domain import Meeting, Pair, PairState, State
from shared.contracts.meetings import Slot

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_pair(state: PairState = "active") -> Pair:
    """Two people of two institutions."""
    return Pair(uuid4(), uuid4(), uuid4(), uuid4(), uuid4(), state)


def a_slot(hours_ahead: float = 24, minutes: int = 30) -> Slot:
    """A slot that begins so many hours after NOW."""
    starts_at = NOW + timedelta(hours=hours_ahead)
    return Slot(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes))


def a_proposal(pair: Pair | None = None, *slots: Slot) -> Meeting:
    """What the mentor proposed at NOW."""
    pair = pair or a_pair()
    meeting, _ = Meeting.propose(uuid4(), pair, pair.mentor_id, slots or (a_slot(),), waiting=0, now=NOW)
    return meeting


def a_scheduled_meeting(pair: Pair | None = None) -> Meeting:
    """A meeting of half an hour that begins 24 hours after NOW."""
    pair = pair or a_pair()
    meeting = a_proposal(pair)
    meeting.accept(pair.mentee_id, 0, pair, NOW)
    return meeting


def a_meeting_in(state: State, pair: Pair | None = None) -> Meeting:
    """A meeting that came to `state` by the acts that lead there."""
    meeting = a_proposal(pair) if state in {"proposed", "expired"} else a_scheduled_meeting(pair)
    begun = NOW + 24 * HOUR
    match state:
        case "expired":
            meeting.expire(begun)
        case "held":
            meeting.confirm(begun)
        case "missed":
            meeting.report_missed(meeting.mentor_id, begun)
            meeting.settle(meeting.silent_at)
        case "cancelled":
            meeting.cancel(meeting.mentor_id, "not_needed", NOW)
        case "proposed" | "scheduled":
            return meeting
    return meeting
