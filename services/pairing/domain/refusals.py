"""What pairing refuses, and in which words; each class is one stable code."""

from typing import Final

from shared.platform.errors import Conflict, Forbidden, Malformed, NotFound


class PairNotFound(NotFound):
    """There is no pair here that you may see."""


class MenteeNotFound(NotFound):
    """Your institution has no mentee with this id."""


class NotYourStep(Forbidden):
    """This step belongs to the other person, or to an administrator. Nothing was changed."""


class NotPossibleNow(Conflict):
    """The pair is not in a state that allows this. Nothing was changed; look at it again."""


class ProposalLapsed(Conflict):
    """The seven days to answer this proposal are over. Ask an administrator to propose the pair again."""


class ActivationLapsed(Conflict):
    """The twenty-one days to sign a compact are over. Ask an administrator to propose it again."""


class SomeoneIsAway(Conflict):
    """One of the two is on leave. Nothing was changed; try again when both are back."""


class MenteeAway(Conflict):
    """This mentee is on leave or has left. Nothing was changed; propose the pair when the mentee is here."""


class NotAccepting(Conflict):
    """This mentor takes nobody now: on leave, gone, no mentor, or closed to new mentees. Choose another mentor."""


class AlreadyPaired(Conflict):
    """These two have an open pair or proposal already. Nothing was changed."""


class ReversePair(Conflict):
    """These two have an open pair the other way round, and nobody is both mentor and mentee of the same person."""


class ConflictOfInterest(Conflict):
    """A conflict of interest stands between these two. Nothing was changed; choose another, or resolve it first."""


class ConflictNotFound(NotFound):
    """There is no such declared conflict that you may see."""


class CounterpartNotFound(NotFound):
    """One of these is nobody whom you may name. Name yourself, or your institution's people, and whom it knows."""


class NoConflict(Conflict):
    """Nothing stands between these two from which anybody could step back. Nothing was changed."""


class NoAgreement(Conflict):
    """This is no mentor of your institution, and no agreement in force lends you one with this id."""


class AgreementEnding(Conflict):
    """Notice was given to the agreement between these two institutions, so no new pair begins under it."""


class CapacityExhausted(Conflict):
    """All places of this mentor are taken. Nothing was changed; choose another mentor or wait until a pair ends."""


class SharedCapacityExhausted(Conflict):
    """All places that this mentor has for other institutions are taken. Nothing was changed; choose another mentor."""


class AgreementCap(Conflict):
    """The agreement allows no further pair between these two institutions. Nothing was changed."""


class LendCap(Conflict):
    """The mentor's institution lends no further mentor: its overall cap is reached. Nothing was changed."""


class BorrowCap(Conflict):
    """The mentee's institution borrows no further mentor: its overall cap is reached. Nothing was changed."""


class ReasonMissing(Malformed):
    """An administrator pauses, ends and recalls only with a reason. Nothing was changed; send one."""


class ReviewOutOfRange(Malformed):
    """The day to look again must be in the future and at most 90 days off. Nothing was changed."""


class SamePerson(Malformed):
    """Mentor and mentee are the same person. Nothing was changed."""


NO_PLACE: Final = (
    NotAccepting,
    ConflictOfInterest,
    NoAgreement,
    AgreementEnding,
    CapacityExhausted,
    SharedCapacityExhausted,
    AgreementCap,
    LendCap,
    BorrowCap,
)
"""What a mentor's yes may be refused with, in the order in which it is."""
NO_PAIR: Final = (NotAccepting, ReversePair, AlreadyPaired, *NO_PLACE[1:])
"""What a proposal may be refused with, and each choice of a request."""
