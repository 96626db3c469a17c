"""The statements about concerns and whom they reach; one function, one statement; refuses to hold a rule."""

from datetime import datetime
from uuid import UUID

from services.pairing.domain.concern import Concern, ConcernContact
from shared.platform.database import Transaction


async def save_contact(
    tx: Transaction, institution_id: UUID, person_id: UUID, named_by: UUID, now: datetime
) -> ConcernContact | None:
    """Whom the institution's concerns reach from now on; None where nobody with this id is here."""
    row = await tx.find(
        """
        INSERT INTO concern_contacts (institution_id, person_id, named_by, named_at)
        SELECT institution_id, person_id, $3, $4 FROM people
        WHERE institution_id = $1 AND person_id = $2 AND status = 'here'
        ON CONFLICT (institution_id) DO UPDATE
        SET person_id = EXCLUDED.person_id, named_by = EXCLUDED.named_by, named_at = EXCLUDED.named_at
        RETURNING institution_id, person_id, named_at
        """,
        institution_id,
        person_id,
        named_by,
        now,
    )
    return None if row is None else ConcernContact(**row)


async def find_contact(tx: Transaction, institution_id: UUID) -> ConcernContact | None:
    """Whom the institution's concerns reach; None where nobody was named, or who was is not here."""
    row = await tx.find(
        """
        SELECT c.institution_id, c.person_id, c.named_at
        FROM concern_contacts c JOIN people p USING (institution_id, person_id)
        WHERE c.institution_id = $1 AND p.status = 'here'
        """,
        institution_id,
    )
    return None if row is None else ConcernContact(**row)


async def add_concern(tx: Transaction, concern: Concern) -> None:
    """A concern as it was raised."""
    await tx.execute(
        """
        INSERT INTO concerns (concern_id, institution_id, pair_id, person_id, about_id, contact_id, words, raised_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        concern.concern_id,
        concern.institution_id,
        concern.pair_id,
        concern.person_id,
        concern.about_id,
        concern.contact_id,
        concern.words,
        concern.raised_at,
    )


async def list_concerns(
    tx: Transaction, person_id: UUID, after: tuple[datetime, UUID] | None, limit: int | None
) -> list[Concern]:
    """What somebody raised, and what reached them, newest first."""
    raised_at, concern_id = after or (None, None)
    rows = await tx.fetch(
        """
        SELECT concern_id, institution_id, pair_id, person_id, about_id, contact_id, words, raised_at FROM concerns
        WHERE (person_id = $1 OR contact_id = $1)
          AND ($2::timestamptz IS NULL OR (raised_at, concern_id) < ($2, $3::uuid))
        ORDER BY raised_at DESC, concern_id DESC LIMIT $4
        """,
        person_id,
        raised_at,
        concern_id,
        limit,
    )
    return [Concern(**row) for row in rows]


async def delete_concerns_of(tx: Transaction, person_id: UUID) -> None:
    """What a person raised, what was raised about them, and what reached them alone."""
    await tx.execute("DELETE FROM concerns WHERE person_id = $1 OR about_id = $1 OR contact_id = $1", person_id)


async def delete_concerns_of_pair(tx: Transaction, pair_id: UUID) -> None:
    """What the two of a pair raised about each other."""
    await tx.execute("DELETE FROM concerns WHERE pair_id = $1", pair_id)


async def delete_contact(tx: Transaction, person_id: UUID) -> None:
    """A person is nobody's contact any more."""
    await tx.execute("DELETE FROM concern_contacts WHERE person_id = $1", person_id)
