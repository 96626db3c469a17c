"""The statements about agreements and the cards that follow from them; one function, one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from services.pairing.domain import Agreement, Card, Lending, Limit, ListedMentor
from shared.platform.database import Row, Transaction


async def add_agreement(tx: Transaction, agreement: Agreement) -> None:
    """Keep a signed agreement."""
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


async def save_notice(tx: Transaction, agreement_id: UUID, ends_at: datetime) -> None:
    """Notice was given, and this is when it ends."""
    await tx.execute(
        "UPDATE agreements SET term_ends_at = ends_at, ends_at = $2, is_ending = true WHERE agreement_id = $1",
        agreement_id,
        ends_at,
    )


async def end_agreement(tx: Transaction, agreement_id: UUID, reason: str, now: datetime) -> None:
    """Nothing new is lent under it from now on."""
    await tx.execute(
        "UPDATE agreements SET ended_at = $3, ended_reason = $2 WHERE agreement_id = $1", agreement_id, reason, now
    )


_IN_FORCE: Final[LiteralString] = """
    SELECT cap, is_ending FROM agreements
    WHERE lender_institution_id = $1 AND borrower_institution_id = $2 AND ended_at IS NULL
      AND starts_at <= $3 AND (ends_at IS NULL OR ends_at > $3)
    ORDER BY agreement_id
"""


async def get_lending(tx: Transaction, lender_id: UUID, borrower_id: UUID, now: datetime) -> Lending:
    """What bounds cross pairs one way, as it stands."""
    agreements = await tx.fetch(_IN_FORCE, lender_id, borrower_id, now)
    return await _counted(tx, lender_id, borrower_id, agreements)


async def get_lending_for_update(tx: Transaction, lender_id: UUID, borrower_id: UUID, now: datetime) -> Lending:
    """The same, locked and then counted, so that nobody else takes what is counted here before this commits."""
    await tx.execute("SELECT lock_lending($1, $2)", lender_id, borrower_id)
    agreements = await tx.fetch(_IN_FORCE + " FOR UPDATE", lender_id, borrower_id, now)
    return await _counted(tx, lender_id, borrower_id, agreements)


async def _counted(tx: Transaction, lender_id: UUID, borrower_id: UUID, agreements: Sequence[Row]) -> Lending:
    row = await tx.get(
        "SELECT between_them, lend_cap, lent, borrow_cap, borrowed FROM count_lending($1, $2)", lender_id, borrower_id
    )
    return Lending(
        tuple(Limit(agreement["cap"], row["between_them"]) for agreement in agreements if not agreement["is_ending"]),
        Limit(row["lend_cap"], row["lent"]),
        Limit(row["borrow_cap"], row["borrowed"]),
        is_ending=any(agreement["is_ending"] for agreement in agreements),
    )


async def find_card_for_share(tx: Transaction, institution_id: UUID, mentor_id: UUID, now: datetime) -> Card | None:
    """What the institution may know of a mentor lent to it now, kept as it is until the end of the transaction."""
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


async def list_cards_for_share(
    tx: Transaction, institution_id: UUID, mentor_ids: Sequence[UUID], now: datetime
) -> dict[UUID, Card]:
    """The same of several mentors."""
    rows = await tx.fetch(
        """
        SELECT mentor_id, home_institution_id, away, free_places, free_shared_places FROM mentor_cards
        WHERE institution_id = $1 AND mentor_id = ANY($2::uuid[]) AND starts_at <= $3
          AND (ends_at IS NULL OR ends_at > $3)
        ORDER BY mentor_id, agreement_id FOR SHARE
        """,
        institution_id,
        mentor_ids,
        now,
    )
    return {row["mentor_id"]: Card(**row) for row in reversed(rows)}  # of several agreements the first


async def find_card(tx: Transaction, institution_id: UUID, mentor_id: UUID, now: datetime) -> Card | None:
    """What the institution may know of a mentor lent to it now; for who holds what else keeps it true."""
    row = await tx.find(
        """
        SELECT mentor_id, home_institution_id, away, free_places, free_shared_places FROM mentor_cards
        WHERE institution_id = $1 AND mentor_id = $2 AND starts_at <= $3 AND (ends_at IS NULL OR ends_at > $3)
        ORDER BY agreement_id LIMIT 1
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
            free_places, free_shared_places, starts_at, ends_at, introduces_in, languages)
        SELECT a.borrower_institution_id, a.agreement_id, p.person_id, p.institution_id, p.specialty,
            p.status = 'on_leave' OR NOT p.accepting, greatest(p.places - taken.places, 0),
            greatest(p.shared_places - taken.shared_places, 0), a.starts_at, a.ends_at, p.introduces_in,
            p.languages
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
            free_shared_places = EXCLUDED.free_shared_places, introduces_in = EXCLUDED.introduces_in,
            languages = EXCLUDED.languages
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


