"""A roster file as rows of cells; refuses a file as a whole where its rows cannot be told from its mistakes."""

import codecs
import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Final

from services.directory.domain.columns import Taken, assign, count_known
from services.directory.domain.headers import COLUMNS
from services.directory.domain.workbook import is_workbook, read_workbook
from shared.platform.errors import Malformed

MAX_ROWS: Final = 10_000
_MAX_BLANK_ROWS: Final = 100_000
_DELIMITERS: Final = (",", ";")


class WrongEncoding(Malformed):
    """This file is not UTF-8 text. Nothing was imported; save it as CSV UTF-8 and send it again."""


class UnreadableRoster(Malformed):
    """This file is not CSV: its quotation marks do not fit together, or a cell is too large. Nothing was imported."""


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
        place = COLUMNS.index(column)
        # What was kept of a file before there was a column has no cell of it.
        return self.cells[place] if self.cells is not None and place < len(self.cells) else ""


@dataclass(frozen=True)
class Sheet:
    """What a roster file holds: which header was taken as which column, and what was left and not kept."""

    lines: tuple[Line, ...]
    columns: tuple[Taken, ...]
    ignored_columns: tuple[str, ...]


_NOTHING: Final[Mapping[str, str]] = {}


def read_sheet(content: bytes, stated: Mapping[str, str] = _NOTHING, remembered: Mapping[str, str] = _NOTHING) -> Sheet:
    """Read a spreadsheet file (XLSX), or a CSV file in UTF-8 whose cells stand between commas or semicolons.

    A byte order mark is nothing. Empty rows count for the numbers and are left out. `stated` and `remembered` are
    headers by column. Raises WrongEncoding, UnreadableRoster, TooManyRows, and what `assign` and `read_workbook` raise.
    """
    records = iter(read_workbook(content)) if is_workbook(content) else _read_csv(content, stated, remembered)
    try:
        header = [name.strip() for name in next(records, list[str]())]
        places, columns = assign(header, stated, remembered)
        lines = tuple(_lines(records, [places.get(column) for column in COLUMNS], len(header)))
    except csv.Error:
        raise UnreadableRoster from None
    taken = set(places.values())
    return Sheet(lines, columns, tuple(name for place, name in enumerate(header) if name and place not in taken))


def _read_csv(content: bytes, *maps: Mapping[str, str]) -> Iterator[list[str]]:
    text = _decode(content)
    try:
        delimiter = _guess_delimiter(text, *maps)
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


def _guess_delimiter(text: str, *maps: Mapping[str, str]) -> str:
    """The delimiter with which the first row names more of the columns."""

    def known(delimiter: str) -> int:
        first = next(csv.reader(StringIO(text, newline=""), delimiter=delimiter), list[str]())
        return count_known(first, *maps)

    return max(_DELIMITERS, key=known)


def _lines(records: Iterator[list[str]], places: list[int | None], width: int) -> Iterator[Line]:
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
        cells = tuple("" if place is None else record[place] for place in places) if fits else None
        yield Line(row, cells)
