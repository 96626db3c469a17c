"""What people and time do to pairs; refuses whoever is neither of the two nor an administrator of one of them."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from services.pairing import store
from services.pairing.domain import (
    ANSWER_WITHIN,
    CLOCK,
    NOT_ACTIVATED,
    AlreadyPaired,
    LedgerLine,
    ListedMentor,
    MenteeAway,
    MenteeNotFound,
    NotAccepting,
    Pair,
    SamePerson,
    State,
    Who,
    next_seat,
    refuse_new_pair,
    refuse_second_pair,
    refuse_strangers,
)
from services.pairing.use_cases.aftermath import publish, record
from services.pairing.use_cases.offers import is_conflicted, list_standing, what_is_offered
from shared.contracts.pairing import PairEvent
from shared.platform.database import Transaction
from shared.platform.http import Revision
from shared.platform.members import Person as Member


async def propose_pair(tx: Transaction, me: Member, mentor_id: UUID, mentee_id: UUID, now: datetime) -> Pair:
    """Propose a mentor to a mentee of the administrator's own institution; it holds no place until the mentor says yes.

    Raises SamePerson, MenteeNotFound, MenteeAway, and what `refuse_new_pair` raises.
    """
    if mentor_id == mentee_id:
        raise SamePerson
    people = await store.list_people_for_share(tx, me.institution_id, [mentor_id, mentee_id])
    mentee = people.get(mentee_id)
    if mentee is None or not mentee.is_mentee:
        raise MenteeNotFound
    if not mentee.is_here:
        raise MenteeAway
    own = people.get(mentor_id)
    card = None if own else await store.find_card_for_share(tx, me.institution_id, mentor_id, now)
    home_id, offer, lending = await what_is_offered(tx, me.institution_id, own, card, now)
    between = await store.find_between(tx, mentor_id, mentee_id)
    refuse_new_pair(offer, between, lending, conflicted=await is_conflicted(tx, mentor_id, mentee_id))
    pair = Pair(
        pair_id=uuid4(),
        mentor_id=mentor_id,
        mentee_id=mentee_id,
        mentor_institution_id=home_id,
        mentee_institution_id=me.institution_id,
        proposed_by=me.person_id,
        proposed_at=now,
        answer_by=now + ANSWER_WITHIN,
    )
    said = pair.propose()
    if not await store.add_pair(tx, pair):  # somebody proposed the same two since we looked
        refuse_second_pair(await store.find_between(tx, mentor_id, mentee_id))
        raise AlreadyPaired
    await publish(tx, said)
    return pair


async def accept_pair(tx: Transaction, me: Member, pair_id: UUID, seen: Revision, now: datetime) -> Pair:
    """The mentor says yes and gives one place, counted under the locks of both institutions and of the mentor's row.

    Raises PairNotFound, NotYourStep, StaleRevision, and what `Pair.accept` raises.
    """
    pair = await show_pair(tx, me, pair_id)  # not locked yet; who the two are and where they belong never changes
    refuse_strangers("accept", roles_in(tx, pair, me))
    lending = None
    if pair.is_cross:
        lending = await store.get_lending_for_update(tx, pair.mentor_institution_id, pair.mentee_institution_id, now)
    mentor = await store.find_person_for_update(tx, me.institution_id, me.person_id)
    if mentor is None:
        raise NotAccepting
    # What makes a conflict of interest changes under the lock of each open pair that it concerns, so it is read after.
    pair = await store.get_pair_for_update(tx, pair_id)
    seen.check(pair.revision)
    taken = await store.list_taken_seats(tx, mentor)
    seat = next_seat(taken, cross=pair.is_cross)
    conflicted = bool(await list_standing(tx, pair))
    said = pair.accept(mentor.offer(taken), lending, seat, now, conflicted=conflicted)
    await record(tx, pair, said)
    return pair


async def decline_pair(tx: Transaction, me: Member, pair_id: UUID, seen: Revision, now: datetime) -> Pair:
    """One of the two says no to a proposal. Raises what `Pair.decline` raises."""
    return await _change(tx, me, pair_id, seen, lambda pair, by: pair.decline(by, now))


async def recall_pair(
    tx: Transaction, me: Member, pair_id: UUID, seen: Revision, *, reason: str | None, now: datetime
) -> Pair:
    """An administrator takes a proposal back. Raises what `Pair.recall` raises."""
    return await _change(tx, me, pair_id, seen, lambda pair, by: pair.recall(by, reason, now))


async def pause_pair(
    tx: Transaction,
    me: Member,
    pair_id: UUID,
    seen: Revision,
    *,
    reason: str | None,
    review_at: datetime,
    now: datetime,
) -> Pair:
    """The pair rests. Raises what `Pair.pause` raises."""
    return await _change(tx, me, pair_id, seen, lambda pair, by: pair.pause(by, reason, review_at, now))


async def resume_pair(tx: Transaction, me: Member, pair_id: UUID, seen: Revision, now: datetime) -> Pair:
    """The pair goes on. Raises what `Pair.resume` raises."""
    return await _change(tx, me, pair_id, seen, lambda pair, by: pair.resume(by, now))


async def end_pair(
    tx: Transaction, me: Member, pair_id: UUID, seen: Revision, *, reason: str | None, now: datetime
) -> Pair:
    """The pair is over and gives its place back. Raises what `Pair.end` raises."""
    return await _change(tx, me, pair_id, seen, lambda pair, by: pair.end(by, reason, now))


async def lapse_proposal(tx: Transaction, pair_id: UUID, now: datetime) -> None:
    """Seven days passed without an answer; the timer pass holds the pair's lock."""
    pair = await store.get_pair(tx, pair_id)
    await record(tx, pair, pair.lapse(now))


