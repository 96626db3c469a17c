"""The read model follows the events. What builds on something not heard yet raises NotYet and is tried again."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from services.console.domain import PairState
from services.console.store import heard, signed_in
from shared.contracts.contacts import ContactDetails, ContactErased, ContactRecorded, contact_id
from shared.contracts.directory import (
    AgreementEnded,
    AgreementSigned,
    InstitutionJoined,
    PersonErased,
    PersonEvent,
    PersonJoined,
    RoleAssigned,
    RoleRemoved,
)
from shared.contracts.event import Event
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
    PairCutOff,
    PairEvent,
    PairPaused,
    PairProposed,
)
from shared.platform.database import Transaction
from shared.platform.errors import NotYet

OpenContact = Callable[[ContactRecorded], ContactDetails]


def _tell(tx: Transaction, event: Event) -> None:
    heard.bump_revisions(tx, event.institution_ids, event.topic)


async def add_institution(tx: Transaction, event: InstitutionJoined) -> None:
    """Know a member of the consortium by name and zone."""
    heard.add_institution(tx, event.institution_id, event.name, event.time_zone)
    _tell(tx, event)


async def add_person(tx: Transaction, event: PersonJoined) -> None:
    """Know that a person is there; the name comes with the contact details."""
    details = contact_id(event.person_id)
    if not await heard.add_person(tx, event.institution_id, event.person_id, details, event.time_zone):
        raise NotYet
    _tell(tx, event)


async def note_away(tx: Transaction, event: PersonEvent) -> None:
    """A person is on leave; their places stay theirs."""
    heard.set_person_status(tx, event.institution_id, event.person_id, "on_leave")
    _tell(tx, event)


async def note_back(tx: Transaction, event: PersonEvent) -> None:
    """A person is back, from leave or after having left."""
    heard.set_person_status(tx, event.institution_id, event.person_id, "here")
    _tell(tx, event)


async def note_left(tx: Transaction, event: PersonEvent) -> None:
    """A person left, and their places with them."""
    heard.set_person_status(tx, event.institution_id, event.person_id, "left")
    _tell(tx, event)


async def note_role(tx: Transaction, event: RoleAssigned) -> None:
    """A mentor's places; other roles are known to the sign-in only."""
    if event.role == "mentor":
        heard.set_places(tx, event.institution_id, event.person_id, event.places, event.shared_places)
        _tell(tx, event)


async def note_role_removed(tx: Transaction, event: RoleRemoved) -> None:
    """Who is no mentor any more has no places."""
    if event.role == "mentor":
        heard.set_places(tx, event.institution_id, event.person_id, 0, 0)
        _tell(tx, event)


async def record_contact(tx: Transaction, event: ContactRecorded, open_contact: OpenContact) -> None:
    """Know a person's name, language and zone; an older record, or one behind an erasure, is neither taken nor opened.

    Raises NotYet, and what `open_contact` raises.
    """
    person = await heard.find_person_for_update(tx, event.institution_id, event.person_id)
    if person is None:
        if await heard.is_erased(tx, event.person_id):
            return
        raise NotYet
    if person.status == "erased" or event.version <= person.contact_version:
        return
    details = open_contact(event)
    await heard.save_contact(
        tx,
        event.institution_id,
        event.person_id,
        event.version,
        name=details.name,
        locale=details.locale,
        time_zone=details.time_zone,
    )
    if (person.name, person.locale) != (details.name, details.locale):
        seen_by = await heard.name_in_pairs(tx, event.person_id, details.name, details.locale)
        heard.bump_revisions(tx, [*seen_by, event.institution_id], event.topic)


async def erase_contact(tx: Transaction, event: ContactErased) -> None:
    """Forget whom the tombstone names; whoever was never heard of cannot be forgotten twice."""
    found = await heard.find_person_by_contact(tx, event.contact_id)
    if found is not None:
        await _erase(tx, *found, event)


async def erase_person(tx: Transaction, event: PersonErased) -> None:
    """Forget a person's name, here and in their pairs, and take no later one."""
    await _erase(tx, event.institution_id, event.person_id, event)


async def _erase(tx: Transaction, institution_id: UUID, person_id: UUID, event: Event) -> None:
    # The lock comes first: a proposal that is being heard beside this could carry the name into a new pair.
    await heard.find_person_for_update(tx, institution_id, person_id)
    await heard.erase_person(tx, institution_id, person_id)
    await signed_in.delete_sessions_of(tx, institution_id, person_id)
    seen_by = await heard.name_in_pairs(tx, person_id, None, None)
    heard.bump_revisions(tx, [*seen_by, institution_id], event.topic)


async def sign_agreement(tx: Transaction, event: AgreementSigned) -> None:
    """Know that one institution lends to another, and until when."""
    heard.add_agreement(tx, event)
    _tell(tx, event)


async def end_agreement(tx: Transaction, event: AgreementEnded) -> None:
    """An agreement counts no more."""
    heard.end_agreement(tx, event.agreement_id)
    _tell(tx, event)


async def propose_pair(tx: Transaction, event: PairProposed) -> None:
    """A pair waits for its mentor."""
    await _add_pair(tx, event, event.answer_by, "proposed")


