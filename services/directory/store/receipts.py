"""SQL about receipts of erasures, and about erasures as administrators see them; one function, one statement."""

from datetime import datetime, timedelta
from typing import Final, LiteralString
from uuid import UUID

from services.directory.domain.receipts import Erasure
from shared.platform.database import Row, Transaction

# Who was erased, and who is to be when the last legal hold on them is released.
_ERASURES: Final[LiteralString] = """
    SELECT * FROM (
        SELECT e.institution_id, e.person_id, e.reason, e.erased_by AS asked_by, e.erased_at AS asked_at, e.erased_at,
            e.completed_at AS contacts_gone_at, e.awaits,
            ARRAY(
                SELECT r.done_at FROM unnest(e.awaits) WITH ORDINALITY AS awaited (service, place)
                LEFT JOIN erasure_receipts r ON r.service = awaited.service
                    AND r.institution_id = e.institution_id AND r.person_id = e.person_id
                ORDER BY awaited.place
            ) AS done_at
        FROM erasures e
        UNION ALL
        SELECT institution_id, person_id, reason, asked_by, asked_at, NULL, NULL, '{}', '{}' FROM delayed_erasures
    ) every
"""


async def find_erasure(tx: Transaction, institution_id: UUID, person_id: UUID) -> Erasure | None:
    """Somebody's erasure, with the receipts that came; or None."""
    row = await tx.find(_ERASURES + "WHERE institution_id = $1 AND person_id = $2", institution_id, person_id)
    return None if row is None else _erasure(row)


async def list_erasures(
    tx: Transaction, institution_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[Erasure]:
    """An institution's erasures, the latest that was asked for first."""
    rows = await tx.fetch(
        _ERASURES
        + """
        WHERE institution_id = $1 AND ($2::timestamptz IS NULL OR (asked_at, person_id) < ($2, $3::uuid))
        ORDER BY asked_at DESC, person_id DESC LIMIT $4
        """,
        institution_id,
        *(after or (None, None)),
        limit,
    )
    return [_erasure(row) for row in rows]


async def lock_erasure(tx: Transaction, institution_id: UUID, person_id: UUID) -> bool:
    """Whether there is such an erasure; of two last receipts the second sees the first."""
    row = await tx.find(
        "SELECT FROM erasures WHERE institution_id = $1 AND person_id = $2 FOR UPDATE", institution_id, person_id
    )
    return row is not None


async def add_receipt(tx: Transaction, institution_id: UUID, person_id: UUID, service: str, done_at: datetime) -> None:
    """Record that a service has erased; its first word counts."""
    await tx.execute(
        """
        INSERT INTO erasure_receipts (institution_id, person_id, service, done_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """,
        institution_id,
        person_id,
        service,
        done_at,
    )


async def save_receipts_complete_at(tx: Transaction, institution_id: UUID, person_id: UUID, at: datetime) -> None:
    """No receipt is missing any more."""
    await tx.execute(
        "UPDATE erasures SET receipts_complete_at = $3 WHERE institution_id = $1 AND person_id = $2",
        institution_id,
        person_id,
        at,
    )


async def find_erasure_of_any_institution(tx: Transaction, person_id: UUID) -> Erasure | None:
    """Somebody's erasure, for the clock, which knows a person alone."""
    row = await tx.find(_ERASURES + "WHERE person_id = $1", person_id)
    return None if row is None else _erasure(row)


async def count_overdue(tx: Transaction, within: timedelta) -> int:
    """How many erasures have waited longer than this for a receipt."""
    row = await tx.get(
        """
        SELECT count(*) AS overdue FROM erasures
        WHERE receipts_complete_at IS NULL AND awaits <> '{}' AND erased_at <= $1
        """,
        tx.now - within,
    )
    return row["overdue"]


def _erasure(row: Row) -> Erasure:
    return Erasure(
        person_id=row["person_id"],
        reason=row["reason"],
        asked_by=row["asked_by"],
        asked_at=row["asked_at"],
        erased_at=row["erased_at"],
        contacts_gone_at=row["contacts_gone_at"],
        receipts=dict(zip(row["awaits"], row["done_at"], strict=True)),
    )
