"""From what happened to messages that wait: each handler's part, in the `tx` it was given; nothing is sent here."""

from datetime import datetime, timedelta
from typing import ClassVar, LiteralString
from uuid import UUID

from services.notifications import store
from services.notifications.domain import (
    BEFORE,
    BEFORE_ANSWER,
    BEFORE_MEETING,
    LATEST_REMINDER,
    Category,
    Cause,
    CauseKind,
    CauseState,
    Message,
)
from shared.contracts.contacts import ContactRecorded
from shared.contracts.event import Event
from shared.contracts.feedback import FeedbackRequested
from shared.contracts.meetings import MeetingMoved, MeetingProposed, MeetingScheduled
from shared.contracts.notifications import NotificationEvent
from shared.contracts.pairing import ChoiceEvent, CompactEvent, PairAccepted, PairEvent, PairProposed, RequestSent
from shared.platform import outbox, past, timers
from shared.platform.database import Transaction


class ReminderDue(timers.Timer):
    """24 elapsed hours before a meeting, 48 after a request asked, 7 days before a notice is over and nobody decided.

    More than an hour late it expires with a record.
    """

    kind: ClassVar[str] = "reminder_due"
    lock: ClassVar[LiteralString] = """
        SELECT cause_id FROM causes WHERE cause_id = ANY($1) ORDER BY cause_id FOR UPDATE SKIP LOCKED
    """
    expires_after: ClassVar[timedelta | None] = LATEST_REMINDER


async def begin(tx: Transaction) -> None:
    """From here on this service has a history of its own; what happened before is not mailed about."""
    await store.add_beginning(tx)


async def keep_contact(tx: Transaction, record: ContactRecorded) -> None:
    """These are a person's contact details now, unless newer ones are held or the person was erased."""
    await store.save_contact(tx, record)


async def erase_contact(tx: Transaction, contact_id: UUID) -> None:
    """Forget a person's contact details and take no later ones, whether the topic or the directory said so first."""
    await store.erase_contact(tx, contact_id)


async def propose_pair(tx: Transaction, event: PairProposed) -> None:
    """The mentor is told of a proposal."""
    cause = of_two(event, event.pair_id, "pair", "proposed", event.answer_by)
    await store.add_cause(tx, cause)
    await write(tx, cause, event.mentor_id, "pair_proposed", event, ends_at=event.answer_by)


async def accept_pair(tx: Transaction, event: PairAccepted) -> None:
    """The mentee is told that the mentor said yes, to a proposal or to a request."""
    if event.version == 1:  # it begins with the yes to a request
        cause = of_two(event, event.pair_id, "pair", "accepted", event.activate_by)
        await store.add_cause(tx, cause)
    else:
        cause = await store.get_cause_for_update(tx, event.pair_id)
        cause.state, cause.answer_by = "accepted", event.activate_by
        await store.save_cause(tx, cause)
    await write(tx, cause, event.mentee_id, "pair_accepted", event, ends_at=event.activate_by)


async def propose_meeting(tx: Transaction, event: MeetingProposed) -> None:
    """The other person is told of the offered times. Raises NotYet while the pair is unknown."""
    cause = await _of_pair(tx, event.pair_id, event.meeting_id, "meeting")
    cause.state, cause.asked_by, cause.answer_by = "proposed", event.proposed_by, event.expires_at
    cause.slot_starts = [slot.starts_at for slot in event.slots]
    cause.slot_ends = [slot.ends_at for slot in event.slots]
    await store.add_cause(tx, cause)
    person_id = cause.other_than(event.proposed_by)
    await write(tx, cause, person_id, "meeting_proposed", event, ends_at=event.expires_at)


