"""Roster files over HTTP: a preview first, which changes nobody, then its rows, all or the good ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field, field_validator

from services.directory import use_cases
from services.directory.api.fields import ExternalId, ReadKeys
from services.directory.domain.columns import By, DuplicateColumn, HeaderNotFound, MissingColumn
from services.directory.domain.imports import (
    RevertTooLate,
    RosterAlreadyApplied,
    RosterAlreadyReverted,
    RosterExpired,
    RosterHasErrors,
    RosterImport,
    RosterImportNotFound,
    RosterNotApplied,
    Rows,
    State,
)
from services.directory.domain.people import ErasedPersonNotFound
from services.directory.domain.reverts import Finding, Reason
from services.directory.domain.roster import Kind
from services.directory.domain.sheet import MAX_ROWS, TooManyRows, UnreadableRoster, WrongEncoding
from services.directory.domain.workbook import MergedCells, SeveralSheets, UnreadableWorkbook
from shared.platform.http import MIB, Form, Line, Listing, Me, Page, RawBody, Routes, Tx, problems

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class RowDecisionForm(Form):
    """Who an unsure row is: one of its candidates, or somebody new (null)."""

    row: Annotated[int, Field(ge=2)]
    person_id: UUID | None


class ApplyForm(Form):
    """`all` imports the file only if no row has an error; `good` leaves the rows with errors out.

    Either leaves out the unsure rows for which nobody decided.
    """

    rows: Rows
    decisions: Annotated[tuple[RowDecisionForm, ...], Field(max_length=MAX_ROWS)] = ()

    @field_validator("decisions")
    @classmethod
    def _one_decision_a_row(cls, decisions: tuple[RowDecisionForm, ...]) -> tuple[RowDecisionForm, ...]:
        if len({each.row for each in decisions}) < len(decisions):
            message = "Decide once for each row."
            raise ValueError(message)
        return decisions


class ReadmissionForm(Form):
    """The id that the hospital gave the person, who was erased with it before."""

    external_id: ExternalId


class StatedColumns(Form):
    """Which header of the file stands for which column, where its words would not tell; the others are guessed."""

    external_id: Line | None = None
    name: Line | None = None
    email: Line | None = None
    role: Line | None = None
    programme: Line | None = None
    level: Line | None = None
    specialty: Line | None = None
    status: Line | None = None
    status_from: Line | None = None
    time_zone: Line | None = None
    places: Line | None = None
    shared_places: Line | None = None


class ColumnView(BaseModel):
    """Which header was taken as a column: as was stated, as in the roster that was imported last, or by its words."""

    column: str
    header: str
    by: By


class RowView(BaseModel):
    """What one row does: `row` is its number in the spreadsheet, where the header is row 1.

    `reason` is an error's code; `changes` names the columns that differ from what is known. An unsure row has the name
    of its `candidates` and may be one of them.
    """

    row: int
    kind: Kind
    external_id: str
    reason: str | None
    changes: Sequence[str]
    candidates: Sequence[UUID]


class CountsView(BaseModel):
    """How many rows of each kind there are."""

    new: int
    changed: int
    same: int
    unsure: int = 0
    error: int


class RosterImportView(BaseModel):
    """A roster file that was sent; its rows are shown, and may be applied, for 24 hours.

    An import may be reverted before `revert_until`; `partly_reverted` says that something had changed since.
    """

    import_id: UUID
    state: State
    created_at: AwareDatetime
    expires_at: AwareDatetime
    applied_at: AwareDatetime | None
    revert_until: AwareDatetime | None
    reverted_at: AwareDatetime | None
    columns: Sequence[ColumnView]
    ignored_columns: Sequence[str]
    counts: CountsView
    rows: Sequence[RowView]
    revision: int

    @classmethod
    def of(cls, draft: RosterImport) -> Self:
        """The import as its institution's administrators see it."""
        return cls.model_validate(
            {
                **{name: getattr(draft, name) for name in cls.model_fields if name not in {"columns", "rows"}},
                "columns": [vars(taken) for taken in draft.columns],
                "rows": [vars(row) for row in draft.rows],
            }
        )


