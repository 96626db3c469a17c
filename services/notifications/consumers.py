"""Events that notifications listens to. Each handler calls one use case; the platform has put them in order."""

from services.notifications import use_cases
from shared.contracts.contacts import ContactErased, ContactRecorded, contact_id
from shared.contracts.directory import InstitutionJoined, PersonErased
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
    ConflictRaised,
    ConflictResolved,
    OpportunityDropped,
    OpportunityOffered,
    OpportunitySaved,
    OpportunityWithdrawn,
    PairAccepted,
    PairCutOff,
    PairDeclined,
    PairEnded,
    PairLapsed,
    PairPaused,
    PairProposed,
    PairRecalled,
    RequestAccepted,
    RequestDeclined,
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


@events.on(PairPaused)
async def on_pair_paused(tx: Transaction, event: PairPaused) -> None:
    """Perhaps a conflict that nobody resolved."""
    await use_cases.rest_in_conflict(tx, event)


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
    await use_cases.close_cause(tx, event.choice_id)


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
    """The mentor is asked no more, or never was."""
    await use_cases.close_cause(tx, event.choice_id)


@events.on(RequestWithdrawn)
async def on_request_withdrawn(tx: Transaction, event: RequestWithdrawn) -> None:
    """The mentor is asked no more."""
    await use_cases.close_cause(tx, event.choice_id)


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