async def book_meeting(tx: Transaction, event: MeetingScheduled) -> None:
    """Who proposed is told of the chosen time, and both will be reminded."""
    cause = await store.get_cause_for_update(tx, event.meeting_id)
    cause.book(event.event_id, event.starts_at, event.ends_at)
    await store.save_cause(tx, cause)
    if cause.asked_by is not None:
        await write(tx, cause, cause.asked_by, "meeting_scheduled", event, ends_at=event.starts_at)
    await set_reminder(tx, cause, event, event.starts_at - BEFORE_MEETING)


async def move_meeting(tx: Transaction, event: MeetingMoved) -> None:
    """The reminder moves with its meeting; one that waits for the mail server will find that its time is gone."""
    cause = await store.get_cause_for_update(tx, event.meeting_id)
    cause.book(event.event_id, event.starts_at, event.ends_at)
    await store.save_cause(tx, cause)
    await set_reminder(tx, cause, event, event.starts_at - BEFORE_MEETING)


async def close_cause(tx: Transaction, cause_id: UUID) -> None:
    """It is over, however it ended: nothing more is said about it, and nobody is reminded of it."""
    await store.save_cause_over(tx, cause_id)
    await timers.cancel(tx, ReminderDue, cause_id)


async def ask_for_feedback(tx: Transaction, event: FeedbackRequested) -> None:
    """Both people are told that they are asked. Raises NotYet while the pair is unknown."""
    cause = await _of_pair(tx, event.pair_id, event.request_id, "feedback_request")
    cause.state, cause.answer_by = "open", event.closes_at
    await store.add_cause(tx, cause)
    for person_id in (event.mentor_id, event.mentee_id):
        await write(tx, cause, person_id, "feedback_requested", event, ends_at=event.closes_at)


async def ask_mentor(tx: Transaction, event: RequestSent) -> None:
    """A mentor is told that a request asks them, and will be reminded once."""
    cause = of_two(event, event.choice_id, "choice", "open", event.answer_by)
    cause.asked_by = event.mentee_id
    await store.add_cause(tx, cause)
    await write(tx, cause, event.mentor_id, "request_sent", event, ends_at=event.answer_by)
    await set_reminder(tx, cause, event, event.answer_by - BEFORE_ANSWER)


async def remind(tx: Transaction, cause_id: UUID) -> None:
    """Write the reminders down; the sender looks once more whether they still hold."""
    for message in await _reminders(tx, cause_id):
        await keep_reminder(tx, message)


async def let_reminder_expire(tx: Transaction, cause_id: UUID) -> None:
    """Its time passed in an outage: it is recorded, and nobody is reminded at a wrong time."""
    for message in await _reminders(tx, cause_id):
        await _keep(tx, message, "expired")


def of_two(
    event: PairEvent | ChoiceEvent | CompactEvent,
    cause_id: UUID,
    kind: CauseKind,
    state: CauseState,
    answer_by: datetime | None = None,
) -> Cause:
    """A new cause of the two whom an event is about."""
    return Cause(
        cause_id=cause_id,
        kind=kind,
        mentor_id=event.mentor_id,
        mentee_id=event.mentee_id,
        mentor_institution_id=event.mentor_institution_id,
        mentee_institution_id=event.mentee_institution_id,
        state=state,
        answer_by=answer_by,
    )


async def _of_pair(tx: Transaction, pair_id: UUID, cause_id: UUID, kind: CauseKind) -> Cause:
    pair = await store.get_cause_for_update(tx, pair_id)
    return Cause(
        cause_id=cause_id,
        kind=kind,
        mentor_id=pair.mentor_id,
        mentee_id=pair.mentee_id,
        mentor_institution_id=pair.mentor_institution_id,
        mentee_institution_id=pair.mentee_institution_id,
        state="over",
    )


async def write(
    tx: Transaction,
    cause: Cause,
    person_id: UUID,
    category: Category,
    event: Event,
    *,
    ends_at: datetime,
    institution_id: UUID | None = None,
) -> None:
    """Write a message to one of the two, or to somebody of `institution_id`; what is too old is recorded as expired."""
    message = Message.about(
        cause,
        person_id,
        category,
        event_id=event.event_id,
        caused_at=event.occurred_at,
        ends_at=ends_at,
        institution_id=institution_id,
    )
    too_old = tx.now >= message.expires_at or message.is_history(await get_beginning(tx))
    await _keep(tx, message, "expired" if too_old else None)


