"""Notice was given: the two of each pair under the agreement are asked, and without two yeses the pair ends with it."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from services.pairing import store
from services.pairing.domain import CLOSED, DIRECTORY, NotPossibleNow, NotYourStep, Pair
from services.pairing.domain.leaving import NOTICE, TERM_OVER, FirstWaiting, Leaving, Word
from services.pairing.store import leaving as leavings
from services.pairing.use_cases.aftermath import record
from services.pairing.use_cases.pair_timer import PairTimer
from services.pairing.use_cases.pairs import roles_in
from shared.platform import timers
from shared.platform.database import Transaction
from shared.platform.members import Person as Member


class NoticeRunsOut(PairTimer):
    """The notice is over; it fires however late, since nobody may answer after it, and waits for no end to be heard."""

    kind: ClassVar[str] = "notice_runs_out"


class TermReached(PairTimer):
    """The end has come that was agreed before the notice, for a pair that went on until then."""

    kind: ClassVar[str] = "term_reached"


async def ask_pairs(
    tx: Transaction, agreement_id: UUID, lender_id: UUID, borrower_id: UUID, *, ends_at: datetime, now: datetime
) -> None:
    """Ask the two of every pair that holds a place under the agreement; not where its agreed end comes first anyway."""
    term_ends_at = await leavings.find_term_end(tx, agreement_id)
    if term_ends_at is not None and term_ends_at <= ends_at:
        return
    # All are locked before the first timer is set.
    pairs = [
        await store.get_pair_for_update(tx, pair_id)
        for pair_id in await leavings.list_lent_pair_ids(tx, lender_id, borrower_id)
    ]
    for pair in pairs:
        if pair.state in CLOSED:  # one of the two ended it while this waited for its row
            continue
        leaving = Leaving(pair.pair_id, agreement_id, lender_id, borrower_id, ends_at, term_ends_at)
        await leavings.add_leaving(tx, leaving)
        await record(tx, pair, pair.ask_to_go_on(ends_at, term_ends_at, now))
        await timers.schedule(tx, NoticeRunsOut(subject_id=pair.pair_id), ends_at)


async def say_whether_to_go_on(
    tx: Transaction, me: Member, pair_id: UUID, word: Word, now: datetime
) -> tuple[Leaving, Pair]:
    """One of the two answers; the second yes lets the pair go on until the agreed end, one re-match decides too.

    Raises PairNotFound, LeavingNotFound, NotYourStep, NotPossibleNow, and what `Leaving.say` raises.
    """
    pair = await store.get_pair_for_update(tx, pair_id)
    if not roles_in(tx, pair, me) & {"mentor", "mentee"}:
        raise NotYourStep
    leaving = await leavings.get_leaving(tx, pair_id)
    if pair.state in CLOSED:
        raise NotPossibleNow
    if leaving.say(me.person_id, word, now):
        await leavings.save_leaving(tx, leaving)
        if leaving.stand == "goes_on":
            await record(tx, pair, pair.go_on(leaving.decide_by, leaving.goes_on_until, now))
            if leaving.goes_on_until is not None:
                await timers.schedule(tx, TermReached(subject_id=pair_id), leaving.goes_on_until)
    return leaving, pair


async def list_leavings(
    tx: Transaction, me: Member, after: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[Leaving, Pair]]:
    """How the questions stand: one's own, or an administrator's institution's; the first to be decided first."""
    found = await leavings.list_leavings(tx, me.person_id, after, limit, administers=me.administers)
    pairs = await store.get_pairs(tx, [leaving.pair_id for leaving in found])
    return [(leaving, pairs[leaving.pair_id]) for leaving in found]


async def end_with_notice(tx: Transaction, pair_id: UUID, now: datetime) -> None:
    """The notice is over: without two yeses the pair is, and its mentee waits first; with them it is theirs alone."""
    pair, leaving = await store.get_pair(tx, pair_id), await leavings.get_leaving(tx, pair_id)
    if pair.state in CLOSED:
        return
    if leaving.run_out(now):
        await leavings.save_leaving(tx, leaving)
        await leavings.add_first_waiting(tx, pair, leaving.decide_by)
        await record(tx, pair, pair.end(DIRECTORY, NOTICE, now))
    elif leaving.stand == "goes_on":
        await record(tx, pair, pair.cut_off(now))


async def end_with_term(tx: Transaction, pair_id: UUID, now: datetime) -> None:
    """The agreed end has come for a pair that went on until then."""
    pair, leaving = await store.get_pair(tx, pair_id), await leavings.get_leaving(tx, pair_id)
    if pair.state not in CLOSED and leaving.reach_term(now):
        await leavings.save_leaving(tx, leaving)
        await record(tx, pair, pair.end(DIRECTORY, TERM_OVER, now))


async def list_first_waiting(
    tx: Transaction, me: Member, after: tuple[datetime, UUID] | None, limit: int
) -> list[FirstWaiting]:
    """The institution's mentees whose pair a notice ended and who have no yes since, the longest first."""
    return await leavings.list_first_waiting(tx, me.institution_id, after, limit)
