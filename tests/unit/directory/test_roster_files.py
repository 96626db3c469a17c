"""What is refused as a whole file, and how rows are numbered."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.domain.columns import DuplicateColumn, HeaderNotFound, MissingColumn, Taken
from services.directory.domain.headers import COLUMNS, HEADERS, OPTIONAL, fold
from services.directory.domain.sheet import (
    MAX_ROWS,
    Line,
    TooManyRows,
    UnreadableRoster,
    WrongEncoding,
    from_text,
    read_sheet,
    to_text,
)
from shared.platform.errors import Malformed
from tests.unit.directory.rosters import a_roster

HEADER, WIDTH = ",".join(COLUMNS), len(COLUMNS)


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


@pytest.mark.parametrize("column", [each for each in COLUMNS if each not in OPTIONAL])
def test_a_missing_column_is_refused_by_name(column: str) -> None:
    with pytest.raises(MissingColumn, match=rf"Missing: {column}\."):
        read_sheet(a_roster({}, columns=[each for each in COLUMNS if each != column]))


def test_an_optional_column_that_is_missing_is_empty_and_taken_as_none() -> None:
    required = [each for each in COLUMNS if each not in OPTIONAL]
    sheet = read_sheet(a_roster({}, columns=required))
    assert [taken.column for taken in sheet.columns] == required
    assert {sheet.lines[0].cell(column) for column in OPTIONAL} == {""}
    remembered = {column: f"Our {column}" for column in COLUMNS}
    again = read_sheet(a_roster({}, columns=required), remembered=remembered | {each: each for each in required})
    assert {taken.by for taken in again.columns} == {"remembered"}
    # What was kept of a file before there were these columns is read as before.
    kept = from_text(to_text((Line(2, sheet.lines[0].cells[: len(required)] if sheet.lines[0].cells else None),)))
    assert (kept[0].cell("external_id"), kept[0].cell("evaluator_of")) == ("E-2", "")


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
    lines = read_sheet(f"{good}\nE-7,Bo\n{',' * WIDTH}x\nE-8{',' * (WIDTH - 1)},,\n".encode()).lines
    assert [line.cells is None for line in lines] == [False, True, True, False]


@pytest.mark.parametrize("cell", ['"Ada', 'Ada"', '"A"da'])
def test_quotation_marks_that_do_not_fit_are_refused(cell: str) -> None:
    if cell == 'Ada"':
        assert read_sheet(f"{HEADER}\nE-2,{cell}{',' * (WIDTH - 2)}".encode()).lines[0].cell("name") == cell
        return
    with pytest.raises(UnreadableRoster):
        read_sheet(f"{HEADER}\nE-2,{cell}{',' * (WIDTH - 2)}".encode())


def test_ten_thousand_rows_are_read_and_one_more_is_refused() -> None:
    row = "E-2" + "," * (WIDTH - 1) + "\n"
    assert len(read_sheet(f"{HEADER}\n{row * MAX_ROWS}".encode()).lines) == MAX_ROWS
    with pytest.raises(TooManyRows):
        read_sheet(f"{HEADER}\n{row * (MAX_ROWS + 1)}".encode())


def test_a_hundred_thousand_rows_are_refused_full_or_empty() -> None:
    with pytest.raises(TooManyRows):
        read_sheet(f"{HEADER}\n{('E-2' + ',' * 11 + chr(10)) * 100_000}".encode())
    with pytest.raises(TooManyRows):
        read_sheet(f"{HEADER}\n{chr(10) * 100_001}".encode())


def taken(content: bytes, **maps: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Which header was taken as which column, and why."""
    return {one.column: (one.header, one.by) for one in read_sheet(content, **maps).columns}


def with_headers(**headers: str) -> bytes:
    """Ada's row under these headers instead of the columns' own names."""
    text = StringIO()
    csv.writer(text).writerow([headers.get(column, column) for column in COLUMNS])
    return text.getvalue().encode() + a_roster({}).split(b"\r\n", 1)[1]


def test_no_header_means_two_columns() -> None:
    words = [fold(word) for column, said in HEADERS.items() for word in {fold(each) for each in (column, *said)}]
    assert len(set(words)) == len(words)
    assert "" not in words


@pytest.mark.parametrize(("column", "word"), [(column, word) for column, words in HEADERS.items() for word in words])
def test_a_column_is_known_by_what_hospitals_call_it(column: str, word: str) -> None:
    for written in (word, f"  {word.upper()}: ", word.replace(" ", "_"), word.replace("é", "e\u0301")):
        assert taken(with_headers(**{column: written}))[column] == (written.strip(), "guessed")