async def set_reminder(tx: Transaction, cause: Cause, event: Event, remind_at: datetime) -> None:
    """Whether there is still a day is judged by when it was booked, so that a late handler decides the same."""
    if event.occurred_at >= remind_at:
        await timers.cancel(tx, ReminderDue, cause.cause_id)
        for message in _reminders_of(cause, event.occurred_at):
            await _keep(tx, message, "booked_late")
        return
    messages = _reminders_of(cause, remind_at)
    if any([message.recall(await list_past(tx, message)) for message in messages]):
        await timers.cancel(tx, ReminderDue, cause.cause_id)
        for message in messages:
            await keep_reminder(tx, message)
        return
    # What is history waits until the rest of the history was heard: the meeting may have been moved or cancelled.
    if remind_at <= tx.now and messages[0].is_history(await get_beginning(tx)):
        remind_at = tx.now + LATEST_REMINDER
    await timers.schedule(tx, ReminderDue(subject_id=cause.cause_id), remind_at)


async def _reminders(tx: Transaction, cause_id: UUID) -> list[Message]:
    cause = await store.get_cause_for_update(tx, cause_id)
    if cause.state == "scheduled" and cause.starts_at is not None:
        return _reminders_of(cause, cause.starts_at - BEFORE_MEETING)
    if cause.kind in BEFORE and cause.state == "open" and cause.answer_by is not None:
        return _reminders_of(cause, cause.answer_by - BEFORE[cause.kind])
    return []


def _reminders_of(cause: Cause, caused_at: datetime) -> list[Message]:
    """Of a meeting and of the end of a notice both are reminded, of a request the mentor whom it asks."""
    if cause.kind in BEFORE and cause.answer_by is not None:
        asks = cause.kind == "choice"
        # One asking is one cause, so its id makes the reminder's: a replay makes it once.
        return [
            Message.about(
                cause,
                person_id,
                "request_reminder" if asks else "leaving_reminder",
                event_id=cause.cause_id,
                caused_at=caused_at,
                ends_at=cause.answer_by,
            )
            for person_id in ((cause.mentor_id,) if asks else (cause.mentor_id, cause.mentee_id))
        ]
    if cause.booked_by is None or cause.starts_at is None:
        return []
    return [
        Message.about(
            cause,
            person_id,
            "meeting_reminder",
            event_id=cause.booked_by,
            caused_at=caused_at,
            ends_at=cause.starts_at,
        )
        for person_id in (cause.mentor_id, cause.mentee_id)
    ]


async def keep_reminder(tx: Transaction, message: Message) -> None:
    """Keep a reminder to be sent, unless it is about what happened before this service began."""
    await _keep(tx, message, "expired" if message.is_history(await get_beginning(tx)) else None)


async def _keep(tx: Transaction, message: Message, suppressed: str | None) -> None:
    """Keep a message to be sent, or say at once why it is not; one that was decided in another life stays decided."""
    decided = message.state != "waiting" or message.recall(await list_past(tx, message))
    said = message.suppress(suppressed, tx.now) if suppressed and not decided else None
    if await store.add_message(tx, message) and said is not None:
        await outbox.publish(tx, said)


async def list_past(tx: Transaction, message: Message) -> list[NotificationEvent]:
    """What became of it in another life of this service."""
    return await past.take(tx, message.notification_id, NotificationEvent.__subclasses__())


async def get_beginning(tx: Transaction) -> datetime:
    """When this service's own history began."""
    began_at = await store.find_beginning(tx)
    if began_at is None:
        await store.add_beginning(tx)
        began_at = tx.now
    return began_at
