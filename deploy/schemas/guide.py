"""The tables of `docs/guide/events.md`, written between two markers; a guide without the markers is refused."""

from collections.abc import Iterable
from typing import Final

from deploy.schemas.events import sentence
from shared.contracts.event import Event
from shared.contracts.topics import Catalogue, Topic
from shared.platform.topics import acls

_BEGIN: Final = "<!-- written by `make schemas` from here -->"
_END: Final = "<!-- to here -->"


def with_tables(guide: str, catalogue: Catalogue, events: Iterable[type[Event]]) -> str:
    """The guide with today's tables; raises ValueError where it has no place for them."""
    before, begin, rest = guide.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        message = f"docs/guide/events.md needs the lines {_BEGIN} and {_END} around its tables."
        raise ValueError(message)
    tables = "\n\n".join([_topics(catalogue), _grants(catalogue), *_events(catalogue, list(events))])
    return f"{before}{begin}\n\n{tables}\n\n{end}{after}"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _topics(catalogue: Catalogue) -> str:
    rows = [
        [f"`{topic.name}`", topic.publisher, ", ".join(sorted(topic.readers)), str(topic.partitions), _kept(topic)]
        for topic in catalogue.topics.values()
    ]
    return "### Topics\n\n" + _table(["Topic", "Publisher", "Readers", "Partitions", "Kept"], rows)


def _kept(topic: Topic) -> str:
    if topic.holds_states:
        return "the last value of each key (compacted)"
    return "for ever" if topic.retention_ms < 0 else f"{topic.retention_ms // 86_400_000} days"


def _grants(catalogue: Catalogue) -> str:
    rows: dict[str, dict[str, list[str]]] = {}
    for grant in acls(catalogue):
        cell = f"{grant.resource} {grant.operation}"
        name = f"`{grant.name}{'*' if grant.prefixed else ''}`"
        rows.setdefault(grant.principal, {}).setdefault(cell, []).append(name)
    cells = ["topic WRITE", "topic READ", "group READ"]
    table = [[who, *(", ".join(may.get(cell, ["nothing"])) for cell in cells)] for who, may in rows.items()]
    return "### Who may do what\n\n" + _table(["Principal", "writes", "reads", "in groups"], table)


def _events(catalogue: Catalogue, events: list[type[Event]]) -> Iterable[str]:
    for topic in catalogue.topics.values():
        rows = [
            [f"`{event.type}`", f"`{event.keyed_by or event.aggregate}`", sentence(event)]
            for event in events
            if event.topic == topic.name
        ]
        yield f"### `{topic.name}`\n\n" + _table(["Type", "Key", "What happened"], rows)
