"""Times that notifications waits for. Each handler calls one use case."""

from services.notifications import use_cases
from services.notifications.use_cases import ReminderDue
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
