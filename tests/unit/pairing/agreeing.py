"""Compacts in every state, made by the steps that lead there; no state is set by hand."""

from datetime import date, timedelta
from typing import Final

from services.pairing.domain.compact import Compact, CompactState
from services.pairing.domain.terms import Terms
from tests.unit.pairing.proposals import NOW, a_pair

TERMS: Final = Terms(date(2027, 1, 4), date(2027, 6, 30))
SOON: Final = NOW + timedelta(hours=1)


def a_compact(state: CompactState) -> Compact:
    """A compact that came to this state by its own steps; the mentor offers, and signs first."""
    compact = Compact.of(a_pair("accepted"))
    if state == "answering":
        return compact
    compact.answer("mentor", TERMS, NOW)
    compact.answer("mentee", TERMS, NOW)
    if state in {"offered", "in_force", "amending"}:
        compact.offer("mentor", TERMS, 1, NOW)
    if state in {"in_force", "amending"}:
        compact.sign("mentor", 1, NOW)
        compact.sign("mentee", 1, NOW)
    if state == "amending":
        compact.offer("mentor", TERMS, 1, NOW)
    if state == "ended":
        compact.end(NOW)
    assert compact.state == state
    return compact
