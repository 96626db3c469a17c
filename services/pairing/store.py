"""Every SQL statement of pairing; one function, one statement; refuses to hold a rule.

Rows are locked in the order that schema.sql states: institutions, agreements, people, mentor_cards, pairs, timers.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from services.pairing.domain import (
    Agreement,
    Between,
    Card,
    LedgerLine,
    ListedMentor,
    Pair,
    PairNotFound,
    Person,
    Seat,
    State,
    Status,
)
from shared.platform.database import Row, Transaction

_PAIR: Final[LiteralString] = """
    pair_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, proposed_by, proposed_at, answer_by,
    state, accepted_at, activate_by, activated_at, review_at, closed_at, reason, place, shared_place,
    mentor_away, mentee_away, version, revision
"""
_PERSON: Final[LiteralString] = "person_id, institution_id, status, is_mentor, is_mentee, places, shared_places"


# Pairs.


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
    await tx.execute(
        """
        UPDATE pairs SET state = $2, accepted_at = $3, activate_by = $4, activated_at = $5, review_at = $6,
            closed_at = $7, reason = $8, place = $9, shared_place = $10, mentor_away = $11, mentee_away = $12,
            version = $13, revision = $14
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
        pair.version,
        pair.revision,
    )


async def get_pair(tx: Transaction, pair_id: UUID) -> Pair:
    return _pair(await tx.find("SELECT " + _PAIR + " FROM pairs WHERE pair_id = $1", pair_id))


async def get_pair_for_update(tx: Transaction, pair_id: UUID) -> Pair:
    return _pair(await tx.find("SELECT " + _PAIR + " FROM pairs WHERE pair_id = $1 FOR UPDATE", pair_id))


async def list_open_pairs_of_for_update(tx: Transaction, person_id: UUID) -> list[Pair]:
    rows = await tx.fetch(
        "SELECT "
        + _PAIR
        + """
        FROM pairs WHERE (mentor_id = $1 OR mentee_id = $1) AND closed_at IS NULL ORDER BY pair_id FOR UPDATE
        """,
        person_id,
    )
    return [_pair(row) for row in rows]


async def list_pairs(
    tx: Transaction, person_id: UUID | None, state: State | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Pair]:
    """Newest first; of one person, or with None of everyone whom the wall shows."""
    proposed_at, pair_id = after or (None, None)
    rows = await tx.fetch(
        "SELECT "
        + _PAIR
        + """
        FROM pairs
        WHERE ($1::uuid IS NULL OR mentor_id = $1 OR mentee_id = $1) AND ($2::text IS NULL OR state = $2)
          AND ($3::timestamptz IS NULL OR (proposed_at, pair_id) < ($3, $4::uuid))
        ORDER BY proposed_at DESC, pair_id DESC LIMIT $5
        """,
        person_id,
        state,
        proposed_at,
        pair_id,
        limit,
    )
    return [_pair(row) for row in rows]


async def find_between(tx: Transaction, mentor_id: UUID, mentee_id: UUID) -> Between:
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


async def count_lent(tx: Transaction, lender_id: UUID, borrower_id: UUID) -> int:
    row = await tx.get(
        """
        SELECT count(*) AS lent FROM pairs
        WHERE mentor_institution_id = $1 AND mentee_institution_id = $2 AND place IS NOT NULL
        """,
        lender_id,
        borrower_id,
    )
    return row["lent"]


async def list_ledger(tx: Transaction, institution_id: UUID) -> list[LedgerLine]:
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


# People and institutions.


def add_institution(tx: Transaction, institution_id: UUID) -> None:
    tx.later("INSERT INTO institutions (institution_id) VALUES ($1)", institution_id)


async def find_institution_for_update(tx: Transaction, institution_id: UUID) -> bool:
    sql: LiteralString = "SELECT 1 FROM institutions WHERE institution_id = $1 FOR UPDATE"
    return await tx.find(sql, institution_id) is not None


async def find_institution_for_share(tx: Transaction, institution_id: UUID) -> bool:
    sql: LiteralString = "SELECT 1 FROM institutions WHERE institution_id = $1 FOR SHARE"
    return await tx.find(sql, institution_id) is not None


