"""Events that the console hears. Each handler calls one use case; the platform has de-duplicated and ordered them."""

from services.console.use_cases import asked, hear
from services.console.use_cases.hear import OpenContact
from shared.contracts.console import ErasureDone
from shared.contracts.contacts import ContactErased, ContactRecorded
from shared.contracts.directory import (
    AgreementEnded,
    AgreementSigned,
    InstitutionJoined,
    PersonErased,
    PersonJoined,
    PersonLeft,
    PersonReturned,
    PersonWentOnLeave,
    RoleAssigned,
    RoleRemoved,
)
from shared.contracts.feedback import (
    FeedbackClosed,
    FeedbackRequested,
    FeedbackRevealed,
    FeedbackSubmitted,
    FeedbackWithdrawn,
)
from shared.contracts.meetings import (
    MeetingCancelled,
    MeetingExpired,
    MeetingHeld,
    MeetingMissed,
    MeetingMoved,
    MeetingProposed,
    MeetingScheduled,
    TouchpointLogged,
)
from shared.contracts.pairing import (
    CompactInForce,
    ConflictRaised,
    ConflictResolved,
    DriftCleared,
    DriftRaised,
    PairAccepted,
    PairActivated,
    PairCutOff,
    PairDeclined,
    PairEnded,
    PairLapsed,
    PairPaused,
    PairProposed,
    PairRecalled,
    PairResumed,
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


def listen(open_contact: OpenContact) -> EventConsumer:
    """Everything the console hears; `open_contact` breaks the seal of contact details."""
    events = EventConsumer("console")
    events.include(members.listener())
    events.include(receipts.listener("console", ErasureDone))
    _hear_directory(events)
    _hear_contacts(events, open_contact)
    _hear_pairing(events)
    _hear_requests(events)
    _hear_meetings(events)
    _hear_feedback(events)
    return events


def _hear_directory(events: EventConsumer) -> None:
    events.on(InstitutionJoined)(hear.add_institution)
    events.on(PersonJoined)(hear.add_person)
    events.on(PersonWentOnLeave)(hear.note_away)
    events.on(PersonReturned)(hear.note_back)
    events.on(PersonLeft)(hear.note_left)
    events.on(RoleAssigned)(hear.note_role)
    events.on(RoleRemoved)(hear.note_role_removed)
    events.on(PersonErased)(hear.erase_person)
    events.on(AgreementSigned)(hear.sign_agreement)
    events.on(AgreementEnded)(hear.end_agreement)


def _hear_contacts(events: EventConsumer, open_contact: OpenContact) -> None:
    @events.on(ContactRecorded)
    async def on_contact_recorded(tx: Transaction, event: ContactRecorded) -> None:
        """The name goes to the pages; address and everything else stay under seal."""
        await hear.record_contact(tx, event, open_contact)

    events.on(ContactErased)(hear.erase_contact)


def _hear_pairing(events: EventConsumer) -> None:
    events.on(PairProposed)(hear.propose_pair)
    events.on(PairAccepted)(hear.accept_pair)
    events.on(PairPaused)(hear.pause_pair)
    events.on(PairCutOff)(hear.cut_administrators_off)
    events.on(CompactInForce)(hear.agree_compact)
    events.on(DriftRaised)(hear.note_drift)
    events.on(DriftCleared)(hear.note_drift)
    events.on(ConflictRaised)(hear.raise_conflict)
    events.on(ConflictResolved)(hear.resolve_conflict)

    @events.on(PairActivated)
    async def on_pair_activated(tx: Transaction, event: PairActivated) -> None:
        """The pair may meet."""
        await hear.move_pair(tx, event, "active")

    @events.on(PairResumed)
    async def on_pair_resumed(tx: Transaction, event: PairResumed) -> None:
        """The pair may meet again."""
        await hear.move_pair(tx, event, "active")

    @events.on(PairDeclined)
    async def on_pair_declined(tx: Transaction, event: PairDeclined) -> None:
        """The proposal waits for nobody any more."""
        await hear.move_pair(tx, event, "declined")

    @events.on(PairRecalled)
    async def on_pair_recalled(tx: Transaction, event: PairRecalled) -> None:
        """The proposal waits for nobody any more."""
        await hear.move_pair(tx, event, "recalled")

    @events.on(PairLapsed)
    async def on_pair_lapsed(tx: Transaction, event: PairLapsed) -> None:
        """The proposal waits for nobody any more."""
        await hear.move_pair(tx, event, "lapsed")

    @events.on(PairEnded)
    async def on_pair_ended(tx: Transaction, event: PairEnded) -> None:
        """The pair is over."""
        await hear.move_pair(tx, event, "ended")


def _hear_requests(events: EventConsumer) -> None:
    events.on(RequestSent)(asked.ask_mentor)

    @events.on(RequestAccepted)
    async def on_request_accepted(tx: Transaction, event: RequestAccepted) -> None:
        """The mentor said yes; the pair comes by its own event."""
        await asked.close_choice(tx, event, "accepted")

    @events.on(RequestDeclined)
    async def on_request_declined(tx: Transaction, event: RequestDeclined) -> None:
        """The mentor said not now."""
        await asked.close_choice(tx, event, "declined")

    @events.on(RequestLapsed)
    async def on_request_lapsed(tx: Transaction, event: RequestLapsed) -> None:
        """The mentor did not answer in time."""
        await asked.close_choice(tx, event, "lapsed")

    @events.on(RequestPassedOver)
    async def on_request_passed_over(tx: Transaction, event: RequestPassedOver) -> None:
        """The mentor became impossible."""
        await asked.close_choice(tx, event, "passed_over")

    @events.on(RequestWithdrawn)
    async def on_request_withdrawn(tx: Transaction, event: RequestWithdrawn) -> None:
        """The mentor need not answer any more."""
        await asked.close_choice(tx, event, "withdrawn")


def _hear_meetings(events: EventConsumer) -> None:
    events.on(MeetingProposed)(hear.offer_meeting)
    events.on(MeetingScheduled)(hear.schedule_meeting)
    events.on(MeetingMoved)(hear.schedule_meeting)
    events.on(MeetingCancelled)(hear.end_meeting)
    events.on(MeetingExpired)(hear.end_meeting)
    events.on(MeetingMissed)(hear.end_meeting)
    events.on(MeetingHeld)(hear.hold_meeting)
    events.on(TouchpointLogged)(hear.log_touchpoint)


def _hear_feedback(events: EventConsumer) -> None:
    events.on(FeedbackRequested)(hear.request_feedback)
    events.on(FeedbackSubmitted)(hear.note_answer)
    events.on(FeedbackRevealed)(hear.end_feedback)
    events.on(FeedbackClosed)(hear.end_feedback)
    events.on(FeedbackWithdrawn)(hear.end_feedback)
