"""Events that feedback listens to. Each handler calls one use case; the platform has de-duplicated and ordered them."""

from services.feedback import use_cases
from shared.contracts.directory import PersonErased
from shared.contracts.feedback import ErasureDone
from shared.contracts.meetings import MeetingHeld
from shared.contracts.pairing import PairActivated, PairCutOff, PairEnded
from shared.platform import members, receipts
from shared.platform.consumer import EventConsumer
from shared.platform.database import Transaction

events = EventConsumer("feedback")
events.include(members.listener())
events.include(receipts.listener("feedback", ErasureDone))


@events.on(PairActivated)
async def on_pair_activated(tx: Transaction, event: PairActivated) -> None:
    """A pair at work has meetings to count."""
    await use_cases.remember_pair(tx, event)


@events.on(MeetingHeld)
async def on_meeting_held(tx: Transaction, event: MeetingHeld) -> None:
    """The third meeting of a pair asks both people for feedback."""
    await use_cases.ask_after_meeting(tx, event)


@events.on(PairEnded)
async def on_pair_ended(tx: Transaction, event: PairEnded) -> None:
    """Who is no pair any more is not asked, and an unanswered request is withdrawn."""
    await use_cases.end_pair(tx, event)


@events.on(PairCutOff)
async def on_pair_cut_off(tx: Transaction, event: PairCutOff) -> None:
    """Administrators see nothing of the two any more."""
    await use_cases.cut_administrators_off(tx, event)


@events.on(PersonErased)
async def on_person_erased(tx: Transaction, event: PersonErased) -> None:
    """An erased person's answers are deleted."""
    await use_cases.erase_person(tx, event.person_id)
