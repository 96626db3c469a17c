"""The rule book on leaving against the code: its tables are the code's own."""

from typing import Final, get_args

from services.directory.domain.holds import Ground
from services.directory.domain.receipts import ErasureState
from services.pairing.domain.leaving import LEAVING_STEPS
from tests.docs.repository import ROOT, read, section, spans, table

RULES: Final = read(ROOT / "docs/guide/rules.md")


def test_what_becomes_of_a_pair_after_notice_is_that_of_the_code() -> None:
    said = [tuple(row[:3]) for row in table(section(RULES, "Leaving"), "from", "step", "to", "what it is")]
    assert said == [(stand, act, to) for (stand, act), to in LEAVING_STEPS.items()]


def test_an_erasure_has_the_states_of_the_code() -> None:
    said = [state for state, _ in table(section(RULES, "Erasure"), "state", "what it is")]
    assert said == list(get_args(ErasureState))


def test_a_legal_hold_has_the_grounds_of_the_code() -> None:
    assert set(spans(section(RULES, "Erasure"))) >= set(get_args(Ground))