def test_two_headers_that_would_be_one_column_are_refused_until_one_is_stated() -> None:
    content = a_roster({"name": "Ada", "Full name": "Ada Nowak"}, columns=[*COLUMNS, "Full name"])
    with pytest.raises(DuplicateColumn, match=r"Column: name\."):
        read_sheet(content)
    sheet = read_sheet(content, {"name": "full name"})
    assert sheet.lines[0].cell("name") == "Ada Nowak"
    assert sheet.ignored_columns == ("name",)
    assert sheet.columns[1] == Taken("name", "Full name", "stated")


def test_a_stated_header_is_found_by_its_exact_words_first() -> None:
    content = a_roster({"#": "E-7", "N.A.M.E.": "Ada Nowak"}, columns=["#", *COLUMNS[1:], "N.A.M.E."])
    sheet = read_sheet(content, {"external_id": "#", "name": "N.A.M.E."})
    assert (sheet.lines[0].cell("external_id"), sheet.lines[0].cell("name")) == ("E-7", "Ada Nowak")


@pytest.mark.parametrize(
    ("stated", "refusal"),
    [
        ({"name": "Who"}, HeaderNotFound),
        ({"name": "?"}, HeaderNotFound),
        ({"name": "email", "email": "email"}, DuplicateColumn),
        ({"name": "note"}, DuplicateColumn),
        ({"name": "email"}, MissingColumn),
    ],
)
def test_a_statement_that_does_not_fit_the_file_is_refused(stated: dict[str, str], refusal: type[Malformed]) -> None:
    with pytest.raises(refusal) as refused:
        read_sheet(a_roster({}, columns=[*COLUMNS, "Note", "NOTE!"]), stated)
    assert "Who" not in str(refused.value)


def test_what_is_remembered_comes_before_the_words_and_after_what_is_stated() -> None:
    remembered = {column: column for column in COLUMNS} | {"name": "Person shown", "email": "Reach"}
    content = a_roster(
        {"Person shown": "Ada Nowak", "Reach": "a@b.example"}, columns=[*COLUMNS, "person-shown", "Reach"]
    )
    columns = taken(content, remembered=remembered)
    assert (columns["name"], columns["email"]) == (("person-shown", "remembered"), ("Reach", "remembered"))
    columns = taken(content, remembered=remembered, stated={"email": "email"})
    assert (columns["name"][1], columns["email"]) == ("remembered", ("email", "stated"))


@pytest.mark.parametrize("columns", [COLUMNS, [*COLUMNS, "Reach", "reach"]])
def test_what_is_remembered_of_another_file_is_left_and_the_words_count(columns: list[str]) -> None:
    remembered = {column: column for column in COLUMNS} | {"email": "Reach"}
    assert {by for _, by in taken(a_roster({}, columns=columns), remembered=remembered).values()} == {"guessed"}


def test_what_is_remembered_gives_way_where_its_header_is_stated_for_another_column() -> None:
    remembered = {column: column for column in COLUMNS}
    content = a_roster({}, columns=[*COLUMNS, "mail"])
    with pytest.raises(MissingColumn, match=r"Missing: email\."):
        read_sheet(a_roster({}), {"specialty": "email"}, remembered)
    assert taken(content, stated={"specialty": "email"}, remembered=remembered)["email"] == ("mail", "guessed")


def test_the_delimiter_is_told_by_words_and_by_what_is_stated_or_remembered() -> None:
    german = ["Personal-Nr", "Name", "E-Mail", "Rolle", "Programm", "Stufe", "Fachgebiet", "Status", "Status seit"]
    columns = [*german, "Zeitzone", "Plätze", "geteilte Plätze"]
    content = a_roster({"Name": "Ada, Nowak"}, columns=columns, delimiter=";")
    assert read_sheet(content).lines[0].cell("name") == "Ada, Nowak"
    odd = {column: f"c,{number}" for number, column in enumerate(COLUMNS)}
    content = a_roster({}, columns=list(odd.values()), delimiter=";")
    for maps in ({"stated": odd}, {"remembered": odd}):
        assert len(read_sheet(content, **maps).columns) == len(COLUMNS)


@given(st.lists(st.text(max_size=6), max_size=14), st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=6)))
def test_any_headers_and_any_statement_are_taken_or_refused(header: list[str], stated: dict[str, str]) -> None:
    text = StringIO()
    csv.writer(text).writerows([[*COLUMNS, *header]])
    try:
        columns = read_sheet(text.getvalue().encode(errors="replace"), stated).columns
    except Malformed:
        return
    assert [one.column for one in columns] == list(COLUMNS)
