"""Times that notifications waits for. Each handler calls one use case."""

from services.notifications import use_cases
from services.notifications.use_cases import OpportunityDayDue, OpportunityWeekDue, ReminderDue
from shared.platform.database import Transaction
from shared.platform.timers import Timers

clock = Timers("notifications")


@clock.on(ReminderDue)
async def on_reminder_due(tx: Transaction, timer: ReminderDue) -> None:
    """24 hours before a meeting both are reminded, and of a request the mentor 48 hours after it asked."""
    await use_cases.remind(tx, timer.subject_id)


@clock.on_expired(ReminderDue)
async def on_reminder_expired(tx: Transaction, timer: ReminderDue) -> None:
    """The reminder's time passed while nobody could send it."""
    await use_cases.let_reminder_expire(tx, timer.subject_id)


@clock.on(OpportunityWeekDue)
async def on_opportunity_week_due(tx: Transaction, timer: OpportunityWeekDue) -> None:
    """Seven days before a deadline, it may be nine somewhere."""
    await use_cases.remind_of_deadline(tx, timer.subject_id, "opportunity_week")


@clock.on(OpportunityDayDue)
async def on_opportunity_day_due(tx: Transaction, timer: OpportunityDayDue) -> None:
    """One day before a deadline, it may be nine somewhere."""
    await use_cases.remind_of_deadline(tx, timer.subject_id, "opportunity_day")
