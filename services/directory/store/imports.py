"""SQL about roster imports; one function, one statement."""

import json
from datetime import datetime
from typing import Final
from uuid import UUID

from services.directory.domain.columns import Taken
from services.directory.domain.imports import ImportSummary, RosterImport, RosterImportNotFound, RowView
from services.directory.domain.sheet import from_text, to_text
from shared.platform.database import Row, Transaction

_IMPORT: Final = """
SELECT institution_id, import_id, imported_by, state, created_at, expires_at, applied_at, revert_until, reverted_at,
       lines, rows, columns, ignored_columns, counts, revision
FROM roster_imports
"""


async def add_roster_import(tx: Transaction, one: RosterImport) -> None:
    """Keep a roster that was sent."""
    await tx.execute(
        """
        INSERT INTO roster_imports (institution_id, import_id, imported_by, state, created_at, expires_at, lines, rows,
                                    columns, ignored_columns, counts, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::jsonb, $12)
        """,
        one.institution_id,
        one.import_id,
        one.imported_by,
        one.state,
        one.created_at,
        one.expires_at,
        to_text(one.lines),
        _rows_to_text(one),
        json.dumps([[taken.column, taken.header, taken.by] for taken in one.columns]),
        one.ignored_columns,
        json.dumps(one.counts),
        one.revision,
    )


async def get_roster_import(tx: Transaction, institution_id: UUID, import_id: UUID) -> RosterImport:
    """One import; raises RosterImportNotFound."""
    return _import(await tx.find(_IMPORT + "WHERE institution_id = $1 AND import_id = $2", institution_id, import_id))


async def list_roster_imports(
    tx: Transaction, institution_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[ImportSummary]:
    """What became of an institution's imports, the latest first; their rows, which may be thousands, stay unread."""
    rows = await tx.fetch(
        """
        SELECT import_id, state, created_at, expires_at, applied_at, revert_until, reverted_at, counts, revision
        FROM roster_imports
        WHERE institution_id = $1 AND ($2::timestamptz IS NULL OR (created_at, import_id) < ($2, $3::uuid))
        ORDER BY created_at DESC, import_id DESC LIMIT $4
        """,
        institution_id,
        *(before or (None, None)),
        limit,
    )
    return [ImportSummary(**{**row, "counts": json.loads(row["counts"])}) for row in rows]


async def get_roster_import_for_update(tx: Transaction, institution_id: UUID, import_id: UUID) -> RosterImport:
    """One import, locked; raises RosterImportNotFound."""
    return _import(
        await tx.find(_IMPORT + "WHERE institution_id = $1 AND import_id = $2 FOR UPDATE", institution_id, import_id)
    )


async def get_roster_import_of_any_institution(tx: Transaction, import_id: UUID) -> RosterImport:
    """For the timer, which knows no institution; the timer pass has locked the row."""
    return _import(await tx.find(_IMPORT + "WHERE import_id = $1", import_id))


async def save_roster_import(tx: Transaction, one: RosterImport) -> None:
    """Keep how an import stands now."""
    await tx.execute(
        """
        UPDATE roster_imports
        SET state = $3, applied_at = $4, revert_until = $5, reverted_at = $6, lines = $7, rows = $8,
            counts = $9::text::jsonb, revision = $10
        WHERE institution_id = $1 AND import_id = $2
        """,
        one.institution_id,
        one.import_id,
        one.state,
        one.applied_at,
        one.revert_until,
        one.reverted_at,
        to_text(one.lines) if one.lines else None,
        _rows_to_text(one),
        json.dumps(one.counts),
        one.revision,
    )


async def find_columns(tx: Transaction, institution_id: UUID) -> dict[str, str]:
    """The headers of the roster that an institution imported last, by column; none where there was none."""
    row = await tx.find("SELECT headers FROM roster_columns WHERE institution_id = $1", institution_id)
    return {} if row is None else json.loads(row["headers"])


async def save_columns(tx: Transaction, one: RosterImport) -> None:
    """Remember which headers an import had for which columns."""
    await tx.execute(
        """
        INSERT INTO roster_columns (institution_id, headers) VALUES ($1, $2)
        ON CONFLICT (institution_id) DO UPDATE SET headers = EXCLUDED.headers
        """,
        one.institution_id,
        json.dumps({taken.column: taken.header for taken in one.columns}),
    )


async def list_roster_imports_with_rows_for_update(tx: Transaction, institution_id: UUID) -> list[RosterImport]:
    """The imports of an institution that still hold something of people, locked."""
    rows = await tx.fetch(
        _IMPORT + "WHERE institution_id = $1 AND rows IS NOT NULL ORDER BY import_id FOR UPDATE", institution_id
    )
    return [_import(row) for row in rows]


def _import(row: Row | None) -> RosterImport:
    if row is None:
        raise RosterImportNotFound
    return RosterImport(
        import_id=row["import_id"],
        institution_id=row["institution_id"],
        imported_by=row["imported_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        lines=from_text(row["lines"] or "[]"),
        columns=tuple(Taken(column, header, by) for column, header, by in json.loads(row["columns"])),
        ignored_columns=tuple(row["ignored_columns"]),
        rows=tuple(
            RowView(number, kind, external_id, reason, tuple(changes), tuple(map(UUID, candidates)))
            for number, kind, external_id, reason, changes, *candidates in json.loads(row["rows"] or "[]")
        ),
        counts=json.loads(row["counts"]),
        state=row["state"],
        applied_at=row["applied_at"],
        revert_until=row["revert_until"],
        reverted_at=row["reverted_at"],
        revision=row["revision"],
    )


def _rows_to_text(one: RosterImport) -> str | None:
    rows = [
        [row.row, row.kind, row.external_id, row.reason, row.changes, *map(str, row.candidates)] for row in one.rows
    ]
    return json.dumps(rows) if rows else None
