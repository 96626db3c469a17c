"""Four ledgers that must agree after every fault: acknowledged commands, committed versions, the log, the effects."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

Fact = tuple[UUID, int]
"""An aggregate and one of its versions."""


@dataclass(frozen=True)
class Ledgers:
    """What each place holds, in its own order.

    `unknown` are commands whose answer was lost: they may be committed or not, and nothing in between.
    """

    acknowledged: Sequence[Fact]
    committed: Sequence[Fact]
    log: Sequence[Fact]
    effects: dict[str, Sequence[Fact]] = field(default_factory=dict[str, Sequence[Fact]])
    unknown: int = 0


def violations(ledgers: Ledgers) -> list[str]:
    """Everything in which the ledgers disagree; empty when nothing was lost, doubled or turned round."""
    found = [
        *_missing("acknowledged, not committed", ledgers.acknowledged, ledgers.committed),
        *_missing("committed, not in the log", ledgers.committed, ledgers.log),
        *_missing("in the log, not committed", ledgers.log, ledgers.committed),
        *_twice("committed twice", ledgers.committed),
        *_twice("acknowledged twice", ledgers.acknowledged),
        *_disorder("the log", first_occurrences(ledgers.log)),
    ]
    for consumer, effects in ledgers.effects.items():
        found += _missing(f"in the log, no effect in {consumer}", ledgers.log, effects)
        found += _missing(f"effect in {consumer} of nothing in the log", effects, ledgers.log)
        found += _twice(f"effect twice in {consumer}", effects)
        found += _disorder(f"effects of {consumer}", effects)
    return found


def first_occurrences(log: Iterable[Fact]) -> list[Fact]:
    """The log as a reader sees it who drops what it has seen: it is at least once, and its first copies count."""
    return list(dict.fromkeys(log))


def _missing(what: str, these: Iterable[Fact], among: Iterable[Fact]) -> list[str]:
    return [f"{what}: {aggregate} v{version}" for aggregate, version in sorted(set(these) - set(among))]


def _twice(what: str, facts: Iterable[Fact]) -> list[str]:
    return [f"{what}: {aggregate} v{version}" for (aggregate, version), times in Counter(facts).items() if times > 1]


def _disorder(where: str, facts: Iterable[Fact]) -> list[str]:
    seen: dict[UUID, int] = defaultdict(int)
    found: list[str] = []
    for aggregate, version in facts:
        if version != seen[aggregate] + 1:
            found.append(f"out of order in {where}: {aggregate} v{version} after v{seen[aggregate]}")
        seen[aggregate] = max(seen[aggregate], version)
    return found
