"""SQL about legal holds and the erasures that they delay; one function, one statement."""

from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from services.directory.domain.holds import Hold, HoldNotFound
from services.directory.domain.people import ErasureReason
from shared.platform.database import Row, Transaction

_HOLD: Final[LiteralString] = """
    SELECT hold_id, institution_id, person_id, ground, tell_person, recorded_by, recorded_at, released_by, released_at
    FROM legal_holds
"""


async def add_hold(tx: Transaction, hold: Hold) -> None:
    """Keep a hold on somebody who is locked."""
    await tx.execute(
        """
        INSERT INTO legal_holds (hold_id, institution_id, person_id, ground, tell_person, recorded_by, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        hold.hold_id,
        hold.institution_id,
        hold.person_id,
        hold.ground,
        hold.tell_person,
        hold.recorded_by,
        hold.recorded_at,
    )


async def save_release(tx: Transaction, hold: Hold) -> None:
    """Keep by whom and when a hold was released."""
    await tx.execute(
        "UPDATE legal_holds SET released_by = $3, released_at = $4 WHERE institution_id = $1 AND hold_id = $2",
        hold.institution_id,
        hold.hold_id,
        hold.released_by,
        hold.released_at,
    )


async def get_hold(tx: Transaction, institution_id: UUID, hold_id: UUID) -> Hold:
    """One hold; raises HoldNotFound."""
    row = await tx.find(_HOLD + "WHERE institution_id = $1 AND hold_id = $2", institution_id, hold_id)
    if row is None:
        raise HoldNotFound
    return _hold(row)


async def list_open_holds(tx: Transaction, institution_id: UUID, person_id: UUID) -> list[Hold]:
    """What holds somebody now."""
    rows = await tx.fetch(
        _HOLD + "WHERE institution_id = $1 AND person_id = $2 AND released_at IS NULL ORDER BY recorded_at, hold_id",
        institution_id,
        person_id,
    )
    return [_hold(row) for row in rows]


async def list_holds(
    tx: Transaction, institution_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[Hold]:
    """An institution's holds, the latest first."""
    rows = await tx.fetch(
        _HOLD
        + """
        WHERE institution_id = $1 AND ($2::timestamptz IS NULL OR (recorded_at, hold_id) < ($2, $3::uuid))
        ORDER BY recorded_at DESC, hold_id DESC LIMIT $4
        """,
        institution_id,
        *(after or (None, None)),
        limit,
    )
    return [_hold(row) for row in rows]


async def add_delayed_erasure(
    tx: Transaction, institution_id: UUID, person_id: UUID, *, reason: ErasureReason, asked_by: UUID
) -> None:
    """Keep that somebody is to be erased as soon as nothing holds them; the first asking counts."""
    await tx.execute(
        """
        INSERT INTO delayed_erasures (institution_id, person_id, reason, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING
        """,
        institution_id,
        person_id,
        reason,
        asked_by,
        tx.now,
    )


async def find_delayed_since(tx: Transaction, institution_id: UUID, person_id: UUID) -> datetime | None:
    """Since when an erasure waits for the end of what holds somebody."""
    row = await tx.find(
        "SELECT asked_at FROM delayed_erasures WHERE institution_id = $1 AND person_id = $2", institution_id, person_id
    )
    return None if row is None else row["asked_at"]


async def take_delayed_erasure(
    tx: Transaction, institution_id: UUID, person_id: UUID
) -> tuple[ErasureReason, UUID] | None:
    """Why somebody is to be erased and who asked for it, which is to be done now; or None."""
    row = await tx.find(
        """
        DELETE FROM delayed_erasures WHERE institution_id = $1 AND person_id = $2 RETURNING reason, asked_by
        """,
        institution_id,
        person_id,
    )
    return None if row is None else (row["reason"], row["asked_by"])


def _hold(row: Row) -> Hold:
    return Hold(**dict(row))
