"""Why meetings says no: each class is a stable code, and its docstring is what a person reads. No I/O here."""

from shared.platform.errors import Conflict, Forbidden, Malformed, NotFound


class MeetingNotFound(NotFound):
    """There is no such meeting that you may see."""


class PairNotFound(NotFound):
    """There is no such pair that you may see."""


class PairNotActive(Conflict):
    """The pair is paused or has ended, so it books no meetings. Nothing was changed."""


class PairHasEnded(Conflict):
    """The pair has ended, so it logs no touchpoints any more. Nothing was changed."""


class TooManyProposals(Conflict):
    """The pair has five proposals without an answer. Accept or cancel one of them first."""


class NotInThisState(Conflict):
    """The meeting is in a state in which this cannot be done. Nothing was changed; look at it again."""


class OwnProposal(Forbidden):
    """You proposed these times, so the other person chooses one of them."""


class NoSuchSlot(Malformed):
    """The proposal has no slot of this number; the first is 0."""


class SlotHasBegun(Conflict):
    """The chosen slot has begun. Choose a later one, or propose new times."""


class NotFree(Conflict):
    """One of the two has another meeting at that time. Nothing was changed; choose another time."""


class MeetingHasBegun(Conflict):
    """The meeting has begun, so it can no longer be moved or cancelled; say instead whether it was held or missed."""


class MeetingHasNotBegun(Conflict):
    """The meeting has not begun, so nobody can say yet whether it was held or missed."""


class TooLateToSay(Conflict):
    """72 hours have passed since the meeting's end, and what was known then stands."""


class SlotInThePast(Malformed):
    """A slot begins in the future."""


class SlotTooFarAhead(Malformed):
    """A slot begins within 365 days from now."""


class SlotLengthRefused(Malformed):
    """A slot lasts from 10 minutes to 4 hours."""


class SlotsOverlap(Malformed):
    """The slots of one proposal do not overlap each other."""


class TouchpointInTheFuture(Malformed):
    """A touchpoint is logged after it happened."""


class TouchpointTooOld(Malformed):
    """A touchpoint is logged within 30 days after it happened."""
