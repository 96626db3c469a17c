"""Conflicts of interest as a standing rule: whatever changes one looks at every pair that it concerns, at once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from services.pairing import store
from services.pairing.domain import (
    ConflictNotFound,
    Declaration,
    DeclaredKind,
    Ground,
    How,
    NoConflict,
    NotPossibleNow,
    NotYourStep,
    Pair,
    Recusal,
    RecusalReason,
)
from services.pairing.use_cases.aftermath import record
from services.pairing.use_cases.cascade import pass_over_conflicted
from services.pairing.use_cases.circles import part_conflicted
from services.pairing.use_cases.holding import hold_unless_erased, homes_of
from services.pairing.use_cases.offers import list_standing
from services.pairing.use_cases.pairs import roles_in, show_pair
from shared.contracts.directory import Duty
from shared.platform.database import Transaction
from shared.platform.errors import NotYet
from shared.platform.http import Revision
from shared.platform.members import Person as Member


@dataclass(frozen=True)
class Finding:
    """One ground of conflict of a pair, and who stepped back from it, if anybody did."""

    ground: Ground
    recusal: Recusal | None


async def take_up_duty(
    tx: Transaction, institution_id: UUID, person_id: UUID, programme: str, duty: Duty, now: datetime
) -> None:
    """Somebody directs, judges or coaches in a programme: pairs with its mentees are in conflict. Raises NotYet."""
    await _lock_person(tx, institution_id, person_id)
    await store.save_duty(tx, institution_id, person_id, programme, duty)
    await review_of(tx, person_id, now)


async def lay_down_duty(
    tx: Transaction, institution_id: UUID, person_id: UUID, programme: str, duty: Duty, now: datetime
) -> None:
    """Somebody does so no longer, and what followed from it is resolved. Raises NotYet."""
    await _lock_person(tx, institution_id, person_id)
    await store.delete_duty(tx, institution_id, person_id, programme, duty)
    await review_of(tx, person_id, now)


async def review_of(tx: Transaction, person_id: UUID, now: datetime) -> None:
    """Look at every open request, pair and circle of somebody, after the directory said something of them."""
    requests = await store.list_open_requests_about_for_update(tx, person_id)
    pairs = await store.list_open_pairs_of_for_update(tx, person_id)  # after the requests: a yes makes a pair of one
    circles = await store.list_open_circles_of_for_update(tx, person_id)
    await pass_over_conflicted(tx, requests, now)
    for pair in pairs:
        await review(tx, pair, "role_ended", now)
    await part_conflicted(tx, circles, now)


async def declare_conflict(
    tx: Transaction, me: Member, pair_id: UUID, kind: DeclaredKind, now: datetime
) -> Declaration:
    """One of the two, or an administrator, says what stands between them; twice is the same as once.

    It holds for every later pair of the same two. Raises PairNotFound, NotPossibleNow once one of them was erased.
    """
    if not await hold_unless_erased(tx, homes_of(await show_pair(tx, me, pair_id))):
        raise NotPossibleNow
    pair = await store.get_pair_for_update(tx, pair_id)
    known = await store.find_declaration(tx, pair.mentor_id, pair.mentee_id, kind, me.person_id)
    if known is not None:
        return known
    declared = Declaration(
        conflict_id=uuid4(),
        mentor_id=pair.mentor_id,
        mentee_id=pair.mentee_id,
        mentor_institution_id=pair.mentor_institution_id,
        mentee_institution_id=pair.mentee_institution_id,
        kind=kind,
        declared_by=me.person_id,
        declared_at=now,
    )
    await store.add_declaration(tx, declared)
    await review(tx, pair, "withdrawn", now)
    return declared


async def show_conflict(tx: Transaction, me: Member, conflict_id: UUID) -> Declaration:
    """What was declared, for who may look at it and administrators of the institutions. Raises ConflictNotFound.

    To administrators what stands between the two of a pair that went on after a notice is as if it were not there.
    """
    declared = await store.get_declaration(tx, conflict_id)
    administers = me.administers and not await store.is_cut_off_between(tx, declared.mentor_id, declared.mentee_id)
    if not declared.is_seen_by(me.person_id, administers=administers):
        raise ConflictNotFound
    return declared


async def withdraw_conflict(tx: Transaction, me: Member, conflict_id: UUID, now: datetime) -> Declaration:
    """Who declared it, or an administrator, says that it holds no longer. Raises ConflictNotFound, NotYourStep."""
    declared = await show_conflict(tx, me, conflict_id)
    if me.person_id != declared.declared_by and not me.administers:
        raise NotYourStep
    pairs = await store.list_open_pairs_between_for_update(tx, declared.mentor_id, declared.mentee_id)
    if await store.withdraw_declaration(tx, conflict_id, now):
        for pair in pairs:
            await review(tx, pair, "withdrawn", now)
    declared.withdrawn_at = now
    return declared


async def recuse(
    tx: Transaction, me: Member, pair_id: UUID, seen: Revision, reason: RecusalReason, now: datetime
) -> Pair:
    """An administrator records that somebody stepped back from all that stands between the two now.

    What comes up later is a conflict again. Raises PairNotFound, NotYourStep, StaleRevision, NoConflict.
    """
    pair = await store.get_pair_for_update(tx, pair_id)
    if "administrator" not in roles_in(tx, pair, me):
        raise NotYourStep
    seen.check(pair.revision)
    open_grounds = await list_standing(tx, pair)
    if not open_grounds:
        raise NoConflict
    await store.add_recusals(tx, pair, [Recusal(one.name, reason, me.person_id, now) for one in open_grounds])
    await review(tx, pair, "recused", now)
    return pair


async def rest_for_conflict(tx: Transaction, pair_id: UUID, now: datetime) -> None:
    """Fourteen days passed and nobody resolved a conflict; the timer pass holds the pair's lock."""
    pair = await store.get_pair(tx, pair_id)
    said = pair.rest_for_conflict(now)
    if said is not None:
        await record(tx, pair, said)


async def list_conflicts(tx: Transaction, me: Member, pair_id: UUID) -> list[Finding]:
    """What stands between the two of a pair, also what only warns and what somebody stepped back from.

    What one of the two declared before there was a pair is not shown to the other. Raises PairNotFound.
    """
    pair = await show_pair(tx, me, pair_id)
    recused = {one.ground: one for one in await store.list_recusals(tx, pair_id)}
    grounds = await store.list_grounds(tx, pair.mentor_id, pair.mentee_id)
    sees_all = me.administers and me.person_id not in {pair.mentor_id, pair.mentee_id}
    seen = [one for one in grounds if sees_all or one.private_to in {None, me.person_id}]
    return [Finding(ground, recused.get(ground.name)) for ground in seen]


async def review(tx: Transaction, pair: Pair, how: How, now: datetime) -> None:
    """Raise or resolve a pair's conflict by what is true now; `how` says what resolved it, if it is."""
    open_grounds = await list_standing(tx, pair)
    if open_grounds:
        raised = pair.raise_conflict(open_grounds[-1].source, now)  # duties come after declarations
        if raised is not None:
            await record(tx, pair, raised)
        return
    for said in pair.resolve_conflict(how, now):
        await record(tx, pair, said)


async def _lock_person(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    if await store.find_person_for_update(tx, institution_id, person_id) is None:
        raise NotYet
