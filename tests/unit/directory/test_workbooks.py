"""Rosters as spreadsheet files: the same rows as from CSV, and what a person sees but a program does not is refused."""

from datetime import date
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.domain.columns import MissingColumn
from services.directory.domain.headers import COLUMNS
from services.directory.domain.sheet import TooManyRows, read_sheet
from services.directory.domain.workbook import MergedCells, SeveralSheets, UnreadableWorkbook, read_workbook
from shared.platform.errors import Malformed, Refused
from tests.unit.directory.rosters import ADA, Change, Workbook, a_roster, a_workbook


def test_a_spreadsheet_says_what_the_same_rows_say_as_csv() -> None:
    lucja = {"external_id": "E-3", "name": "Łucja Ørsted", "email": "l@north.example", "role": "mentee"}
    rows = [{"external_id": "E-2"}, lucja]
    assert read_sheet(a_workbook(*rows)) == read_sheet(a_roster(*rows))


def test_numbers_and_dates_are_read_as_a_person_would_type_them() -> None:
    workbook = a_workbook({"external_id": 1042, "places": 3.0, "status_from": date(2026, 10, 1), "name": True})
    [line] = read_sheet(workbook).lines
    assert [line.cell(column) for column in ("external_id", "places", "status_from", "name")] == [
        "1042",
        "3",
        "2026-10-01",
        "True",
    ]


def test_rows_keep_the_numbers_of_the_spreadsheet() -> None:
    def leave_a_gap(_: Any, sheet: Any) -> None:
        sheet.write_row(4, 0, [ADA[column] for column in COLUMNS])

    assert [line.row for line in read_sheet(a_workbook({}, change=leave_a_gap)).lines] == [2, 5]


def test_a_computed_cell_looks_like_a_formula_wherever_it_stands() -> None:
    def compute(_: Any, sheet: Any) -> None:
        sheet.write_formula(1, COLUMNS.index("name"), '="Ada"&" Nowak"', None, "Ada Nowak")

    first, second = read_sheet(a_workbook({}, {"external_id": "E-9"}, change=compute)).lines
    assert (first.cell("name"), second.cell("name")) == ("=", ADA["name"])


def _merge(_: Any, sheet: Any) -> None:
    sheet.merge_range(1, 1, 2, 1, "Ada Nowak")


def _add_second(book: Any, _: Any) -> None:
    book.add_worksheet("Second").write_string(0, 0, "x")


def _add_empty(book: Any, _: Any) -> None:
    book.add_worksheet("Sheet2")


def _hide(book: Any, sheet: Any) -> None:
    book.add_worksheet("Empty").activate()
    sheet.hide()


def _add_hidden(book: Any, _: Any) -> None:
    more = book.add_worksheet("Old")
    more.write_string(0, 0, "E-1")
    more.very_hidden()


def _far_away(_: Any, sheet: Any) -> None:
    sheet.write_string(1_000_000, 16_000, "x")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (_merge, MergedCells),
        (_add_second, SeveralSheets),
        (_add_hidden, SeveralSheets),
        (_hide, SeveralSheets),
        (_far_away, UnreadableWorkbook),
    ],
    ids=["merged cells", "two sheets", "a hidden sheet beside it", "itself hidden", "a cell far away"],
)
def test_what_cannot_be_told_apart_is_refused_as_a_whole(change: Change, refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        read_sheet(a_workbook({}, change=change))


def test_an_empty_second_sheet_is_no_matter() -> None:
    assert len(read_sheet(a_workbook({}, change=_add_empty)).lines) == 1


def test_an_empty_workbook_names_no_column() -> None:
    file = BytesIO()
    with Workbook(file) as book:
        book.add_worksheet()
    with pytest.raises(MissingColumn):
        read_sheet(file.getvalue())


def test_a_workbook_has_at_most_as_many_rows_as_a_csv_file() -> None:
    with pytest.raises(TooManyRows):
        read_sheet(a_workbook(*[{"external_id": f"E-{number}"} for number in range(10_001)]))


def a_bomb() -> bytes:
    """A hundred megabytes of one letter, in a file of a hundred kilobytes."""
    return _with_part("xl/sharedStrings.xml", b"x" * 100_000_000)


def _with_part(name: str, content: bytes, others: bytes = b"") -> bytes:
    file = BytesIO()
    with ZipFile(BytesIO(others or a_workbook({}))) as old, ZipFile(file, "w", ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return file.getvalue()


@given(st.lists(st.tuples(st.integers(0, 1_000_000), st.integers(0, 255)), min_size=1, max_size=20))
def test_a_damaged_file_is_read_or_refused_and_never_crashes(damage: list[tuple[int, int]]) -> None:
    content = bytearray(_GOOD)
    for place, byte in damage:
        content[4 + place % (len(content) - 4)] = byte
    try:
        read_sheet(bytes(content))
    except Malformed:
        return


def _elsewhere(cell: str) -> bytes:
    """A sheet whose file lies in no folder of sheets; what it holds is one cell."""
    sheet = f'<worksheet><sheetData><row><c r="{cell}"><v>1</v></c></row></sheetData></worksheet>'.encode()
    rels = ZipFile(BytesIO(a_workbook({}))).read("xl/_rels/workbook.xml.rels")
    moved = _with_part("xl/_rels/workbook.xml.rels", rels.replace(b"worksheets/sheet1.xml", b"elsewhere.xml"))
    return _with_part("xl/elsewhere.xml", sheet, moved)


def test_a_sheet_is_looked_at_wherever_its_file_lies() -> None:
    assert not read_workbook(_elsewhere("A1"))[1:]
    with pytest.raises(UnreadableWorkbook):
        read_workbook(_elsewhere("A1000000"))


_GOOD = a_workbook({}, {"external_id": "E-7"})
_ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<worksheet><sheetData><row><c t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>"""


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(a_bomb(), id="a bomb"),
        pytest.param(_with_part("xl/worksheets/sheet1.xml", _ENTITIES), id="entities"),
        pytest.param(_with_part("xl/worksheets/sheet1.xml", b"<worksheet><sheetData>"), id="cut off"),
        pytest.param(_with_part("xl/worksheets/sheet1.xml", b'<w><row r="x"><c r="A1"/></row></w>'), id="no number"),
        pytest.param(
            _with_part("xl/worksheets/sheet1.xml", b'<w><row r="1"><c r="AAAAAAAA1"/></row></w>'), id="column"
        ),
        pytest.param(a_workbook({})[:-200], id="half a file"),
        pytest.param(_with_part("content.xml", b"<office/>"), id="two formats in one"),
        pytest.param(b"PK\x03\x04 and then anything", id="no archive"),
        pytest.param(_with_part("xl/workbook.xml", b"<no/>"), id="no workbook"),
    ],
)
def test_what_is_no_spreadsheet_or_a_bomb_is_refused_in_one_way(content: bytes) -> None:
    with pytest.raises((UnreadableWorkbook, MissingColumn)):
        read_sheet(content)
