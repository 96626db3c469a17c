"""A roster import from its preview on; refuses to be applied or reverted twice, late, or with errors unseen."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from services.directory.domain import sheet
from services.directory.domain.columns import Taken
from services.directory.domain.roster import Kind, Verdict
from shared.platform.errors import Conflict, NotFound

KEPT_FOR: Final = timedelta(hours=24)
REVERT_WITHIN: Final = timedelta(days=7)

State = Literal["previewed", "applied", "expired", "reverted", "partly_reverted"]
Rows = Literal["all", "good"]


class RosterImportNotFound(NotFound):
    """There is no such roster import that you may see."""


class RosterHasErrors(Conflict):
    """This roster has rows with errors, and nothing was imported. Correct the file, or apply the good rows alone."""


class RosterAlreadyApplied(Conflict):
    """This roster was imported before. Nothing was changed."""


class RosterExpired(Conflict):
    """This preview is older than 24 hours and its rows are deleted. Nothing was imported; send the file again."""


class RosterNotApplied(Conflict):
    """This roster was not imported, so there is nothing to take back."""


class RosterAlreadyReverted(Conflict):
    """This import was taken back before. Nothing was changed."""


class RevertTooLate(Conflict):
    """This import is older than 7 days, and what was before it is deleted. Nothing was changed."""


@dataclass(frozen=True)
class RowView:
    """What a preview says of one row; of personal data it holds the external id alone.

    `candidates` are the people of whom it may be one.
    """

    row: int
    kind: Kind
    external_id: str
    reason: str | None = None
    changes: tuple[str, ...] = ()
    candidates: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class ImportSummary:
    """One file that was sent and what became of it, without what it holds of people."""

    import_id: UUID
    state: State
    created_at: datetime
    expires_at: datetime
    applied_at: datetime | None
    revert_until: datetime | None
    reverted_at: datetime | None
    counts: Mapping[Kind, int]
    revision: int


@dataclass
class RosterImport:
    """One file that was sent. `lines` and `rows` are kept for 24 hours: they hold personal data.

    It may be reverted before `revert_until`, until when what was before it is kept beside it.
    """

    import_id: UUID
    institution_id: UUID
    imported_by: UUID
    created_at: datetime
    expires_at: datetime
    lines: tuple[sheet.Line, ...]
    columns: tuple[Taken, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    rows: tuple[RowView, ...] = ()
    counts: dict[Kind, int] = field(default_factory=dict[Kind, int])
    state: State = "previewed"
    applied_at: datetime | None = None
    revert_until: datetime | None = None
    reverted_at: datetime | None = None
    revision: int = 1

    def show(self, verdicts: Sequence[Verdict]) -> None:
        """Say what each row would do."""
        self.rows = tuple(
            RowView(each.row, each.kind, each.external_id, each.reason, each.changes, each.candidates)
            for each in verdicts
        )
        found = Counter(verdict.kind for verdict in verdicts)
        self.counts = {kind: found[kind] for kind in ("new", "changed", "same", "unsure", "error")}

    def check_open(self, now: datetime) -> None:
        """Raise RosterAlreadyApplied or RosterExpired where it can no longer be applied."""
        if self.applied_at is not None:
            raise RosterAlreadyApplied
        if self.state == "expired" or now >= self.expires_at:
            raise RosterExpired

    def apply(self, verdicts: Sequence[Verdict], rows: Rows, now: datetime) -> None:
        """Be imported with what the rows say now, which may differ from the preview; raises RosterHasErrors."""
        if rows == "all" and any(verdict.kind == "error" for verdict in verdicts):
            raise RosterHasErrors
        self.show(verdicts)
        self.state = "applied"
        self.applied_at = now
        self.revert_until = now + REVERT_WITHIN
        self.lines = ()
        self.revision += 1

    def check_revertible(self, now: datetime) -> None:
        """Raise RosterNotApplied, RosterAlreadyReverted or RevertTooLate where it cannot be taken back."""
        if self.applied_at is None:
            raise RosterNotApplied
        if self.reverted_at is not None:
            raise RosterAlreadyReverted
        if self.revert_until is None or now >= self.revert_until:
            raise RevertTooLate

    def revert(self, now: datetime, *, leaves_something: bool) -> None:
        """Be taken back, whole or in part."""
        self.state = "partly_reverted" if leaves_something else "reverted"
        self.reverted_at = now
        self.revision += 1

    def forget(self) -> None:
        """Keep the counts and nothing of the people."""
        self.lines = ()
        self.rows = ()
        if self.state == "previewed":
            self.state = "expired"
        self.revision += 1
