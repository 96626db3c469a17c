"""Which header of a roster is which column: as stated, as last time, or by its words; refuses what means two things."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from services.directory.domain.headers import COLUMNS, HEADERS, OPTIONAL, fold
from shared.platform.errors import Malformed

By = Literal["stated", "remembered", "guessed"]
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    column: frozenset(fold(word) for word in (column, *words)) for column, words in HEADERS.items()
}
_ALL_WORDS: Final = frozenset[str]().union(*_WORDS.values())


class MissingColumn(Malformed):
    """The first row of a roster names its columns, and one that is needed is missing. Nothing was imported."""


class DuplicateColumn(Malformed):
    """The first row names a column twice. Nothing was imported; say which header is meant, or rename the other."""


class HeaderNotFound(Malformed):
    """The first row of this roster has no such header as was stated for a column. Nothing was imported."""


@dataclass(frozen=True)
class Taken:
    """A header that was taken as a column, as it was written, and why."""

    column: str
    header: str
    by: By


def assign(
    header: Sequence[str], stated: Mapping[str, str], remembered: Mapping[str, str]
) -> tuple[dict[str, int], tuple[Taken, ...]]:
    """Where each column stands, and what was taken as it; `stated` and `remembered` are headers by column.

    What was stated holds. For the other columns what is remembered counts if it fits as a whole, and else the words; an
    optional column that neither finds is in no place.
    Raises HeaderNotFound, DuplicateColumn, MissingColumn.
    """
    places = {column: _place_of(header, column, name) for column, name in stated.items()}
    if len(set(places.values())) < len(places):
        raise DuplicateColumn
    by: dict[str, By] = dict.fromkeys(places, "stated")
    rest = [column for column in COLUMNS if column not in places and column not in OPTIONAL]
    found = _recall(header, rest, remembered, set(places.values()))
    by |= dict.fromkeys(rest, "guessed" if found is None else "remembered")
    places |= _guess(header, rest, set(places.values())) if found is None else found
    for column in sorted(OPTIONAL - places.keys()):
        place = None if found is None else _recall(header, [column], remembered, set(places.values()))
        by[column] = "guessed" if place is None else "remembered"
        places |= _guess(header, [column], set(places.values())) if place is None else place
    return places, tuple(Taken(column, header[places[column]], by[column]) for column in COLUMNS if column in places)


def count_known(header: Sequence[str], *maps: Mapping[str, str]) -> int:
    """How many of these headers are a column's by their words, or stand in one of the maps."""
    mapped = {fold(name) for one in maps for name in one.values()}
    return sum(bool(key) and (key in _ALL_WORDS or key in mapped) for key in map(fold, header))


def _place_of(header: Sequence[str], column: str, name: str) -> int:
    """Where a stated header stands: just as it was written, or else but for capitals, accents and punctuation."""
    exact = [place for place, each in enumerate(header) if each == name.strip()]
    found = exact or [place for place, each in enumerate(header) if fold(each) and fold(each) == fold(name)]
    if not found:
        raise HeaderNotFound(f"{HeaderNotFound.message()} Column: {column}.")
    if len(found) > 1:
        raise _duplicate(column)
    return found[0]


def _recall(
    header: Sequence[str], columns: Sequence[str], remembered: Mapping[str, str], used: set[int]
) -> dict[str, int] | None:
    """The places of all these columns as they are remembered, or None where the file is another one."""
    places: dict[str, int] = {}
    for column in columns:
        key = fold(remembered.get(column, ""))
        found = [place for place, each in enumerate(header) if fold(each) == key]
        if not key or len(found) != 1 or found[0] in used:
            return None
        places[column] = found[0]
        used = used | {found[0]}
    return places


def _guess(header: Sequence[str], columns: Sequence[str], used: set[int]) -> dict[str, int]:
    places: dict[str, list[int]] = {
        column: [place for place, each in enumerate(header) if place not in used and fold(each) in _WORDS[column]]
        for column in columns
    }
    missing = [column for column, found in places.items() if not found and column not in OPTIONAL]
    if missing:
        raise MissingColumn(f"{MissingColumn.message()} Missing: {', '.join(missing)}.")
    for column, found in places.items():
        if len(found) > 1:
            raise _duplicate(column)
    return {column: found[0] for column, found in places.items() if found}


def _duplicate(column: str) -> DuplicateColumn:
    return DuplicateColumn(f"{DuplicateColumn.message()} Column: {column}.")