def add_person(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    tx.later(
        "INSERT INTO people (institution_id, person_id, status) VALUES ($1, $2, 'here')", institution_id, person_id
    )


async def find_person_for_update(tx: Transaction, institution_id: UUID, person_id: UUID) -> Person | None:
    row = await tx.find(
        "SELECT " + _PERSON + " FROM people WHERE institution_id = $1 AND person_id = $2 FOR UPDATE",
        institution_id,
        person_id,
    )
    return None if row is None else _person(row)


async def list_people_for_share(tx: Transaction, institution_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Person]:
    rows = await tx.fetch(
        "SELECT "
        + _PERSON
        + " FROM people WHERE institution_id = $1 AND person_id = ANY($2::uuid[]) ORDER BY person_id FOR SHARE",
        institution_id,
        ids,
    )
    return {row["person_id"]: _person(row) for row in rows}


async def list_mentors_of_for_update(tx: Transaction, institution_id: UUID) -> list[UUID]:
    rows = await tx.fetch(
        "SELECT person_id FROM people WHERE institution_id = $1 AND is_mentor ORDER BY person_id FOR UPDATE",
        institution_id,
    )
    return [row["person_id"] for row in rows]


async def save_status(tx: Transaction, institution_id: UUID, person_id: UUID, status: Status) -> None:
    await tx.execute(
        "UPDATE people SET status = $3 WHERE institution_id = $1 AND person_id = $2", institution_id, person_id, status
    )


async def save_mentor(
    tx: Transaction, institution_id: UUID, person_id: UUID, specialty: str | None, places: int, shared_places: int
) -> None:
    await tx.execute(
        """
        UPDATE people SET is_mentor = true, specialty = $3, places = $4, shared_places = $5
        WHERE institution_id = $1 AND person_id = $2
        """,
        institution_id,
        person_id,
        specialty,
        places,
        shared_places,
    )


async def save_mentee(tx: Transaction, institution_id: UUID, person_id: UUID, *, is_mentee: bool) -> None:
    await tx.execute(
        "UPDATE people SET is_mentee = $3 WHERE institution_id = $1 AND person_id = $2",
        institution_id,
        person_id,
        is_mentee,
    )


async def save_no_mentor(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    await tx.execute(
        """
        UPDATE people SET is_mentor = false, specialty = NULL, places = 0, shared_places = 0
        WHERE institution_id = $1 AND person_id = $2
        """,
        institution_id,
        person_id,
    )


# Agreements and the cards that follow from them.


async def add_agreement(tx: Transaction, agreement: Agreement) -> None:
    await tx.execute(
        """
        INSERT INTO agreements (agreement_id, lender_institution_id, borrower_institution_id, cap, starts_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        agreement.agreement_id,
        agreement.lender_institution_id,
        agreement.borrower_institution_id,
        agreement.cap,
        agreement.starts_at,
        agreement.ends_at,
    )


async def end_agreement(tx: Transaction, agreement_id: UUID, reason: str, now: datetime) -> None:
    await tx.execute(
        "UPDATE agreements SET ended_at = $3, ended_reason = $2 WHERE agreement_id = $1", agreement_id, reason, now
    )


_IN_FORCE: Final[LiteralString] = """
    SELECT cap FROM agreements
    WHERE lender_institution_id = $1 AND borrower_institution_id = $2 AND ended_at IS NULL
      AND starts_at <= $3 AND (ends_at IS NULL OR ends_at > $3)
    ORDER BY agreement_id
"""


async def list_caps(tx: Transaction, lender_id: UUID, borrower_id: UUID, now: datetime) -> list[int | None]:
    return [row["cap"] for row in await tx.fetch(_IN_FORCE, lender_id, borrower_id, now)]


async def list_caps_for_update(tx: Transaction, lender_id: UUID, borrower_id: UUID, now: datetime) -> list[int | None]:
    return [row["cap"] for row in await tx.fetch(_IN_FORCE + " FOR UPDATE", lender_id, borrower_id, now)]


async def find_card_for_share(tx: Transaction, institution_id: UUID, mentor_id: UUID, now: datetime) -> Card | None:
    row = await tx.find(
        """
        SELECT mentor_id, home_institution_id, away, free_places, free_shared_places FROM mentor_cards
        WHERE institution_id = $1 AND mentor_id = $2 AND starts_at <= $3 AND (ends_at IS NULL OR ends_at > $3)
        ORDER BY agreement_id LIMIT 1 FOR SHARE
        """,
        institution_id,
        mentor_id,
        now,
    )
    return None if row is None else Card(**row)


async def save_cards(tx: Transaction, mentor_ids: Sequence[UUID]) -> None:
    """Write these mentors' cards as they should be; read after their rows are locked."""
    await tx.execute(
        """
        INSERT INTO mentor_cards (institution_id, agreement_id, mentor_id, home_institution_id, specialty, away,
            free_places, free_shared_places, starts_at, ends_at)
        SELECT a.borrower_institution_id, a.agreement_id, p.person_id, p.institution_id, p.specialty,
            p.status = 'on_leave', greatest(p.places - taken.places, 0),
            greatest(p.shared_places - taken.shared_places, 0), a.starts_at, a.ends_at
        FROM people p
        JOIN agreements a ON a.lender_institution_id = p.institution_id AND a.ended_at IS NULL
        CROSS JOIN LATERAL (
            SELECT count(*) AS places, count(shared_place) AS shared_places FROM pairs
            WHERE mentor_institution_id = p.institution_id AND mentor_id = p.person_id AND place IS NOT NULL
        ) taken
        WHERE p.person_id = ANY($1::uuid[]) AND p.is_mentor AND p.status IN ('here', 'on_leave') AND p.shared_places > 0
        ORDER BY p.person_id, a.agreement_id
        ON CONFLICT (institution_id, mentor_id, agreement_id) DO UPDATE
        SET specialty = EXCLUDED.specialty, away = EXCLUDED.away, free_places = EXCLUDED.free_places,
            free_shared_places = EXCLUDED.free_shared_places
        """,
        mentor_ids,
    )


async def delete_cards(tx: Transaction, mentor_ids: Sequence[UUID]) -> None:
    """Delete these mentors' cards where they are lent no more."""
    await tx.execute(
        """
        DELETE FROM mentor_cards c USING people p
        WHERE c.mentor_id = ANY($1::uuid[]) AND p.person_id = c.mentor_id AND p.institution_id = c.home_institution_id
          AND NOT (p.is_mentor AND p.status IN ('here', 'on_leave') AND p.shared_places > 0)
        """,
        mentor_ids,
    )


async def delete_cards_of_agreement(tx: Transaction, agreement_id: UUID) -> None:
    await tx.execute("DELETE FROM mentor_cards WHERE agreement_id = $1", agreement_id)


async def list_mentors(
    tx: Transaction, institution_id: UUID, after: UUID | None, limit: int, now: datetime
) -> list[ListedMentor]:
    """The institution's own mentors and those lent to it, who are here and have a place free; by id."""
    rows = await tx.fetch(
        """
        SELECT mentor_id, institution_id, specialty, free_places FROM (
            SELECT p.person_id AS mentor_id, p.institution_id, p.specialty, p.places - (
                SELECT count(*) FROM pairs
                WHERE mentor_institution_id = p.institution_id AND mentor_id = p.person_id AND place IS NOT NULL
            ) AS free_places
            FROM people p WHERE p.institution_id = $1 AND p.is_mentor AND p.status = 'here'
            UNION ALL
            SELECT DISTINCT ON (mentor_id) mentor_id, home_institution_id, specialty,
                least(free_places, free_shared_places)
            FROM mentor_cards
            WHERE institution_id = $1 AND NOT away AND starts_at <= $4 AND (ends_at IS NULL OR ends_at > $4)
        ) mentors
        WHERE free_places > 0 AND ($2::uuid IS NULL OR mentor_id > $2)
        ORDER BY mentor_id LIMIT $3
        """,
        institution_id,
        after,
        limit,
        now,
    )
    return [ListedMentor(**row) for row in rows]


def _pair(row: Row | None) -> Pair:
    if row is None:
        raise PairNotFound
    return Pair(**row)


def _person(row: Row) -> Person:
    return Person(**row)
