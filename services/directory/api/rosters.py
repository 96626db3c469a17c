"""Roster files over HTTP: a preview first, which changes nobody, then its rows, all or the good ones."""

from collections.abc import Sequence
from typing import Final, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.directory import use_cases
from services.directory.api.fields import ExternalId, ReadKeys
from services.directory.domain.imports import (
    RosterAlreadyApplied,
    RosterExpired,
    RosterHasErrors,
    RosterImport,
    RosterImportNotFound,
    Rows,
    State,
)
from services.directory.domain.people import ErasedPersonNotFound
from services.directory.domain.roster import Kind
from services.directory.domain.sheet import (
    DuplicateColumn,
    MissingColumn,
    TooManyRows,
    UnreadableRoster,
    WrongEncoding,
)
from services.directory.domain.workbook import MergedCells, SeveralSheets, UnreadableWorkbook
from shared.platform.http import MIB, Form, Me, RawBody, Routes, Tx, problems

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ApplyForm(Form):
    """`all` imports the file only if no row has an error; `good` leaves the rows with errors out."""

    rows: Rows


class ReadmissionForm(Form):
    """The id that the hospital gave the person, who was erased with it before."""

    external_id: ExternalId


class RowView(BaseModel):
    """What one row does: `row` is its number in the spreadsheet, where the header is row 1.

    `reason` is an error's code; `changes` names the columns that differ from what is known.
    """

    row: int
    kind: Kind
    external_id: str
    reason: str | None
    changes: Sequence[str]


class CountsView(BaseModel):
    """How many rows of each kind there are."""

    new: int
    changed: int
    same: int
    error: int


class RosterImportView(BaseModel):
    """A roster file that was sent; its rows are shown, and may be applied, for 24 hours."""

    import_id: UUID
    state: State
    created_at: AwareDatetime
    expires_at: AwareDatetime
    applied_at: AwareDatetime | None
    ignored_columns: Sequence[str]
    counts: CountsView
    rows: Sequence[RowView]
    revision: int

    @classmethod
    def of(cls, draft: RosterImport) -> Self:
        """The import as its institution's administrators see it."""
        return cls.model_validate(
            {
                **{name: getattr(draft, name) for name in cls.model_fields if name not in {"counts", "rows"}},
                "counts": draft.counts,
                "rows": [vars(row) for row in draft.rows],
            }
        )


def make_routes(keys: ReadKeys) -> Routes:
    """The operations, with the keys of their process."""
    routes = Routes("directory")

    @routes.post(
        "/roster-imports",
        status_code=201,
        accepts=(CSV, XLSX),
        max_body_bytes=10 * MIB,
        responses=problems(
            WrongEncoding,
            UnreadableRoster,
            UnreadableWorkbook,
            SeveralSheets,
            MergedCells,
            MissingColumn,
            DuplicateColumn,
            TooManyRows,
        ),
    )
    async def preview_roster(content: RawBody, me: Me, tx: Tx) -> RosterImportView:
        """Send a roster file and see what each of its rows would do; nobody is changed yet."""
        return RosterImportView.of(await use_cases.preview_roster(tx, content, me, keys()))

    @routes.get("/roster-imports/{import_id}", responses=problems(RosterImportNotFound))
    async def show_roster_import(import_id: UUID, me: Me, tx: Tx) -> RosterImportView:
        """A roster file that was sent, as it was shown last."""
        return RosterImportView.of(await use_cases.get_roster_import(tx, me.institution_id, import_id))

    @routes.post(
        "/roster-imports/{import_id}/apply",
        responses=problems(RosterImportNotFound, RosterAlreadyApplied, RosterExpired, RosterHasErrors),
    )
    async def apply_roster(import_id: UUID, form: ApplyForm, me: Me, tx: Tx) -> RosterImportView:
        """Import a roster's rows, judged anew by what is known now; everything is stored, or nothing."""
        return RosterImportView.of(await use_cases.apply_roster(tx, import_id, form.rows, me, keys()))

    @routes.post("/readmissions", status_code=204, responses=problems(ErasedPersonNotFound))
    async def readmit_person(form: ReadmissionForm, me: Me, tx: Tx) -> None:
        """Let rosters bring somebody again who was erased and is hired anew; they will be somebody new."""
        await use_cases.readmit_person(tx, form.external_id, me, keys())

    return routes
