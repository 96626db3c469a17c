"""The statements about pairs under an agreement that ends, and about who waits first; one function, one statement."""

from datetime import datetime
from uuid import UUID

from services.pairing.domain.leaving import FirstWaiting, Leaving, LeavingNotFound
from services.pairing.domain.pair import Pair
from shared.platform.database import Transaction


async def find_term_end(tx: Transaction, agreement_id: UUID) -> datetime | None:
    """The end that an agreement had before notice was given to it."""
    row = await tx.find("SELECT term_ends_at FROM agreements WHERE agreement_id = $1", agreement_id)
    return None if row is None else row["term_ends_at"]


async def list_lent_pair_ids(tx: Transaction, lender_id: UUID, borrower_id: UUID) -> list[UUID]:
    """The pairs that hold a place between the two, of which nobody was asked yet whether they go on; in order of id."""
    rows = await tx.fetch(
        """
        SELECT pair_id FROM pairs
        WHERE mentor_institution_id = $1 AND mentee_institution_id = $2 AND shared_place IS NOT NULL
          AND NOT EXISTS (SELECT FROM leavings WHERE leavings.pair_id = pairs.pair_id)
        ORDER BY pair_id
        """,
        lender_id,
        borrower_id,
    )
    return [row["pair_id"] for row in rows]


async def add_leaving(tx: Transaction, leaving: Leaving) -> None:
    """Keep that the two of a pair, which is locked, are asked."""
    await tx.execute(
        """
        INSERT INTO leavings (pair_id, agreement_id, mentor_institution_id, mentee_institution_id, decide_by,
            goes_on_until, stand)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        leaving.pair_id,
        leaving.agreement_id,
        leaving.mentor_institution_id,
        leaving.mentee_institution_id,
        leaving.decide_by,
        leaving.goes_on_until,
        leaving.stand,
    )


async def get_leaving(tx: Transaction, pair_id: UUID) -> Leaving:
    """What the two of a pair were asked; raises LeavingNotFound."""
    row = await tx.find(
        """
        SELECT pair_id, agreement_id, mentor_institution_id, mentee_institution_id, decide_by, goes_on_until, stand,
            agreed_by
        FROM leavings WHERE pair_id = $1
        """,
        pair_id,
    )
    if row is None:
        raise LeavingNotFound
    return Leaving(**row)


async def list_leavings(
    tx: Transaction, person_id: UUID, after: tuple[datetime, UUID] | None, limit: int | None, *, administers: bool
) -> list[Leaving]:
    """By the end of the notice; of one person, and for who administers also whatever the wall shows of other people."""
    rows = await tx.fetch(
        """
        SELECT l.pair_id, l.agreement_id, l.mentor_institution_id, l.mentee_institution_id, l.decide_by,
            l.goes_on_until, l.stand, l.agreed_by
        FROM leavings l JOIN pairs p USING (pair_id)
        WHERE ($1 IN (p.mentor_id, p.mentee_id) OR ($5 AND (p.cut_off_at IS NULL OR p.cut_off_at > $6)))
          AND ($2::timestamptz IS NULL OR (l.decide_by, l.pair_id) > ($2, $3::uuid))
        ORDER BY l.decide_by, l.pair_id LIMIT $4
        """,
        person_id,
        *(after or (None, None)),
        limit,
        administers,
        tx.now,
    )
    return [Leaving(**row) for row in rows]


async def save_leaving(tx: Transaction, leaving: Leaving) -> None:
    """How the question stands, of a pair that is locked."""
    await tx.execute(
        "UPDATE leavings SET stand = $2, agreed_by = $3 WHERE pair_id = $1",
        leaving.pair_id,
        leaving.stand,
        leaving.agreed_by,
    )


async def add_first_waiting(tx: Transaction, pair: Pair, since: datetime) -> None:
    """A mentee whose pair a notice ended waits first; of two such pairs the earlier end counts."""
    await tx.execute(
        """
        INSERT INTO first_waiting (institution_id, mentee_id, since, pair_id) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """,
        pair.mentee_institution_id,
        pair.mentee_id,
        since,
        pair.pair_id,
    )


async def delete_first_waiting(tx: Transaction, institution_id: UUID, mentee_id: UUID) -> None:
    """Somebody is erased."""
    await tx.execute(
        "DELETE FROM first_waiting WHERE institution_id = $1 AND mentee_id = $2", institution_id, mentee_id
    )


async def list_first_waiting(
    tx: Transaction, institution_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[FirstWaiting]:
    """An institution's mentees who wait first, the longest first; whoever heard a yes since then waits no longer."""
    rows = await tx.fetch(
        """
        SELECT w.mentee_id, w.since, w.pair_id FROM first_waiting w
        JOIN people p ON p.institution_id = w.institution_id AND p.person_id = w.mentee_id
        WHERE w.institution_id = $1 AND p.is_mentee AND p.status IN ('here', 'on_leave')
          AND ($2::timestamptz IS NULL OR (w.since, w.mentee_id) > ($2, $3::uuid))
          AND NOT EXISTS (
            SELECT FROM pairs x WHERE x.mentee_id = w.mentee_id AND x.accepted_at >= w.since AND x.pair_id <> w.pair_id
        )
        ORDER BY w.since, w.mentee_id LIMIT $4
        """,
        institution_id,
        *(after or (None, None)),
        limit,
    )
    return [FirstWaiting(**row) for row in rows]