class RosterSummaryView(BaseModel):
    """A roster file that was sent and what became of it, without its rows."""

    import_id: UUID
    state: State
    created_at: AwareDatetime
    expires_at: AwareDatetime
    applied_at: AwareDatetime | None
    revert_until: AwareDatetime | None
    reverted_at: AwareDatetime | None
    counts: CountsView
    revision: int


class RevertedPersonView(BaseModel):
    """What reverting does to somebody whom the import brought (`new`) or changed.

    `taken_back` are the columns that go back to what they were, and `changed_since` those that are left because they
    changed since; whoever is left as they are for a `reason` has neither. Who was brought goes back to having left.
    """

    person_id: UUID
    row: int
    external_id: str | None
    kind: Literal["new", "changed"]
    taken_back: Sequence[str]
    changed_since: Sequence[str]
    reason: Reason | None

    @classmethod
    def of(cls, found: Finding) -> Self:
        """One person of an import as its institution's administrators see them."""
        said = {name: getattr(found, name) for name in cls.model_fields if name != "kind"}
        return cls.model_validate({**said, "kind": "new" if found.is_new else "changed"})


class RosterRevertView(BaseModel):
    """An import and everybody whom it changed, in the order of its rows; who is as they were before is left out."""

    import_id: UUID
    state: State
    applied_at: AwareDatetime | None
    revert_until: AwareDatetime | None
    reverted_at: AwareDatetime | None
    people: Sequence[RevertedPersonView]
    revision: int

    @classmethod
    def of(cls, draft: RosterImport, found: Sequence[Finding]) -> Self:
        """What reverting would do, or did."""
        said = {name: getattr(draft, name) for name in cls.model_fields if name != "people"}
        return cls.model_validate({**said, "people": [RevertedPersonView.of(one) for one in found]})


_REVERT: Final = problems(RosterImportNotFound, RosterNotApplied, RosterAlreadyReverted, RevertTooLate)


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
            HeaderNotFound,
            TooManyRows,
        ),
    )
    async def preview_roster(
        content: RawBody, stated: Annotated[StatedColumns, Query()], me: Me, tx: Tx
    ) -> RosterImportView:
        """Send a roster file and see what each of its rows would do; nobody is changed yet."""
        headers = stated.model_dump(exclude_none=True)
        return RosterImportView.of(await use_cases.preview_roster(tx, content, me, keys(), headers))

    @routes.get("/roster-imports")
    async def list_roster_imports(page: Page, me: Me, tx: Tx) -> Listing[RosterSummaryView]:
        """The roster files of your institution, the latest first."""
        before = page.position(datetime, UUID)
        found = await use_cases.list_roster_imports(tx, me.institution_id, before, page.limit + 1)
        listing = page.listing(found, lambda one: (one.created_at, one.import_id))
        shown = [RosterSummaryView.model_validate(one, from_attributes=True) for one in listing.items]
        return Listing(items=shown, next=listing.next)

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
        answers = {each.row: each.person_id for each in form.decisions}
        return RosterImportView.of(await use_cases.apply_roster(tx, import_id, form.rows, me, keys(), answers))

    @routes.get("/roster-imports/{import_id}/revert", responses=_REVERT)
    async def preview_revert(import_id: UUID, me: Me, tx: Tx) -> RosterRevertView:
        """What reverting an import would take back now, and what changed since and would be left; nobody is changed."""
        return RosterRevertView.of(*await use_cases.preview_revert(tx, import_id, me))

    @routes.post("/roster-imports/{import_id}/revert", responses=_REVERT)
    async def revert_roster(import_id: UUID, me: Me, tx: Tx) -> RosterRevertView:
        """Take an import back within 7 days, judged anew by what is known now: all that did not change since."""
        return RosterRevertView.of(*await use_cases.revert_roster(tx, import_id, me, keys()))

    @routes.post("/readmissions", status_code=204, responses=problems(ErasedPersonNotFound))
    async def readmit_person(form: ReadmissionForm, me: Me, tx: Tx) -> None:
        """Let rosters bring somebody again who was erased and is hired anew; they will be somebody new."""
        await use_cases.readmit_person(tx, form.external_id, me, keys())

    return routes
