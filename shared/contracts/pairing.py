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
    """The mentor said yes, and one of the mentor's places is taken; both have until `activate_by` to sign a compact."""

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


class PairCutOff(PairEvent):
    """The notice is over under which two go on: the pair is theirs alone, and no administrator is shown it any more."""

    type: ClassVar[str] = "osler.pairing.pair_cut_off.v1"


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


class IntroductionEvent(Event):
    """Something happened to an introduction: a mentor asks a mentee and a colleague whether they want to meet."""

    topic: ClassVar[str] = "osler.pairing"
    aggregate: ClassVar[str] = "introduction_id"
    introduction_id: UUID
    mentor_id: UUID
    mentor_institution_id: UUID


class IntroductionOffered(IntroductionEvent):
    """A mentor asked two people until `answer_by` whether they want to meet; neither is named before both say yes."""

    type: ClassVar[str] = "osler.pairing.introduction_offered.v1"
    answer_by: AwareDatetime


class IntroductionConsented(IntroductionEvent):
    """Both said yes, and each is named to the other."""

    type: ClassVar[str] = "osler.pairing.introduction_consented.v1"
    mentee_id: UUID
    mentee_institution_id: UUID
    colleague_id: UUID
    colleague_institution_id: UUID


class IntroductionClosed(IntroductionEvent):
    """An introduction did not come about; why not, and for whose answer, nobody is told."""

    type: ClassVar[str] = "osler.pairing.introduction_closed.v1"


class CircleEvent(Event):
    """Something happened to a circle, of peers or of one mentor with several mentees."""

    topic: ClassVar[str] = "osler.pairing"
    aggregate: ClassVar[str] = "circle_id"
    circle_id: UUID
    led_by: UUID
    leader_institution_id: UUID


class CircleFormed(CircleEvent):
    """Somebody leads a circle, and people are invited to it."""

    type: ClassVar[str] = "osler.pairing.circle_formed.v1"
    kind: Literal["peers", "mentor"]


class CircleJoined(CircleEvent):
    """Somebody said yes to being of a circle."""

    type: ClassVar[str] = "osler.pairing.circle_joined.v1"
    person_id: UUID
    person_institution_id: UUID


class CircleLeft(CircleEvent):
    """Somebody is of a circle no longer."""

    type: ClassVar[str] = "osler.pairing.circle_left.v1"
    person_id: UUID
    person_institution_id: UUID


class CircleEnded(CircleEvent):
    """A circle is over: whoever led it ended it, or is gone."""

    type: ClassVar[str] = "osler.pairing.circle_ended.v1"
    reason: Code


class OpportunityEvent(Event):
    """Something happened to an opportunity: a conference, project or role with a deadline; its words are not said."""

    topic: ClassVar[str] = "osler.pairing"
    aggregate: ClassVar[str] = "opportunity_id"
    opportunity_id: UUID
    offered_by: UUID
    offering_institution_id: UUID


class FollowEvent(OpportunityEvent):
    """Something happened between an opportunity and one mentee."""

    mentee_id: UUID
    mentee_institution_id: UUID


class OpportunityOffered(FollowEvent):
    """A mentor or an administrator offered an opportunity to this mentee; it is open until `deadline_at`."""

    type: ClassVar[str] = "osler.pairing.opportunity_offered.v1"
    kind: Literal["conference", "project", "role"]
    deadline_at: AwareDatetime


class OpportunitySaved(FollowEvent):
    """A mentee saved an opportunity, offered to them or not; it is open until `deadline_at`."""

    type: ClassVar[str] = "osler.pairing.opportunity_saved.v1"
    kind: Literal["conference", "project", "role"]
    deadline_at: AwareDatetime


class OpportunityDropped(FollowEvent):
    """A mentee wants to hear no more of an opportunity."""

    type: ClassVar[str] = "osler.pairing.opportunity_dropped.v1"


class OpportunityWithdrawn(OpportunityEvent):
    """An opportunity was taken back, or whoever offered it is gone; these mentees were offered it, or had saved it."""

    type: ClassVar[str] = "osler.pairing.opportunity_withdrawn.v1"
    mentee_ids: tuple[UUID, ...]


class FirstYearEvent(Event):
    """Something happened to the offer, made once to who enters their second year, to mentor somebody in their first."""

    topic: ClassVar[str] = "osler.pairing"
    aggregate: ClassVar[str] = "offer_id"
    offer_id: UUID
    person_id: UUID
    institution_id: UUID


class FirstYearOffered(FirstYearEvent):
    """A mentee entered PGY-2, and is asked once whether they take one new PGY-1."""

    type: ClassVar[str] = "osler.pairing.first_year_offered.v1"


class FirstYearAccepted(FirstYearEvent):
    """They take one; an administrator makes them a mentor and finds whom."""

    type: ClassVar[str] = "osler.pairing.first_year_accepted.v1"


class FirstYearDeclined(FirstYearEvent):
    """They take none."""

    type: ClassVar[str] = "osler.pairing.first_year_declined.v1"
