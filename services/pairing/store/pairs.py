"""The statements about pairs and what is counted of them; one function, one statement; refuses to hold a rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from services.pairing.domain import Between, LedgerLine, Pair, PairNotFound, Person, Seat, State
from shared.platform.database import Row, Transaction

_PAIR: Final[LiteralString] = """
    pair_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, proposed_by, proposed_at, answer_by,
    state, accepted_at, activate_by, activated_at, review_at, closed_at, reason, place, shared_place,
    mentor_away, mentee_away, coi_review_by, cut_off_at, version, revision
"""


async def add_pair(tx: Transaction, pair: Pair) -> bool:
    """False where something is open between the two already."""
    added = await tx.find(
        """
        INSERT INTO pairs (pair_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, proposed_by,
            proposed_at, answer_by, state, mentor_away, mentee_away, version, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT DO NOTHING RETURNING pair_id
        """,
        pair.pair_id,
        pair.mentor_id,
        pair.mentee_id,
        pair.mentor_institution_id,
        pair.mentee_institution_id,
        pair.proposed_by,
        pair.proposed_at,
        pair.answer_by,
        pair.state,
        pair.mentor_away,
        pair.mentee_away,
        pair.version,
        pair.revision,
    )
    return added is not None


async def save_pair(tx: Transaction, pair: Pair) -> None:
    """Everything of a pair that changes."""
    await tx.execute(
        """
        UPDATE pairs SET state = $2, accepted_at = $3, activate_by = $4, activated_at = $5, review_at = $6,
            closed_at = $7, reason = $8, place = $9, shared_place = $10, mentor_away = $11, mentee_away = $12,
            coi_review_by = $13, cut_off_at = $14, version = $15, revision = $16
        WHERE pair_id = $1
        """,
        pair.pair_id,
        pair.state,
        pair.accepted_at,
        pair.activate_by,
        pair.activated_at,
        pair.review_at,
        pair.closed_at,
        pair.reason,
        pair.place,
        pair.shared_place,
        pair.mentor_away,
        pair.mentee_away,
        pair.coi_review_by,
        pair.cut_off_at,
        pair.version,
        pair.revision,
    )


async def get_pair(tx: Transaction, pair_id: UUID) -> Pair:
    """Raises PairNotFound for a pair that is not there or behind the wall."""
    return _pair(await tx.find("SELECT " + _PAIR + " FROM pairs WHERE pair_id = $1", pair_id))


async def get_pair_for_update(tx: Transaction, pair_id: UUID) -> Pair:
    """The same, locked."""
    return _pair(await tx.find("SELECT " + _PAIR + " FROM pairs WHERE pair_id = $1 FOR UPDATE", pair_id))


async def get_pairs(tx: Transaction, pair_ids: Sequence[UUID]) -> dict[UUID, Pair]:
    """Each of these that is there and before the wall, in order of id."""
    sql: LiteralString = "SELECT " + _PAIR + " FROM pairs WHERE pair_id = ANY($1::uuid[]) ORDER BY pair_id"
    return {row["pair_id"]: _pair(row) for row in await tx.fetch(sql, pair_ids)}


async def list_open_pairs_of_for_update(tx: Transaction, person_id: UUID) -> list[Pair]:
    """Every pair or proposal of a person that is not closed, locked in order of id."""
    rows = await tx.fetch(
        "SELECT "
        + _PAIR
        + """
        FROM pairs WHERE (mentor_id = $1 OR mentee_id = $1) AND closed_at IS NULL ORDER BY pair_id FOR UPDATE
        """,
        person_id,
    )
    return [_pair(row) for row in rows]


async def list_open_pairs_between_for_update(tx: Transaction, one_id: UUID, other_id: UUID) -> list[Pair]:
    """Every pair or proposal of two people that is not closed, whichever is the mentor, locked."""
    rows = await tx.fetch(
        "SELECT "
        + _PAIR
        + """
        FROM pairs
        WHERE least(mentor_id, mentee_id) = least($1::uuid, $2::uuid)
          AND greatest(mentor_id, mentee_id) = greatest($1, $2) AND closed_at IS NULL
        ORDER BY pair_id FOR UPDATE
        """,
        one_id,
        other_id,
    )
    return [_pair(row) for row in rows]


async def list_pairs(
    tx: Transaction,
    person_id: UUID,
    state: State | None,
    after: tuple[datetime, UUID] | None,
    limit: int | None,
    *,
    administers: bool = False,
) -> list[Pair]:
    """Newest first; of one person, and for who administers also whatever the wall shows of other people.

    Without a limit all of them.
    """
    proposed_at, pair_id = after or (None, None)
    rows = await tx.fetch(
        "SELECT "
        + _PAIR
        + """
        FROM pairs
        WHERE (mentor_id = $1 OR mentee_id = $1 OR ($6 AND (cut_off_at IS NULL OR cut_off_at > $7)))
          AND ($2::text IS NULL OR state = $2)
          AND ($3::timestamptz IS NULL OR (proposed_at, pair_id) < ($3, $4::uuid))
        ORDER BY proposed_at DESC, pair_id DESC LIMIT $5
        """,
        person_id,
        state,
        proposed_at,
        pair_id,
        limit,
        administers,
        tx.now,
    )
    return [_pair(row) for row in rows]


async def list_mentored(tx: Transaction, mentor_id: UUID) -> list[Pair]:
    """Every pair of a mentor that was ever active, the newest first."""
    rows = await tx.fetch(
        "SELECT "
        + _PAIR
        + """
        FROM pairs WHERE mentor_id = $1 AND activated_at IS NOT NULL ORDER BY proposed_at DESC, pair_id DESC
        """,
        mentor_id,
    )
    return [_pair(row) for row in rows]


async def find_between(tx: Transaction, mentor_id: UUID, mentee_id: UUID) -> Between:
    """What is open between the two, seen from a proposal of `mentor_id` to `mentee_id`."""
    row = await tx.find(
        """
        SELECT mentor_id = $1 AS same FROM pairs
        WHERE least(mentor_id, mentee_id) = least($1::uuid, $2::uuid)
          AND greatest(mentor_id, mentee_id) = greatest($1, $2) AND closed_at IS NULL
        """,
        mentor_id,
        mentee_id,
    )
    if row is None:
        return "nothing"
    return "same" if row["same"] else "reverse"


async def list_taken_seats(tx: Transaction, mentor: Person) -> list[Seat]:
    """Read after the mentor's row is locked: a statement of its own sees what was committed while it waited."""
    rows = await tx.fetch(
        """
        SELECT place, shared_place FROM pairs
        WHERE mentor_institution_id = $1 AND mentor_id = $2 AND place IS NOT NULL
        """,
        mentor.institution_id,
        mentor.person_id,
    )
    return [Seat(row["place"], row["shared_place"]) for row in rows]


async def list_ledger(tx: Transaction, institution_id: UUID) -> list[LedgerLine]:
    """Pairs that hold a place, lent and borrowed, by the other institution."""
    rows = await tx.fetch(
        """
        SELECT other, count(*) FILTER (WHERE lends) AS lent, count(*) FILTER (WHERE NOT lends) AS borrowed
        FROM (
            SELECT mentee_institution_id AS other, true AS lends FROM pairs
            WHERE mentor_institution_id = $1 AND shared_place IS NOT NULL
            UNION ALL
            SELECT mentor_institution_id, false FROM pairs
            WHERE mentee_institution_id = $1 AND shared_place IS NOT NULL
        ) cross_pairs
        GROUP BY other ORDER BY other
        """,
        institution_id,
    )
    return [LedgerLine(row["other"], row["lent"], row["borrowed"]) for row in rows]


def _pair(row: Row | None) -> Pair:
    if row is None:
        raise PairNotFound
    return Pair(**row)
