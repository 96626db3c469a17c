"""From notice to mails: to the two of each pair that is asked whether it goes on, and to both administrations."""

from dataclasses import replace
from uuid import UUID, uuid5

from services.notifications import store
from services.notifications.domain import BEFORE_NOTICE_ENDS, LIFE, Category, Cause
from services.notifications.use_cases.administrators import list_administrators_then
from services.notifications.use_cases.causes import ReminderDue, close_cause, of_two, set_reminder, write
from shared.contracts.directory import AgreementNoticeGiven
from shared.contracts.pairing import PairAskedToGoOn, PairEnded, PairGoesOn
from shared.platform import timers
from shared.platform.database import Transaction

NOTICE = "notice"
"""Why a pair ends whose two did not both say that they go on."""


async def tell_of_notice(tx: Transaction, event: AgreementNoticeGiven) -> None:
    """Whoever administers one of the two institutions hears that an agreement ends, and when."""
    institutions = {event.lender_institution_id, event.borrower_institution_id}
    for person_id, institution_id in await list_administrators_then(tx, "notice_given", event, institutions):
        cause = Cause.of_one(uuid5(event.agreement_id, str(person_id)), "notice", person_id, institution_id)
        cause.answer_by = event.ends_at
        await store.follow_cause(tx, cause)
        await write(tx, cause, person_id, "notice_given", event, ends_at=event.occurred_at + LIFE)


async def ask_to_go_on(tx: Transaction, event: PairAskedToGoOn) -> None:
    """Both are asked whether they go on, and reminded once while nobody has said what became of it."""
    cause = of_two(event, _leaving_id(event.pair_id), "leaving", "open", event.decide_by)
    await store.turn_cause(tx, replace(cause, followed_at=event.occurred_at))
    await _tell(tx, cause, "leaving_asked", event)
    await set_reminder(tx, cause, event, event.decide_by - BEFORE_NOTICE_ENDS)


async def let_go_on(tx: Transaction, event: PairGoesOn) -> None:
    """Both hear that they go on, with nothing more to say."""
    cause = of_two(event, _leaving_id(event.pair_id), "leaving", "accepted")
    await store.turn_cause(tx, replace(cause, followed_at=event.occurred_at))
    await timers.cancel(tx, ReminderDue, cause.cause_id)
    await _tell(tx, cause, "leaving_goes_on", event)


async def end_leaving(tx: Transaction, event: PairEnded) -> None:
    """The pair is over, and with it the question; where the notice ended it, both hear so."""
    await close_cause(tx, _leaving_id(event.pair_id))
    if event.reason == NOTICE:
        cause = of_two(event, _leaving_id(event.pair_id), "leaving", "over")
        await store.turn_cause(tx, replace(cause, closed_at=event.occurred_at))
        await _tell(tx, cause, "leaving_ended", event)


async def _tell(
    tx: Transaction, cause: Cause, category: Category, event: PairAskedToGoOn | PairGoesOn | PairEnded
) -> None:
    for person_id in (event.mentor_id, event.mentee_id):
        await write(tx, cause, person_id, category, event, ends_at=event.occurred_at + LIFE)


def _leaving_id(pair_id: UUID) -> UUID:
    """The cause that stands for whether a pair goes on after a notice; it is asked once."""
    return uuid5(pair_id, "leaving")
