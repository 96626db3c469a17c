"""Events that notifications listens to. Each handler calls one use case; the platform has put them in order."""

from services.notifications import use_cases
from shared.contracts.asides import (
    CircleInvitationOver,
    CircleInvited,
    ConcernReached,
    IntroductionAsked,
    IntroductionOver,
    IntroductionWished,
)
from shared.contracts.contacts import ContactErased, ContactRecorded, contact_id
from shared.contracts.directory import AgreementNoticeGiven, ErasureDelayed, InstitutionJoined, PersonErased
from shared.contracts.feedback import FeedbackClosed, FeedbackRequested, FeedbackRevealed, FeedbackWithdrawn
from shared.contracts.meetings import (
    MeetingCancelled,
    MeetingExpired,
    MeetingHeld,
    MeetingMissed,
    MeetingMoved,
    MeetingProposed,
    MeetingScheduled,
)
from shared.contracts.notifications import ErasureDone
from shared.contracts.pairing import (
    CompactInForce,
    CompactOffered,
    CompactSigned,
    ConflictRaised,
    ConflictResolved,
    DriftCleared,
    DriftRaised,
    FirstYearAccepted,
    FirstYearDeclined,
    FirstYearOffered,
    IntroductionConsented,
    OpportunityDropped,
    OpportunityOffered,
    OpportunitySaved,
    OpportunityWithdrawn,
    PairAccepted,
    PairAskedToGoOn,
    PairCutOff,
    PairDeclined,
    PairEnded,
    PairGoesOn,
    PairLapsed,
    PairPaused,
    PairProposed,
    PairRecalled,
    RequestAccepted,
    RequestDeclined,
    RequestExhausted,
    RequestLapsed,
    RequestPassedOver,
    RequestSent,
    RequestWithdrawn,
)
from shared.platform import members, receipts
from shared.platform.consumer import EventConsumer
from shared.platform.database import Transaction

events = EventConsumer("notifications")
events.include(members.listener())
events.include(receipts.listener("notifications", ErasureDone))


@events.on(InstitutionJoined)
async def on_institution_joined(tx: Transaction, event: InstitutionJoined) -> None:
    """The first thing that is ever heard: where this service's own history begins."""
    await use_cases.begin(tx)


@events.on(ContactRecorded)
async def on_contact_recorded(tx: Transaction, event: ContactRecorded) -> None:
    """How to reach a person, under seal."""
    await use_cases.keep_contact(tx, event)


@events.on(ContactErased)
async def on_contact_erased(tx: Transaction, event: ContactErased) -> None:
    """The contacts' topic forgot a person."""
    await use_cases.erase_contact(tx, event.contact_id)


@events.on(PersonErased)
async def on_person_erased(tx: Transaction, event: PersonErased) -> None:
    """The directory forgot a person; whichever of the two comes first counts."""
    await use_cases.erase_contact(tx, contact_id(event.person_id))


@events.on(PairProposed)
async def on_pair_proposed(tx: Transaction, event: PairProposed) -> None:
    """The mentor has something to answer."""
    await use_cases.propose_pair(tx, event)


@events.on(PairAccepted)
async def on_pair_accepted(tx: Transaction, event: PairAccepted) -> None:
    """The mentee has a mentor."""
    await use_cases.accept_pair(tx, event)


@events.on(PairDeclined)
async def on_pair_declined(tx: Transaction, event: PairDeclined) -> None:
    """Nothing more to say about this proposal."""
    await use_cases.close_cause(tx, event.pair_id)


@events.on(PairRecalled)
async def on_pair_recalled(tx: Transaction, event: PairRecalled) -> None:
    """Nothing more to say about this proposal."""
    await use_cases.close_cause(tx, event.pair_id)


@events.on(PairLapsed)
async def on_pair_lapsed(tx: Transaction, event: PairLapsed) -> None:
    """Nothing more to say about this proposal."""
    await use_cases.close_cause(tx, event.pair_id)


@events.on(PairEnded)
async def on_pair_ended(tx: Transaction, event: PairEnded) -> None:
    """Nothing more to say about this pair, nor about what stood between the two."""
    await use_cases.close_cause(tx, event.pair_id)
    await use_cases.close_cause(tx, use_cases.conflict_id(event.pair_id))
    await use_cases.end_leaving(tx, event)
    await use_cases.clear_drift(tx, event)
    await use_cases.end_compact(tx, event)


@events.on(PairPaused)
async def on_pair_paused(tx: Transaction, event: PairPaused) -> None:
    """Perhaps a conflict that nobody resolved; and nobody is asked to end a silence."""
    await use_cases.rest_in_conflict(tx, event)
    await use_cases.clear_drift(tx, event)


