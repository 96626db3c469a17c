"""What the clock does to meetings; each handler calls one use case, and none expires, however late it comes."""

from services.meetings import use_cases
from services.meetings.use_cases import MeetingExpires, MeetingSilence
from shared.platform.database import Transaction
from shared.platform.timers import Timers

clock = Timers("meetings")


@clock.on(MeetingExpires)
async def on_meeting_expires(tx: Transaction, timer: MeetingExpires) -> None:
    """Nobody chose a slot."""
    await use_cases.expire_meeting(tx, timer.subject_id, tx.now)


@clock.on(MeetingSilence)
async def on_meeting_silence(tx: Transaction, timer: MeetingSilence) -> None:
    """Nobody may say otherwise any more."""
    await use_cases.settle_meeting(tx, timer.subject_id, tx.now)