async def _add_pair(tx: Transaction, event: PairEvent, ends_at: datetime, state: PairState) -> None:
    """A pair's first event; both names go into its row, in the order of the locks' ids."""
    sides = ((event.mentor_institution_id, event.mentor_id), (event.mentee_institution_id, event.mentee_id))
    known: dict[UUID, heard.Known] = {}
    for institution_id, person_id in sorted(sides, key=lambda side: side[1]):
        person = await heard.find_person_for_update(tx, institution_id, person_id)
        if person is None:
            raise NotYet
        known[person_id] = person
    await heard.add_pair(tx, event, known[event.mentor_id], known[event.mentee_id], state, ends_at)
    _tell(tx, event)


async def accept_pair(tx: Transaction, event: PairAccepted) -> None:
    """A pair waits for its mentee; one that a yes to a request began was never proposed."""
    if event.version == 1:
        await _add_pair(tx, event, event.activate_by, "accepted")
        return
    heard.set_pair_state(tx, event.pair_id, "accepted", event.occurred_at, ends_at=event.activate_by)
    _tell(tx, event)


async def pause_pair(tx: Transaction, event: PairPaused) -> None:
    """A pair rests until somebody looks at it again."""
    heard.set_pair_state(tx, event.pair_id, "paused", event.occurred_at, review_at=event.review_at)
    _tell(tx, event)


async def cut_administrators_off(tx: Transaction, event: PairCutOff) -> None:
    """A notice is over under which the two go on: no administrator's page shows them any more, but its numbers."""
    heard.cut_administrators_off(tx, event.pair_id)
    _tell(tx, event)


async def raise_conflict(tx: Transaction, event: ConflictRaised) -> None:
    """A conflict of interest waits to be resolved; the pair goes on meanwhile."""
    heard.set_review(tx, event.pair_id, event.review_by)
    _tell(tx, event)


async def resolve_conflict(tx: Transaction, event: ConflictResolved) -> None:
    """Nothing stands between the two any more."""
    heard.set_review(tx, event.pair_id, None)
    _tell(tx, event)


async def move_pair(tx: Transaction, event: PairEvent, state: PairState) -> None:
    """A pair is at work, or over in one way or another."""
    heard.set_pair_state(tx, event.pair_id, state, event.occurred_at)
    _tell(tx, event)


async def agree_compact(tx: Transaction, event: CompactInForce) -> None:
    """What the two agreed judges their silence from now on."""
    if not await heard.set_compact(tx, event.pair_id):
        raise NotYet
    _tell(tx, event)


async def note_drift(tx: Transaction, event: DriftRaised | DriftCleared) -> None:
    """The two have been silent for longer than they meant to, or are so no more; shown to them alone."""
    since = event.silent_since if isinstance(event, DriftRaised) else None
    if not await heard.set_drift(tx, event.pair_id, since):
        raise NotYet
    _tell(tx, event)


async def offer_meeting(tx: Transaction, event: MeetingProposed) -> None:
    """One of a pair offered times to the other."""
    if not await heard.add_meeting(tx, event.meeting_id, event.pair_id, event.proposed_by, event.expires_at):
        raise NotYet
    _tell(tx, event)


async def schedule_meeting(tx: Transaction, event: MeetingScheduled | MeetingMoved) -> None:
    """A meeting has a time, its first or a new one."""
    heard.schedule_meeting(tx, event.meeting_id, event.starts_at, event.ends_at)
    _tell(tx, event)


async def end_meeting(tx: Transaction, event: MeetingCancelled | MeetingExpired | MeetingMissed) -> None:
    """A meeting did not take place."""
    match event:
        case MeetingCancelled():
            heard.set_meeting_state(tx, event.meeting_id, "cancelled")
        case MeetingExpired():
            heard.set_meeting_state(tx, event.meeting_id, "expired")
        case MeetingMissed():
            heard.set_meeting_state(tx, event.meeting_id, "missed")
    _tell(tx, event)


async def hold_meeting(tx: Transaction, event: MeetingHeld) -> None:
    """A meeting took place: that is contact, dated when it happened."""
    heard.set_meeting_state(tx, event.meeting_id, "held")
    if not await heard.add_contact(tx, event.pair_id, event.ended_at):
        raise NotYet
    _tell(tx, event)


async def log_touchpoint(tx: Transaction, event: TouchpointLogged) -> None:
    """The two were in contact, dated when it happened."""
    if not await heard.add_contact(tx, event.pair_id, event.happened_at):
        raise NotYet
    _tell(tx, event)


async def request_feedback(tx: Transaction, event: FeedbackRequested) -> None:
    """Both people of a pair are asked."""
    if not await heard.add_feedback_request(tx, event.request_id, event.pair_id, event.occurred_at, event.closes_at):
        raise NotYet
    _tell(tx, event)


async def note_answer(tx: Transaction, event: FeedbackSubmitted) -> None:
    """One of the two answered; what was answered never comes here."""
    await heard.set_answered(tx, event.request_id, event.person_id, event.occurred_at, event.reveals_at)
    _tell(tx, event)


async def end_feedback(tx: Transaction, event: FeedbackRevealed | FeedbackClosed | FeedbackWithdrawn) -> None:
    """A request asks nobody any more."""
    match event:
        case FeedbackRevealed():
            heard.end_feedback(tx, event.request_id, "revealed")
        case FeedbackClosed():
            heard.end_feedback(tx, event.request_id, "closed")
        case FeedbackWithdrawn():
            heard.end_feedback(tx, event.request_id, "withdrawn")
    _tell(tx, event)