@events.on(AgreementNoticeGiven)
async def on_agreement_notice_given(tx: Transaction, event: AgreementNoticeGiven) -> None:
    """Both hospitals' administrators are told."""
    await use_cases.tell_of_notice(tx, event)


@events.on(PairAskedToGoOn)
async def on_pair_asked_to_go_on(tx: Transaction, event: PairAskedToGoOn) -> None:
    """Both have something to say before the notice is over."""
    await use_cases.ask_to_go_on(tx, event)


@events.on(PairGoesOn)
async def on_pair_goes_on(tx: Transaction, event: PairGoesOn) -> None:
    """Both said yes."""
    await use_cases.let_go_on(tx, event)


@events.on(DriftRaised)
async def on_drift_raised(tx: Transaction, event: DriftRaised) -> None:
    """Both are asked for ten minutes."""
    await use_cases.raise_drift(tx, event)


@events.on(DriftCleared)
async def on_drift_cleared(tx: Transaction, event: DriftCleared) -> None:
    """Nobody is asked any more."""
    await use_cases.clear_drift(tx, event)


@events.on(PairCutOff)
async def on_pair_cut_off(tx: Transaction, event: PairCutOff) -> None:
    """Administrators hear nothing of the two any more."""
    await use_cases.cut_administrators_off(tx, event)


@events.on(ConflictRaised)
async def on_conflict_raised(tx: Transaction, event: ConflictRaised) -> None:
    """Something stands between the two of a pair."""
    await use_cases.raise_conflict(tx, event)


@events.on(ConflictResolved)
async def on_conflict_resolved(tx: Transaction, event: ConflictResolved) -> None:
    """Nothing stands between them any more."""
    await use_cases.resolve_conflict(tx, event)


@events.on(RequestSent)
async def on_request_sent(tx: Transaction, event: RequestSent) -> None:
    """A mentor is asked, and will be reminded."""
    await use_cases.ask_mentor(tx, event)


@events.on(RequestAccepted)
async def on_request_accepted(tx: Transaction, event: RequestAccepted) -> None:
    """The mentor said yes; the pair has a mail of its own."""
    await use_cases.close_request(tx, event)


@events.on(RequestDeclined)
async def on_request_declined(tx: Transaction, event: RequestDeclined) -> None:
    """The mentor is asked no more."""
    await use_cases.close_cause(tx, event.choice_id)


@events.on(RequestLapsed)
async def on_request_lapsed(tx: Transaction, event: RequestLapsed) -> None:
    """The mentor is asked no more."""
    await use_cases.close_cause(tx, event.choice_id)


@events.on(RequestPassedOver)
async def on_request_passed_over(tx: Transaction, event: RequestPassedOver) -> None:
    """The mentor is asked no more, or never was, and the mentee hears why."""
    await use_cases.pass_over(tx, event)


@events.on(RequestWithdrawn)
async def on_request_withdrawn(tx: Transaction, event: RequestWithdrawn) -> None:
    """The mentor is asked no more."""
    await use_cases.close_request(tx, event)


@events.on(RequestExhausted)
async def on_request_exhausted(tx: Transaction, event: RequestExhausted) -> None:
    """The mentee waits for nobody any more, and hears so."""
    await use_cases.exhaust_request(tx, event)


@events.on(CompactOffered)
async def on_compact_offered(tx: Transaction, event: CompactOffered) -> None:
    """The other one has something to sign."""
    await use_cases.offer_compact(tx, event)


@events.on(CompactSigned)
async def on_compact_signed(tx: Transaction, event: CompactSigned) -> None:
    """Who signed first will hear of the second signature."""
    await use_cases.sign_compact(tx, event)


@events.on(CompactInForce)
async def on_compact_in_force(tx: Transaction, event: CompactInForce) -> None:
    """Both signed."""
    await use_cases.put_in_force(tx, event)


@events.on(FirstYearOffered)
async def on_first_year_offered(tx: Transaction, event: FirstYearOffered) -> None:
    """Somebody has something to answer."""
    await use_cases.offer_first_year(tx, event)


@events.on(FirstYearAccepted)
async def on_first_year_accepted(tx: Transaction, event: FirstYearAccepted) -> None:
    """It is the administrators' turn."""
    await use_cases.close_first_year(tx, event)


@events.on(FirstYearDeclined)
async def on_first_year_declined(tx: Transaction, event: FirstYearDeclined) -> None:
    """There is nothing more to answer."""
    await use_cases.close_first_year(tx, event)


@events.on(ErasureDelayed)
async def on_erasure_delayed(tx: Transaction, event: ErasureDelayed) -> None:
    """Somebody waits for their erasure."""
    await use_cases.tell_of_delay(tx, event)


