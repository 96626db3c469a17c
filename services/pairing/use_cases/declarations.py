"""What somebody says to stand between two people before they are a pair; the other one is shown nothing of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from services.pairing import store
from services.pairing.domain import Circle, CounterpartNotFound, Declaration, DeclaredKind, Pair, Request, SamePerson
from services.pairing.use_cases.cascade import pass_over_conflicted, standing_in
from services.pairing.use_cases.circles import part_conflicted
from services.pairing.use_cases.conflicts import review
from shared.platform.database import Transaction
from shared.platform.members import Person as Member


async def declare_between(
    tx: Transaction, me: Member, person_ids: Sequence[UUID], kind: DeclaredKind, now: datetime
) -> Declaration:
    """Somebody says it of themselves and another, or an administrator of one of their people; twice is once.

    From now on neither is listed for the other, asked by them, or says yes. Raises SamePerson, CounterpartNotFound.
    """
    one_id, other_id = sorted(person_ids)
    if one_id == other_id:
        raise SamePerson
    homes = {person_id: await _find_home(tx, person_id, now) for person_id in (one_id, other_id)}
    speaks = me.person_id in homes or (me.administers and me.institution_id in homes.values())
    if not speaks:
        raise CounterpartNotFound
    for person_id, home_id in homes.items():  # whoever asks one of the two, or says yes to them, holds a row of theirs
        async with standing_in(tx, home_id):
            person = await store.find_person_for_update(tx, home_id, person_id)
        if person is None or person.status in {"left", "erased"}:  # since we looked
            raise CounterpartNotFound
    known = await store.find_declaration(tx, one_id, other_id, kind, me.person_id)
    if known is not None:
        return known
    declared = Declaration(
        conflict_id=uuid4(),
        mentor_id=one_id,
        mentee_id=other_id,
        mentor_institution_id=homes[one_id],
        mentee_institution_id=homes[other_id],
        kind=kind,
        declared_by=me.person_id,
        declared_at=now,
        is_private=True,
    )
    await store.add_declaration(tx, declared)
    await _follow(tx, declared, now)
    return declared


async def list_declarations(
    tx: Transaction, me: Member, after: tuple[datetime, UUID] | None, limit: int
) -> list[Declaration]:
    """What somebody declared and did not withdraw, and of an administrator's institution whatever they may look at."""
    return await store.list_declarations(tx, me.person_id, after, limit, administers=me.administers)


async def _find_home(tx: Transaction, person_id: UUID, now: datetime) -> UUID:
    home_id = await store.find_counterpart(tx, person_id, now)
    if home_id is None:
        raise CounterpartNotFound
    return home_id


async def _follow(tx: Transaction, declared: Declaration, now: datetime) -> None:
    """What the two have open already goes on to the next, waits to be resolved, or parts; all is locked before."""
    one_id, other_id = declared.mentor_id, declared.mentee_id
    homes = sorted({declared.mentor_institution_id, declared.mentee_institution_id})
    requests: list[Request] = []
    circles: list[Circle] = []
    for home_id in homes:
        async with standing_in(tx, home_id):
            requests += await store.list_open_requests_of_two_for_update(tx, one_id, other_id)
    pairs: list[Pair] = await store.list_open_pairs_between_for_update(tx, one_id, other_id)
    for home_id in homes:
        async with standing_in(tx, home_id):
            circles += await store.list_open_circles_of_for_update(tx, one_id)
    await pass_over_conflicted(tx, requests, now)
    for pair in pairs:
        await review(tx, pair, "withdrawn", now)
    await part_conflicted(tx, circles, now)
