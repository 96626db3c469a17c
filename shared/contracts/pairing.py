"""What pairing says about pairs: who, when and a code for why; never a private reason in words."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.contracts.erasure import ErasureReceipt
from shared.contracts.event import Code, Event


class PairEvent(Event):
    """Something happened to a pair of a mentor and a mentee."""

    topic: ClassVar[str] = "osler.pairing"
    aggregate: ClassVar[str] = "pair_id"
    pair_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    mentor_institution_id: UUID
    mentee_institution_id: UUID


class PairProposed(PairEvent):
    """An administrator proposed a mentor and a mentee to each other; it waits for the mentor until `answer_by`."""

    type: ClassVar[str] = "osler.pairing.pair_proposed.v1"
    proposed_by: UUID
    answer_by: AwareDatetime


class PairAccepted(PairEvent):
    """The mentor said yes, and one of the mentor's places is taken; it waits for the mentee until `activate_by`."""

    type: ClassVar[str] = "osler.pairing.pair_accepted.v1"
    activate_by: AwareDatetime


class PairDeclined(PairEvent):
    """One of the two said no to the proposal."""

    type: ClassVar[str] = "osler.pairing.pair_declined.v1"
    declined_by: Literal["mentor", "mentee"]


class PairRecalled(PairEvent):
    """An administrator took the proposal back before it was answered, or one of the two left."""

    type: ClassVar[str] = "osler.pairing.pair_recalled.v1"
    reason: Code | None = None


class PairLapsed(PairEvent):
    """Nobody answered the proposal within seven days."""

    type: ClassVar[str] = "osler.pairing.pair_lapsed.v1"


class PairActivated(PairEvent):
    """The pair is at work: it may meet."""

    type: ClassVar[str] = "osler.pairing.pair_activated.v1"


class PairPaused(PairEvent):
    """The pair rests, with a day on which to look again; coming meetings are cancelled."""

    type: ClassVar[str] = "osler.pairing.pair_paused.v1"
    reason: Code
    review_at: AwareDatetime


class PairResumed(PairEvent):
    """The pair is at work again."""

    type: ClassVar[str] = "osler.pairing.pair_resumed.v1"


class PairEnded(PairEvent):
    """The pair is over, and the mentor's place is free."""

    type: ClassVar[str] = "osler.pairing.pair_ended.v1"
    reason: Code


class PairAskedToGoOn(PairEvent):
    """Notice was given to what lets the two work together: they end at `decide_by`, unless both want to go on."""

    type: ClassVar[str] = "osler.pairing.pair_asked_to_go_on.v1"
    decide_by: AwareDatetime
    goes_on_until: AwareDatetime | None = None


class PairGoesOn(PairEvent):
    """Both want to go on after the notice, until the end that was agreed before it (null: none was)."""

    type: ClassVar[str] = "osler.pairing.pair_goes_on.v1"
    goes_on_until: AwareDatetime | None = None


class ConflictRaised(PairEvent):
    """A conflict of interest came up in a pair that holds a place; it goes on until `review_by`, and then rests."""

    type: ClassVar[str] = "osler.pairing.conflict_raised.v1"
    source: Literal["duty", "declared"]
    review_by: AwareDatetime


class ConflictResolved(PairEvent):
    """Nothing stands between the two any more: somebody stepped back, the duty is over, or it was withdrawn."""

    type: ClassVar[str] = "osler.pairing.conflict_resolved.v1"
    how: Code


class CompactEvent(Event):
    """Something happened to the compact of a pair: what the two expect of each other, and never its words."""

    topic: ClassVar[str] = "osler.pairing"
    aggregate: ClassVar[str] = "compact_id"
    keyed_by: ClassVar[str | None] = "pair_id"
    compact_id: UUID
    pair_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    mentor_institution_id: UUID
    mentee_institution_id: UUID


class CompactOffered(CompactEvent):
    """One of the two offered a version to sign; it takes the place of one that waited."""

    type: ClassVar[str] = "osler.pairing.compact_offered.v1"
    number: Annotated[int, Field(ge=1)]
    offered_by: UUID


class CompactSigned(CompactEvent):
    """One of the two signed the version that waits."""

    type: ClassVar[str] = "osler.pairing.compact_signed.v1"
    number: Annotated[int, Field(ge=1)]
    signed_by: UUID


class CompactInForce(CompactEvent):
    """Both have signed this version: it holds from now on; days begin at 00:00 UTC, and `ends_at` is after the last."""

    type: ClassVar[str] = "osler.pairing.compact_in_force.v1"
    number: Annotated[int, Field(ge=1)]
    starts_at: AwareDatetime
    mid_term_at: AwareDatetime
    ends_at: AwareDatetime
    meeting_interval_days: Annotated[int, Field(ge=1)]
    meeting_minutes: Annotated[int, Field(ge=1)]
    touchpoint_interval_days: Annotated[int, Field(ge=1)]


class DriftRaised(CompactEvent):
    """The two have been silent since `silent_since`, half as long again as the interval that they agreed."""

    type: ClassVar[str] = "osler.pairing.drift_raised.v1"
    silent_since: AwareDatetime


class DriftCleared(CompactEvent):
    """The two were in contact again, at `contact_at`."""

    type: ClassVar[str] = "osler.pairing.drift_cleared.v1"
    contact_at: AwareDatetime


class RequestEvent(Event):
    """Something happened to a mentee's request, which asks mentors one after the other."""

    topic: ClassVar[str] = "osler.pairing"
    aggregate: ClassVar[str] = "request_id"
    request_id: UUID
    mentee_id: UUID
    mentee_institution_id: UUID


class ChoiceEvent(RequestEvent):
    """Something happened to one of the mentors whom a request names."""

    choice_id: UUID
    mentor_id: UUID
    mentor_institution_id: UUID


class RequestSent(ChoiceEvent):
    """A mentee's request asks this mentor now, and waits for the answer until `answer_by`."""

    type: ClassVar[str] = "osler.pairing.request_sent.v1"
    answer_by: AwareDatetime


class RequestAccepted(ChoiceEvent):
    """The mentor who was asked said yes; the request is over, and the pair begins as accepted."""

    type: ClassVar[str] = "osler.pairing.request_accepted.v1"
    pair_id: UUID


class RequestDeclined(ChoiceEvent):
    """The mentor who was asked said no; why is nobody else's."""

    type: ClassVar[str] = "osler.pairing.request_declined.v1"


class RequestLapsed(ChoiceEvent):
    """The mentor who was asked did not answer within 72 hours."""

    type: ClassVar[str] = "osler.pairing.request_lapsed.v1"


class RequestPassedOver(ChoiceEvent):
    """This mentor became impossible, asked already or when their turn came; `reason` is what a proposal would hear."""

    type: ClassVar[str] = "osler.pairing.request_passed_over.v1"
    reason: Code


class RequestWithdrawn(ChoiceEvent):
    """The mentee took the request back, left, or has another mentor; this mentor was being asked."""

    type: ClassVar[str] = "osler.pairing.request_withdrawn.v1"
    reason: Code


class RequestExhausted(RequestEvent):
    """Nobody is left to ask, and nobody said yes."""

    type: ClassVar[str] = "osler.pairing.request_exhausted.v1"


class ErasureDone(ErasureReceipt):
    """Pairing deleted what it held of a person who was erased, and takes no more of it."""

    type: ClassVar[str] = "osler.pairing.erasure_done.v1"
    topic: ClassVar[str] = "osler.pairing"
