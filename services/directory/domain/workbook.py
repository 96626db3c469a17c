"""A roster in a spreadsheet file as rows of text; refuses what a person sees and a program does not, and bombs."""

import zlib
from datetime import date, datetime, time
from io import BytesIO
from itertools import takewhile
from typing import Any, Final
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from shared.platform.errors import Malformed

_MOST_PARTS: Final = 500
_MOST_BYTES: Final = 64 * 1024 * 1024
"""Unpacked. 10,000 rows take about a tenth."""
_MOST_ROWS: Final = 100_000
_MOST_COLUMNS: Final = 200
_WORKBOOK: Final = "xl/workbook.xml"
_OF_OTHER_FORMATS: Final = {"content.xml", "xl/workbook.bin"}
"""What ODS and XLSB keep their cells in: the library would read these too, and nobody has looked at them."""
_FORMULA: Final = "="
"""Stands for a cell that is computed; the row is refused like one of a CSV file whose cell begins so."""
# What is said of a file that is none: of its packing (damaged, with a password, packed in a way unknown here),
# of its numbers, and by the library that reads its cells.
_IS_NO_WORKBOOK: Final = (BadZipFile, EOFError, RuntimeError, zlib.error, ValueError, CalamineError)


class UnreadableWorkbook(Malformed):
    """This is no spreadsheet file, or it has a password or is far too large. Nothing was imported; save it anew."""


class SeveralSheets(Malformed):
    """More than one sheet has cells, or the one that has is hidden. Nothing was imported; save the roster alone."""


class MergedCells(Malformed):
    """The sheet has merged cells, so its rows cannot be told apart. Nothing was imported; take the merging back."""


class _Marks:
    """Where a sheet has formulas, by row and column from 0; it refuses positions that no roster has."""

    def __init__(self) -> None:
        self.formulas: set[tuple[int, int]] = set()
        self._row = self._column = -1
        self._is_sheet = False

    def read(self, content: Any) -> None:
        """Read a part's XML; any may be a sheet, because another part says which is. Raises UnreadableWorkbook."""
        self._is_sheet = False
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.StartDoctypeDeclHandler = self._refuse_doctype  # no sheet has one; entities could grow without end
        try:
            parser.ParseFile(content)
        except expat.ExpatError:
            raise UnreadableWorkbook from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "sheetData":
                self._is_sheet, self._row = True, -1
            case _ if not self._is_sheet:
                return
            case "row":
                self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
                self._column = -1
            case "c":
                self._column += 1
                if "r" in attributes:  # it counts whatever row it stands in
                    self._row, self._column = _place_of(attributes["r"])
            case "f":
                self.formulas.add((self._row, self._column))
            case _:
                return
        if not (-1 <= self._row < _MOST_ROWS and -1 <= self._column < _MOST_COLUMNS):
            raise UnreadableWorkbook

    def _refuse_doctype(self, *_: object) -> None:
        raise UnreadableWorkbook


def is_workbook(content: bytes) -> bool:
    """Whether a file is packed as spreadsheet files are; a CSV file never begins like this."""
    return content.startswith(b"PK\x03\x04")


def read_workbook(content: bytes) -> list[list[str]]:
    """The rows of the only sheet that has cells, from its first row on, each cell as a person would type it.

    Raises UnreadableWorkbook, SeveralSheets, MergedCells.
    """
    try:
        formulas = _look_inside(content)
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        full = [sheet for sheet in map(book.get_sheet_by_name, names) if sheet.height]
        hidden = {sheet.name for sheet in book.sheets_metadata if sheet.visible != SheetVisibleEnum.Visible}
    except _IS_NO_WORKBOOK:
        raise UnreadableWorkbook from None
    if len(full) > 1 or any(sheet.name in hidden for sheet in full):
        raise SeveralSheets
    if any(sheet.merged_cell_ranges for sheet in full):
        raise MergedCells
    rows = [[_text(cell) for cell in row] for sheet in full for row in sheet.to_python(skip_empty_area=False)]
    for row, column in formulas:
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = _FORMULA
    return rows


def _look_inside(content: bytes) -> set[tuple[int, int]]:
    """Unpack every part once, as far as it may go, before a library holds all of it; give where formulas are."""
    left, marks = _MOST_BYTES, _Marks()
    with ZipFile(BytesIO(content)) as archive:
        parts = archive.infolist()
        names = {part.filename.lower() for part in parts}
        if len(parts) > _MOST_PARTS or _WORKBOOK not in names or names & _OF_OTHER_FORMATS:
            raise UnreadableWorkbook
        for part in parts:
            with archive.open(part) as packed:
                unpacked = packed.read(left + 1)
            left -= len(unpacked)
            if left < 0:
                raise UnreadableWorkbook
            if part.filename.lower().endswith(".xml"):
                marks.read(BytesIO(unpacked))
    return marks.formulas


def _place_of(reference: str) -> tuple[int, int]:
    """The row and column of a cell such as `AB12`, from 0. Raises UnreadableWorkbook, ValueError."""
    letters = "".join(takewhile(str.isalpha, reference))
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - ord("A") + 1
        if column > _MOST_COLUMNS:
            raise UnreadableWorkbook
    return int(reference[len(letters) :]) - 1, column - 1


def _text(cell: object) -> str:
    match cell:
        case float() if cell.is_integer():
            return str(int(cell))  # every number of a spreadsheet is a fraction
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime() | date() | time():
            return cell.isoformat()
        case _:
            return str(cell)