@events.on(ConcernReached)
async def on_concern_reached(tx: Transaction, event: ConcernReached) -> None:
    """The contact of an institution has something to read."""
    await use_cases.tell_of_concern(tx, event)


@events.on(IntroductionAsked)
async def on_introduction_asked(tx: Transaction, event: IntroductionAsked) -> None:
    """Somebody has something to answer."""
    await use_cases.ask_about_introduction(tx, event)


@events.on(IntroductionOver)
async def on_introduction_over(tx: Transaction, event: IntroductionOver) -> None:
    """It did not come about."""
    await use_cases.tell_that_it_did_not_come_about(tx, event)


@events.on(IntroductionWished)
async def on_introduction_wished(tx: Transaction, event: IntroductionWished) -> None:
    """A mentor has something to offer, or not."""
    await use_cases.tell_wished(tx, event)


@events.on(IntroductionConsented)
async def on_introduction_consented(tx: Transaction, event: IntroductionConsented) -> None:
    """Each of the two may know the other."""
    await use_cases.connect(tx, event)


@events.on(CircleInvited)
async def on_circle_invited(tx: Transaction, event: CircleInvited) -> None:
    """Somebody has something to answer."""
    await use_cases.tell_invited(tx, event)


@events.on(CircleInvitationOver)
async def on_circle_invitation_over(tx: Transaction, event: CircleInvitationOver) -> None:
    """There is nothing to answer any more."""
    await use_cases.end_invitation(tx, event)


@events.on(OpportunityOffered)
async def on_opportunity_offered(tx: Transaction, event: OpportunityOffered) -> None:
    """A mentee will be reminded of its deadline."""
    await use_cases.follow_opportunity(tx, event)


@events.on(OpportunitySaved)
async def on_opportunity_saved(tx: Transaction, event: OpportunitySaved) -> None:
    """A mentee will be reminded of its deadline."""
    await use_cases.follow_opportunity(tx, event)


@events.on(OpportunityDropped)
async def on_opportunity_dropped(tx: Transaction, event: OpportunityDropped) -> None:
    """The mentee hears no more of it."""
    await use_cases.unfollow_opportunity(tx, event)


@events.on(OpportunityWithdrawn)
async def on_opportunity_withdrawn(tx: Transaction, event: OpportunityWithdrawn) -> None:
    """Nobody hears more of it."""
    await use_cases.withdraw_opportunity(tx, event)


@events.on(MeetingProposed)
async def on_meeting_proposed(tx: Transaction, event: MeetingProposed) -> None:
    """The other person has times to choose from."""
    await use_cases.propose_meeting(tx, event)


@events.on(MeetingScheduled)
async def on_meeting_scheduled(tx: Transaction, event: MeetingScheduled) -> None:
    """Who proposed learns the time, and both will be reminded."""
    await use_cases.book_meeting(tx, event)


@events.on(MeetingMoved)
async def on_meeting_moved(tx: Transaction, event: MeetingMoved) -> None:
    """The reminder moves with the meeting."""
    await use_cases.move_meeting(tx, event)


@events.on(MeetingCancelled)
async def on_meeting_cancelled(tx: Transaction, event: MeetingCancelled) -> None:
    """Nobody is reminded."""
    await use_cases.close_cause(tx, event.meeting_id)


@events.on(MeetingExpired)
async def on_meeting_expired(tx: Transaction, event: MeetingExpired) -> None:
    """Nothing more to say about these times."""
    await use_cases.close_cause(tx, event.meeting_id)


@events.on(MeetingHeld)
async def on_meeting_held(tx: Transaction, event: MeetingHeld) -> None:
    """Nothing more to say about this meeting."""
    await use_cases.close_cause(tx, event.meeting_id)


@events.on(MeetingMissed)
async def on_meeting_missed(tx: Transaction, event: MeetingMissed) -> None:
    """Nothing more to say about this meeting."""
    await use_cases.close_cause(tx, event.meeting_id)


@events.on(FeedbackRequested)
async def on_feedback_requested(tx: Transaction, event: FeedbackRequested) -> None:
    """Both are asked."""
    await use_cases.ask_for_feedback(tx, event)


@events.on(FeedbackRevealed)
async def on_feedback_revealed(tx: Transaction, event: FeedbackRevealed) -> None:
    """Nobody is asked any more."""
    await use_cases.close_cause(tx, event.request_id)


@events.on(FeedbackClosed)
async def on_feedback_closed(tx: Transaction, event: FeedbackClosed) -> None:
    """Nobody is asked any more."""
    await use_cases.close_cause(tx, event.request_id)


@events.on(FeedbackWithdrawn)
async def on_feedback_withdrawn(tx: Transaction, event: FeedbackWithdrawn) -> None:
    """Nobody is asked any more."""
    await use_cases.close_cause(tx, event.request_id)
