"""Reminders of deadlines: written down before it can be nine anywhere, and sent when it is nine for a person."""

from datetime import timedelta
from typing import ClassVar, Final, LiteralString
from uuid import UUID, uuid5

from services.notifications import store
from services.notifications.domain import (
    BEFORE_DEADLINE,
    EARLIEST_NINE,
    LATEST_REMINDER,
    Category,
    Cause,
    Message,
)
from services.notifications.use_cases.causes import close_cause, get_beginning, keep_reminder, list_past
from shared.contracts.event import Event
from shared.contracts.pairing import FollowEvent, OpportunityOffered, OpportunitySaved, OpportunityWithdrawn
from shared.platform import timers
from shared.platform.database import Transaction

_LOCK: Final[LiteralString] = """
    SELECT cause_id FROM causes WHERE cause_id = ANY($1) ORDER BY cause_id FOR UPDATE SKIP LOCKED
"""


class OpportunityWeekDue(timers.Timer):
    """It may be nine somewhere, seven days before a deadline; when it is nine for the person, the sender knows."""

    kind: ClassVar[str] = "opportunity_week_due"
    lock: ClassVar[LiteralString] = _LOCK


class OpportunityDayDue(timers.Timer):
    """The same one day before."""

    kind: ClassVar[str] = "opportunity_day_due"
    lock: ClassVar[LiteralString] = _LOCK


_TIMERS: Final[dict[Category, type[OpportunityWeekDue | OpportunityDayDue]]] = {
    "opportunity_week": OpportunityWeekDue,
    "opportunity_day": OpportunityDayDue,
}


async def follow_opportunity(tx: Transaction, event: OpportunityOffered | OpportunitySaved) -> None:
    """A mentee was offered something with a deadline, or saved it, and will be reminded of it twice."""
    cause = Cause(
        cause_id=_cause_id(event),
        kind="opportunity",
        mentor_id=event.offered_by,
        mentee_id=event.mentee_id,
        mentor_institution_id=event.offering_institution_id,
        mentee_institution_id=event.mentee_institution_id,
        state="open",
        answer_by=event.deadline_at,
        followed_at=event.occurred_at,
    )
    if await store.follow_cause(tx, cause):
        for category in _TIMERS:
            await _set(tx, cause, category, event)


async def unfollow_opportunity(tx: Transaction, event: FollowEvent) -> None:
    """A mentee wants to hear no more of it."""
    await _forget(tx, _cause_id(event))


async def withdraw_opportunity(tx: Transaction, event: OpportunityWithdrawn) -> None:
    """It was taken back from everybody."""
    for mentee_id in event.mentee_ids:
        await _forget(tx, uuid5(event.opportunity_id, str(mentee_id)))


async def remind_of_deadline(tx: Transaction, cause_id: UUID, category: Category) -> None:
    """Write the reminder down; the sender sends it when it is nine for the person, if it still holds then."""
    cause = await store.get_cause_for_update(tx, cause_id)
    if cause.state == "open":
        await keep_reminder(tx, _reminder(cause, category))


async def _set(tx: Transaction, cause: Cause, category: Category, event: Event) -> None:
    message = _reminder(cause, category)
    if message.recall(await list_past(tx, message)):  # decided in another life of this service
        await keep_reminder(tx, message)
        return
    due_at = message.caused_at
    # What is history waits until the rest of the history was heard: it may have been dropped or withdrawn.
    if message.is_history(await get_beginning(tx)) and due_at <= tx.now:
        due_at = tx.now + LATEST_REMINDER
    await timers.schedule(tx, _TIMERS[category](subject_id=cause.cause_id), max(due_at, event.occurred_at))


async def _forget(tx: Transaction, cause_id: UUID) -> None:
    await close_cause(tx, cause_id)
    for timer in _TIMERS.values():
        await timers.cancel(tx, timer, cause_id)


def _reminder(cause: Cause, category: Category) -> Message:
    """Of one opportunity a person is reminded once by each: its id makes the reminder's, so a replay makes it once."""
    deadline_at = cause.answer_by or cause.followed_at
    if deadline_at is None:
        raise ValueError(category)
    caused_at = deadline_at - timedelta(days=BEFORE_DEADLINE[category]) - EARLIEST_NINE
    return Message.about(
        cause, cause.mentee_id, category, event_id=cause.cause_id, caused_at=caused_at, ends_at=deadline_at
    )


def _cause_id(event: FollowEvent) -> UUID:
    return uuid5(event.opportunity_id, str(event.mentee_id))
