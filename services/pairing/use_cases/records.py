"""A mentor's record and what mentees let it show; refuses everybody but the two, and a name that was not given."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.pairing import store
from services.pairing.domain import NotPossibleNow, Pair
from services.pairing.domain.record import (
    Acknowledgement,
    Mentored,
    Record,
    Tally,
    refuse_strangers_to_acknowledge,
    refuse_to_acknowledge,
)
from services.pairing.store import records
from services.pairing.use_cases.cascade import standing_in
from services.pairing.use_cases.holding import hold_unless_erased, homes_of
from services.pairing.use_cases.pairs import show_pair
from shared.platform.database import Transaction
from shared.platform.members import Person as Member


def count_meeting(tx: Transaction, pair_id: UUID, minutes: int, *, confirmed: bool) -> None:
    """The two met for so long; hours are verified where one of them said so, and not by their silence."""
    verified = Tally(meetings=1, verified_minutes=minutes)
    records.add_to_tally(tx, pair_id, verified if confirmed else Tally(unconfirmed_meetings=1))


def count_touchpoint(tx: Transaction, pair_id: UUID, minutes: int) -> None:
    """One of the two logged a contact of so many minutes."""
    records.add_to_tally(tx, pair_id, Tally(touchpoints=1, touchpoint_minutes=minutes))


def keep_level(tx: Transaction, institution_id: UUID, person_id: UUID, level: str | None, since: datetime) -> None:
    """A mentee is in this year from then on."""
    records.save_level_since(tx, institution_id, person_id, level, since)


async def show_record(tx: Transaction, me: Member) -> Record:
    """One's own record as a mentor: pairs that were ever active, with what their mentees let it show."""
    pairs = await store.list_mentored(tx, me.person_id)
    tallies = await records.list_tallies(tx, me.person_id)
    said = await records.list_acknowledgements(tx, me.person_id)
    levels = await _levels(tx, pairs)
    mentored = [
        Mentored(
            pair,
            levels[pair.pair_id],
            tallies.get(pair.pair_id, Tally()),
            said.get(pair.pair_id, Acknowledgement()),
        )
        for pair in pairs
    ]
    return Record(await store.get_counts(tx, me.person_id), mentored)


async def show_acknowledgement(tx: Transaction, me: Member, pair_id: UUID) -> Acknowledgement:
    """What the mentee of one's pair lets the mentor show. Raises PairNotFound."""
    refuse_strangers_to_acknowledge(await show_pair(tx, me, pair_id), me.person_id)
    return await records.find_acknowledgement(tx, pair_id)


async def acknowledge(
    tx: Transaction, me: Member, pair_id: UUID, said: Acknowledgement, now: datetime
) -> Acknowledgement:
    """A mentee says what the mentor may show, and takes back what they do not say again.

    Raises PairNotFound, NotYourStep, NotPossibleNow.
    """
    pair = await show_pair(tx, me, pair_id)
    refuse_to_acknowledge(pair, me.person_id, now, writes=said.thanks is not None)
    if not await hold_unless_erased(tx, homes_of(pair)):
        raise NotPossibleNow
    await records.save_acknowledgement(tx, pair, said, now)
    return await records.find_acknowledgement(tx, pair_id)


async def _levels(tx: Transaction, pairs: Sequence[Pair]) -> dict[UUID, str | None]:
    """In which year each mentee was when the pair began; only their own institution sees it."""
    levels: dict[UUID, str | None] = {}
    for home_id in sorted({pair.mentee_institution_id for pair in pairs}):
        theirs = [pair for pair in pairs if pair.mentee_institution_id == home_id]
        begun = [pair.activated_at for pair in theirs if pair.activated_at is not None]
        async with standing_in(tx, home_id):
            found = await records.list_levels(tx, [pair.mentee_id for pair in theirs], begun)
        levels |= {pair.pair_id: level for pair, level in zip(theirs, found, strict=True)}
    return levels
