"""What is refused as a whole file, and how rows are numbered."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.domain.sheet import (
    COLUMNS,
    MAX_ROWS,
    DuplicateColumn,
    MissingColumn,
    TooManyRows,
    UnreadableRoster,
    WrongEncoding,
    from_text,
    read_sheet,
    to_text,
)
from shared.platform.errors import Malformed
from tests.unit.directory.rosters import a_roster

HEADER = ",".join(COLUMNS)


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_or_refused_and_never_crash(content: bytes) -> None:
    try:
        read_sheet(content)
    except Malformed:
        return


@given(st.text(max_size=400), st.sampled_from([",", ";"]))
def test_any_text_under_a_good_header_is_read_or_refused_and_never_crashes(body: str, delimiter: str) -> None:
    try:
        sheet = read_sheet((delimiter.join(COLUMNS) + "\n" + body).encode(errors="replace"))
    except (UnreadableRoster, WrongEncoding):
        return
    assert all(line.row >= 2 for line in sheet.lines)


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
            min_size=len(COLUMNS),
            max_size=len(COLUMNS),
        ),
        max_size=5,
    )
)
def test_what_a_spreadsheet_writes_is_what_is_read(rows: list[list[str]]) -> None:
    text = StringIO()
    writer = csv.writer(text)
    writer.writerows([COLUMNS, *rows])
    lines = read_sheet(text.getvalue().encode()).lines
    kept = [tuple(row) for row in rows if any(cell.strip() for cell in row)]
    assert [line.cells for line in lines] == kept
    assert from_text(to_text(lines)) == lines


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_utf8_is_read_with_and_without_a_mark_and_with_both_delimiters(delimiter: str, mark: bytes) -> None:
    [line] = read_sheet(mark + a_roster({"name": "Łucja Żak-Østergård 山田"}, delimiter=delimiter)).lines
    assert line.cell("name") == "Łucja Żak-Østergård 山田"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso8859_2", "cp1250"])
def test_another_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(WrongEncoding):
        read_sheet(a_roster({"name": "Łucja Żak"}).decode().encode(encoding))


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_refused_by_name(column: str) -> None:
    with pytest.raises(MissingColumn, match=rf"Missing: {column}\."):
        read_sheet(a_roster({}, columns=[each for each in COLUMNS if each != column]))


def test_an_empty_file_misses_its_columns() -> None:
    with pytest.raises(MissingColumn):
        read_sheet(b"")


def test_a_column_named_twice_is_refused() -> None:
    with pytest.raises(DuplicateColumn):
        read_sheet(a_roster({}, columns=[*COLUMNS, "Name "]).replace(b"Name ", b"Name"))


def test_columns_come_in_any_order_and_letters_and_others_are_not_kept() -> None:
    columns = [*reversed(COLUMNS), "salary"]
    content = a_roster({"name": "Ada", "salary": "a secret"}, columns=columns).replace(b"name", b" NAME ", 1)
    sheet = read_sheet(content)
    assert sheet.ignored_columns == ("salary",)
    assert sheet.lines[0].cell("name") == "Ada"
    assert "a secret" not in to_text(sheet.lines)


def test_rows_are_numbered_as_in_the_spreadsheet() -> None:
    body = a_roster({"name": "Ada\nNowak"}, {"name": "Bo"}).decode()
    first, rest = body.split("E-3")
    lines = read_sheet(f"{first.rstrip()}\n\n{',' * 11}\nE-3{rest}".encode()).lines
    assert [line.row for line in lines] == [2, 5]


def test_a_row_with_another_number_of_cells_is_told_apart() -> None:
    good = a_roster({}).decode().rstrip()
    lines = read_sheet(f"{good}\nE-7,Bo\n{',' * 12}x\nE-8{',' * 11},,\n".encode()).lines
    assert [line.cells is None for line in lines] == [False, True, True, False]


@pytest.mark.parametrize("cell", ['"Ada', 'Ada"', '"A"da'])
def test_quotation_marks_that_do_not_fit_are_refused(cell: str) -> None:
    if cell == 'Ada"':
        assert read_sheet(f"{HEADER}\nE-2,{cell}{',' * 10}".encode()).lines[0].cell("name") == cell
        return
    with pytest.raises(UnreadableRoster):
        read_sheet(f"{HEADER}\nE-2,{cell}{',' * 10}".encode())


def test_ten_thousand_rows_are_read_and_one_more_is_refused() -> None:
    row = "E-2" + "," * 11 + "\n"
    assert len(read_sheet(f"{HEADER}\n{row * MAX_ROWS}".encode()).lines) == MAX_ROWS
    with pytest.raises(TooManyRows):
        read_sheet(f"{HEADER}\n{row * (MAX_ROWS + 1)}".encode())


def test_a_hundred_thousand_rows_are_refused_full_or_empty() -> None:
    with pytest.raises(TooManyRows):
        read_sheet(f"{HEADER}\n{('E-2' + ',' * 11 + chr(10)) * 100_000}".encode())
    with pytest.raises(TooManyRows):
        read_sheet(f"{HEADER}\n{chr(10) * 100_001}".encode())
