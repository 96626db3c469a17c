"""A roster file as rows of cells; refuses a file as a whole where its rows cannot be told from its mistakes."""

import codecs
import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Final

from services.directory.domain.workbook import is_workbook, read_workbook
from shared.platform.errors import Malformed

COLUMNS: Final = (
    "external_id",
    "name",
    "email",
    "role",
    "programme",
    "level",
    "specialty",
    "status",
    "status_from",
    "time_zone",
    "places",
    "shared_places",
)
MAX_ROWS: Final = 10_000
_MAX_BLANK_ROWS: Final = 100_000
_DELIMITERS: Final = (",", ";")


class WrongEncoding(Malformed):
    """This file is not UTF-8 text. Nothing was imported; save it as CSV UTF-8 and send it again."""


class UnreadableRoster(Malformed):
    """This file is not CSV: its quotation marks do not fit together, or a cell is too large. Nothing was imported."""


class MissingColumn(Malformed):
    """The first row of a roster names its columns, and one that is needed is missing. Nothing was imported."""


class DuplicateColumn(Malformed):
    """The first row names a column twice. Nothing was imported."""


class TooManyRows(Malformed):
    """A roster has at most 10,000 rows. Nothing was imported; send it in parts: who is absent stays as they are."""


@dataclass(frozen=True)
class Line:
    """One row: its number in the spreadsheet, where the header is row 1, and its cells in the order of COLUMNS.

    `cells` is None where the row has not as many cells as the header.
    """

    row: int
    cells: tuple[str, ...] | None

    def cell(self, column: str) -> str:
        """The text of one cell, as it was written."""
        return self.cells[COLUMNS.index(column)] if self.cells is not None else ""


@dataclass(frozen=True)
class Sheet:
    """What a roster file holds; `ignored_columns` were there, are not asked for and were not kept."""

    lines: tuple[Line, ...]
    ignored_columns: tuple[str, ...]


def read_sheet(content: bytes) -> Sheet:
    """Read a spreadsheet file (XLSX), or a CSV file in UTF-8 whose cells stand between commas or semicolons.

    A byte order mark is nothing. Empty rows count for the numbers and are left out.
    Raises WrongEncoding, UnreadableRoster, MissingColumn, DuplicateColumn, TooManyRows, what `read_workbook` raises.
    """
    records = iter(read_workbook(content)) if is_workbook(content) else _read_csv(content)
    try:
        header = [name.strip().casefold() for name in next(records, list[str]())]
        places = _places_of_columns(header)
        lines = tuple(_lines(records, places, len(header)))
    except csv.Error:
        raise UnreadableRoster from None
    ignored = tuple(name for name in header if name and name not in COLUMNS)
    return Sheet(lines, ignored)


def _read_csv(content: bytes) -> Iterator[list[str]]:
    text = _decode(content)
    try:
        delimiter = _guess_delimiter(text)
    except csv.Error:
        raise UnreadableRoster from None
    return csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)


def to_text(lines: tuple[Line, ...]) -> str:
    """Lines as they are kept between preview and import."""
    return json.dumps([[line.row, line.cells] for line in lines], ensure_ascii=False)


def from_text(kept: str) -> tuple[Line, ...]:
    """The lines that `to_text` wrote."""
    return tuple(Line(row, None if cells is None else tuple(cells)) for row, cells in json.loads(kept))


def _decode(content: bytes) -> str:
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        raise WrongEncoding from None
    if "\0" in text:  # UTF-16 without a mark, or no text at all
        raise WrongEncoding
    return text


def _guess_delimiter(text: str) -> str:
    """The delimiter with which the first row names more of the columns."""

    def known(delimiter: str) -> int:
        first = next(csv.reader(StringIO(text, newline=""), delimiter=delimiter), list[str]())
        return sum(name.strip().casefold() in COLUMNS for name in first)

    return max(_DELIMITERS, key=known)


def _places_of_columns(header: list[str]) -> list[int]:
    times = Counter(header)
    missing = [column for column in COLUMNS if column not in times]
    if missing:
        raise MissingColumn(f"{MissingColumn.message()} Missing: {', '.join(missing)}.")
    if any(times[column] > 1 for column in COLUMNS):
        raise DuplicateColumn
    return [header.index(column) for column in COLUMNS]


def _lines(records: Iterator[list[str]], places: list[int], width: int) -> Iterator[Line]:
    full = 0
    for row, record in enumerate(records, start=2):
        if not any(cell.strip() for cell in record):
            if row > _MAX_BLANK_ROWS:
                raise TooManyRows
            continue
        full += 1
        if full > MAX_ROWS:
            raise TooManyRows
        fits = len(record) == width or (len(record) > width and not any(record[width:]))
        yield Line(row, tuple(record[place] for place in places) if fits else None)
