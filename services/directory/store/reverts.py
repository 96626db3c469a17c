"""SQL about what imports changed of people, kept until they can be taken back no more; one function, one statement."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from services.directory.domain.imports import RosterImport
from services.directory.domain.reverts import Change, Snapshot
from shared.platform.database import Transaction

_SNAPSHOT: Final = TypeAdapter(Snapshot)


async def add_changes(tx: Transaction, one: RosterImport, changes: Sequence[Change]) -> None:
    """Keep what an import made of people."""
    await tx.execute(
        """
        INSERT INTO roster_changes (institution_id, import_id, person_id, row, is_new, before, after)
        SELECT $1, $2, * FROM unnest($3::uuid[], $4::integer[], $5::boolean[], $6::text[], $7::text[])
        """,
        one.institution_id,
        one.import_id,
        [change.person_id for change in changes],
        [change.row for change in changes],
        [change.is_new for change in changes],
        [_to_text(change.before) for change in changes],
        [_to_text(change.after) for change in changes],
    )


async def list_changes(tx: Transaction, one: RosterImport) -> list[Change]:
    """What an import made of people, in the order of its rows."""
    rows = await tx.fetch(
        """
        SELECT person_id, row, is_new, before, after FROM roster_changes
        WHERE institution_id = $1 AND import_id = $2 ORDER BY row
        """,
        one.institution_id,
        one.import_id,
    )
    return [
        Change(row["person_id"], row["row"], row["is_new"], _from_text(row["before"]), _from_text(row["after"]))
        for row in rows
    ]


async def forget_changes(tx: Transaction, one: RosterImport) -> None:
    """Delete what an import made of people."""
    await tx.execute(
        "DELETE FROM roster_changes WHERE institution_id = $1 AND import_id = $2", one.institution_id, one.import_id
    )


async def forget_changes_of_person(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """Keep of somebody who is erased nothing but that imports had changed them."""
    await tx.execute(
        """
        UPDATE roster_changes SET before = NULL, after = NULL WHERE institution_id = $1 AND person_id = $2
        """,
        institution_id,
        person_id,
    )


def _to_text(snapshot: Snapshot | None) -> str | None:
    return None if snapshot is None else _SNAPSHOT.dump_json(snapshot).decode()


def _from_text(kept: str | None) -> Snapshot | None:
    return None if kept is None else _SNAPSHOT.validate_json(kept)
