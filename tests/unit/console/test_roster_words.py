"""The words for rosters are complete: each column, state and reason that the directory knows has one, and no other."""

from typing import get_args

from services.console.pages import roster_words
from services.directory.domain import columns, imports, reverts
from services.directory.domain.headers import COLUMNS
from services.directory.domain.roster import Kind
from tests.docs.repository import ROOT, read, section, table

RULES = read(ROOT / "docs/guide/rules.md")


def test_every_column_kind_and_state_has_its_words() -> None:
    assert tuple(roster_words.COLUMNS) == COLUMNS
    assert set(roster_words.KINDS) == set(get_args(Kind))
    assert set(roster_words.STATES) == set(get_args(imports.State))
    assert set(roster_words.TAKEN) == set(get_args(columns.By))
    assert set(roster_words.LEFT) == set(get_args(reverts.Reason))


def test_every_reason_of_the_rule_book_has_its_words() -> None:
    said = {row[0].strip("`") for row in table(section(RULES, "Rosters"), "reason", "what it says")}
    assert set(roster_words.REASONS) - {"same_person", "several_people"} == said
