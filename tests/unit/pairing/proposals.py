"""Pairs in every state, made by the steps that lead there; no state is set by hand."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from services.pairing.domain import ANSWER_WITHIN, Lending, Limit, Offer, Pair, Seat, State, Who

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
EVERYONE: tuple[Who, ...] = ("mentor", "mentee", "administrator", "directory", "clock", "compact")
FREE = Offer(accepting=True, free=1, free_shared=1)
NO_CAP = Limit(None, 0)
UNCAPPED = Lending((NO_CAP,), NO_CAP, NO_CAP)
MENTOR = frozenset[Who]({"mentor"})
MENTEE = frozenset[Who]({"mentee"})
ADMINISTRATOR = frozenset[Who]({"administrator"})
COMPACT = frozenset[Who]({"compact"})


def a_proposal(*, cross: bool = False) -> Pair:
    """A proposal made now, not said yet."""
    home = uuid4()
    return Pair(
        pair_id=uuid4(),
        mentor_id=uuid4(),
        mentee_id=uuid4(),
        mentor_institution_id=home,
        mentee_institution_id=uuid4() if cross else home,
        proposed_by=uuid4(),
        proposed_at=NOW,
        answer_by=NOW + ANSWER_WITHIN,
    )


def a_pair(state: State) -> Pair:
    """A pair that came to this state by its own steps."""
    pair = a_proposal()
    pair.propose()
    if state in {"accepted", "active", "paused", "ended"}:
        pair.accept(FREE, None, Seat(1, None), NOW)
    if state in {"active", "paused"}:
        pair.activate(COMPACT, NOW)
    match state:
        case "paused":
            pair.pause(MENTOR, None, LATER, NOW)
        case "ended":
            pair.end(MENTOR, None, NOW)
        case "declined":
            pair.decline(MENTEE, NOW)
        case "recalled":
            pair.recall(ADMINISTRATOR, "mistake", NOW)
        case "lapsed":
            pair.lapse(pair.answer_by)
        case _:
            assert pair.state == state
    return pair