async def end_cards_of_agreement(tx: Transaction, agreement_id: UUID, ends_at: datetime) -> None:
    """Nobody is lent under it from that instant on, whenever its end is heard of."""
    await tx.execute("UPDATE mentor_cards SET ends_at = $2 WHERE agreement_id = $1", agreement_id, ends_at)


async def delete_cards_of_agreement(tx: Transaction, agreement_id: UUID) -> None:
    """Nobody is lent under it any more."""
    await tx.execute("DELETE FROM mentor_cards WHERE agreement_id = $1", agreement_id)


# Nobody to oneself, and nobody whom a conflict of interest makes impossible for the mentee, if there is one.
_POSSIBLE: Final[LiteralString] = """
    mentor.free_places > 0 AND mentor.mentor_id > $2 AND mentor.mentor_id IS DISTINCT FROM $5::uuid
    AND NOT EXISTS (
        SELECT FROM people e JOIN duties d ON d.institution_id = e.institution_id AND d.programme = e.programme
        WHERE e.person_id = $5 AND d.person_id = mentor.mentor_id
          AND NOT only_warns(d.duty, d.institution_id, d.institution_id)
    ) AND NOT EXISTS (
        SELECT FROM conflicts c WHERE c.withdrawn_at IS NULL AND $5 IS NOT NULL
          AND NOT only_warns(c.kind, c.mentor_institution_id, c.mentee_institution_id)
          AND least(c.mentor_id, c.mentee_id) = least(mentor.mentor_id, $5)
          AND greatest(c.mentor_id, c.mentee_id) = greatest(mentor.mentor_id, $5)
    )
"""
# Each part reads a page in the order of its own index; the two together would be read and sorted to the last row.
_LISTED: Final[LiteralString] = (
    """
    SELECT mentor_id, institution_id, specialty, free_places, introduces_in, languages FROM (
        (SELECT mentor.* FROM (
            SELECT p.person_id AS mentor_id, p.institution_id, p.specialty, p.introduces_in, p.languages, p.places - (
                SELECT count(*) FROM pairs
                WHERE mentor_institution_id = p.institution_id AND mentor_id = p.person_id AND place IS NOT NULL
            ) AS free_places
            FROM people p WHERE p.institution_id = $1 AND p.is_mentor AND p.status = 'here' AND p.accepting
        ) mentor WHERE """
    + _POSSIBLE
    + """ ORDER BY mentor_id LIMIT $3)
        UNION ALL
        (SELECT DISTINCT ON (mentor_id) mentor.* FROM (
            SELECT mentor_id, home_institution_id, specialty, introduces_in, languages,
                least(free_places, free_shared_places) AS free_places
            FROM mentor_cards
            WHERE institution_id = $1 AND NOT away AND starts_at <= $4 AND (ends_at IS NULL OR ends_at > $4)
        ) mentor WHERE """
    + _POSSIBLE
    + """ ORDER BY mentor_id LIMIT $3)
    ) mentors ORDER BY mentor_id LIMIT $3
    """
)


async def list_mentors(
    tx: Transaction, institution_id: UUID, mentee_id: UUID | None, after: UUID | None, limit: int, now: datetime
) -> list[ListedMentor]:
    """The institution's own mentors and those lent to it, who are here and have a place free; by id.

    With a mentee, without whom a conflict of interest makes impossible.
    """
    rows = await tx.fetch(
        _LISTED,
        institution_id,
        after or UUID(int=0),
        limit,
        now,
        mentee_id,
    )
    return [ListedMentor(**row) for row in rows]
