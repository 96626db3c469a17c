"""Times that feedback waits for. Each handler calls one use case; none of them expires."""

from services.feedback import use_cases
from services.feedback.use_cases import ClosingDue, RevealDue
from shared.platform.database import Transaction
from shared.platform.timers import Timers

clock = Timers("feedback")


@clock.on(RevealDue)
async def on_reveal_due(tx: Transaction, timer: RevealDue) -> None:
    """The first answer has waited 14 days for the second."""
    await use_cases.reveal(tx, timer.subject_id)


@clock.on(ClosingDue)
async def on_closing_due(tx: Transaction, timer: ClosingDue) -> None:
    """Nobody has answered within 30 days."""
    await use_cases.close(tx, timer.subject_id)
