"""What the clock brings to the directory. Each handler calls one use case with the `tx` it was given."""

from services.directory import use_cases
from shared.platform.database import Transaction
from shared.platform.timers import Timers

clock = Timers("directory")


@clock.on(use_cases.PersonStatusDue)
async def on_person_status_due(tx: Transaction, timer: use_cases.PersonStatusDue) -> None:
    """However late, somebody's leave begins as of the day that was said."""
    await use_cases.follow_status_plan(tx, timer.subject_id)


@clock.on(use_cases.AgreementOver)
async def on_agreement_over(tx: Transaction, timer: use_cases.AgreementOver) -> None:
    """However late, an agreement that is over is said to be over."""
    await use_cases.end_agreement_in_time(tx, timer.subject_id)


@clock.on(use_cases.DutyOver)
async def on_duty_over(tx: Transaction, timer: use_cases.DutyOver) -> None:
    """However late, a duty that is over is said to be over."""
    await use_cases.end_duty_in_time(tx, timer.subject_id)


@clock.on(use_cases.ErasureOverdue)
async def on_erasure_overdue(tx: Transaction, timer: use_cases.ErasureOverdue) -> None:
    """72 hours after an erasure a receipt is missing."""
    await use_cases.alarm_of_missing_receipts(tx, timer.subject_id)


@clock.on(use_cases.RosterExpires)
async def on_roster_expires(tx: Transaction, timer: use_cases.RosterExpires) -> None:
    """What a roster holds of people is not kept longer than a day."""
    await use_cases.forget_roster(tx, timer.subject_id)


@clock.on(use_cases.RosterRevertOver)
async def on_roster_revert_over(tx: Transaction, timer: use_cases.RosterRevertOver) -> None:
    """What was before an import is not kept longer than it can be reverted."""
    await use_cases.forget_roster_changes(tx, timer.subject_id)
