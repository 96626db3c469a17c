"""A roster import between its preview and its end."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.directory.domain.imports import (
    KEPT_FOR,
    RosterAlreadyApplied,
    RosterExpired,
    RosterHasErrors,
    RosterImport,
)
from services.directory.domain.sheet import read_sheet
from tests.unit.directory.rosters import NOW, Hospital, a_roster

CONTENT = a_roster({}, {"email": "nobody"})


def an_import() -> RosterImport:
    lines = read_sheet(CONTENT).lines
    draft = RosterImport(uuid4(), uuid4(), uuid4(), NOW, NOW + KEPT_FOR, lines)
    draft.show(Hospital().preview(CONTENT))
    return draft


def test_a_roster_with_errors_is_imported_only_where_someone_says_the_good_rows() -> None:
    draft, verdicts = an_import(), Hospital().preview(CONTENT)
    assert draft.counts == {"new": 1, "changed": 0, "same": 0, "unsure": 0, "error": 1}
    with pytest.raises(RosterHasErrors):
        draft.apply(verdicts, "all", NOW)
    assert draft.state == "previewed"
    draft.apply(verdicts, "good", NOW)
    assert draft.state == "applied"


def test_an_import_is_applied_once() -> None:
    draft = an_import()
    draft.apply([], "all", NOW)
    with pytest.raises(RosterAlreadyApplied):
        draft.check_open(NOW)


def test_a_preview_expires_after_a_day() -> None:
    draft = an_import()
    draft.check_open(NOW + KEPT_FOR - timedelta(seconds=1))
    with pytest.raises(RosterExpired):
        draft.check_open(NOW + KEPT_FOR)


def test_what_is_forgotten_keeps_counts_and_nobody() -> None:
    draft = an_import()
    draft.forget()
    assert (draft.lines, draft.rows, draft.state, draft.counts["new"]) == ((), (), "expired", 1)
    with pytest.raises(RosterExpired):
        draft.check_open(NOW)