async def end_unactivated(tx: Transaction, pair_id: UUID, now: datetime) -> None:
    """Twenty-one days passed without both signatures on one version; the timer pass holds the pair's lock."""
    pair = await store.get_pair(tx, pair_id)
    await record(tx, pair, pair.end(CLOCK, NOT_ACTIVATED, now))


async def show_pair(tx: Transaction, me: Member, pair_id: UUID) -> Pair:
    """One pair, for one of the two or an administrator of one of their institutions. Raises PairNotFound."""
    pair = await store.get_pair(tx, pair_id)
    roles_in(tx, pair, me)
    return pair


async def list_pairs(
    tx: Transaction, me: Member, state: State | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Pair]:
    """Pairs, newest first: an administrator's institution's, anyone else's own."""
    return await store.list_pairs(tx, me.person_id, state, after, limit, administers=me.administers)


async def list_mentors(
    tx: Transaction, me: Member, mentee_id: UUID | None, after: UUID | None, limit: int, now: datetime
) -> list[ListedMentor]:
    """Mentors whom the institution may propose now, its own and lent ones, by id; with a mentee, to that mentee.

    Whoever is no administrator is shown whom they may ask themselves.
    """
    for_whom = mentee_id if me.administers else me.person_id
    return await store.list_mentors(tx, me.institution_id, for_whom, after, limit, now)


async def list_ledger(tx: Transaction, me: Member) -> list[LedgerLine]:
    """What the institution lends to each other one and borrows from it."""
    return await store.list_ledger(tx, me.institution_id)


async def _change(
    tx: Transaction,
    me: Member,
    pair_id: UUID,
    seen: Revision,
    act: Callable[[Pair, frozenset[Who]], PairEvent],
) -> Pair:
    pair = await store.get_pair_for_update(tx, pair_id)
    by = roles_in(tx, pair, me)
    seen.check(pair.revision)
    await record(tx, pair, act(pair, by))
    return pair


def roles_in(tx: Transaction, pair: Pair, me: Member) -> frozenset[Who]:
    """As whom somebody may act on a pair now. Raises PairNotFound."""
    return pair.roles_of(me.person_id, tx.now, administers=me.administers)
