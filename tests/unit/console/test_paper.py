"""A record on paper: tagged for screen readers, with the record's own numbers and nothing that was not allowed."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, cast
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader

from services.console.domain import Name, Viewer
from services.console.pages.paper import print_record
from services.console.use_cases.records import NamedRecord
from services.pairing.api.circles import CountsView
from services.pairing.api.records import LevelView, MentoredView, RecordView, TallyView, ThanksView
from shared.platform.person import Person

AS_OF = datetime(2027, 1, 4, 9, tzinfo=UTC)
HERE, THERE, MENTOR, NAMED = uuid4(), uuid4(), uuid4(), uuid4()
NOTE = "Thank you.\n#panic() $x$ <all> @things *yes* = no"


def a_pair(mentee_id: UUID | None, note: str | None = None, **facts: Any) -> MentoredView:
    tally = TallyView(meetings=25, verified_minutes=750, unconfirmed_meetings=4, touchpoints=14, touchpoint_minutes=140)
    thanks = None if note is None else ThanksView(words=note, written_at=AS_OF)
    began_at = datetime(2026, 1, 2, 12, tzinfo=UTC)
    usual: dict[str, Any] = {"level": "pgy_1", "ended_at": None, "began_at": began_at, "tally": tally, "thanks": thanks}
    ids = {"pair_id": uuid4(), "mentor_institution_id": HERE, "mentee_institution_id": THERE, "mentee_id": mentee_id}
    return MentoredView.model_validate(ids | usual | facts)


def a_record(*pairs: MentoredView, mentor: str = "Dr Ada Okafor") -> NamedRecord:
    counts = CountsView(person_id=MENTOR, network=51, people_mentored=32, circles_led=11, leadership=43)
    total = TallyView(
        meetings=1025, verified_minutes=30_750, unconfirmed_meetings=8, touchpoints=28, touchpoint_minutes=281
    )
    view = RecordView(
        as_of=AS_OF,
        mentor_id=MENTOR,
        counts=counts,
        total=total,
        levels=[LevelView(level="pgy_1", mentees=31), LevelView(level=None, mentees=1)] if pairs else [],
        pairs=pairs,
    )
    viewer = Viewer(
        Person(MENTOR, HERE, frozenset({"mentor"})), mentor, "en", ZoneInfo("UTC"), "St Brigid's", ZoneInfo("UTC")
    )
    names: dict[UUID, Name] = {
        MENTOR: (mentor, "en"),
        NAMED: ("Žofie Nováková", "cs-CZ"),
        THERE: ("Holy Spirit Hospital", None),
    }
    return NamedRecord(viewer, view.model_dump(mode="json"), names)


def read(file: bytes) -> tuple[PdfReader, str]:
    """The file, and its text with single blanks."""
    reader = PdfReader(BytesIO(file))
    return reader, " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def tags(file: bytes) -> list[dict[str, Any]]:
    """Every structure element, in the order of reading."""

    def below(node: Any) -> Iterator[dict[str, Any]]:
        found = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(found, list):
            for each in cast("list[Any]", found):
                yield from below(each)
        elif isinstance(found, dict) and "/S" in found:
            element = cast("dict[str, Any]", found)
            yield element
            yield from below(element.get("/K", []))

    root = cast("dict[str, Any]", read(file)[0].trailer["/Root"])
    return list(below(root["/StructTreeRoot"]["/K"]))


def claims(file: bytes) -> set[str]:
    """What the file says of itself that it conforms to."""
    root = cast("dict[str, Any]", read(file)[0].trailer["/Root"])
    metadata = root["/Metadata"].get_object().get_data().decode()
    return set(re.findall(r"<(pdf(?:uaid|aid):\w+)>(\w+)<", metadata))


def test_the_paper_is_a_tagged_pdf_with_title_language_headings_and_header_cells() -> None:
    file = print_record(a_record(a_pair(NAMED, NOTE)))
    root = cast("dict[str, Any]", read(file)[0].trailer["/Root"])
    said = (root["/MarkInfo"]["/Marked"], root["/Lang"], root["/ViewerPreferences"]["/DisplayDocTitle"])
    assert said == (True, "en", True)
    metadata = read(file)[0].metadata
    assert metadata is not None
    assert metadata.title == "Mentoring record of Dr Ada Okafor"
    found = tags(file)
    kinds = [element["/S"] for element in found]
    assert kinds[:2] == ["/Document", "/Title"]
    headings = [str(element["/T"]) for element in found if element["/S"] == "/H1"]
    assert headings == ["In all", "Levels", "Pairs", "Thank-you notes", "How this can be checked"]
    assert kinds.count("/Table") == kinds.count("/THead") == 4
    scopes = [attribute["/Scope"] for head in _cells(found, "/TH") for attribute in head if "/Scope" in attribute]
    assert scopes == ["/Column"] * kinds.count("/TH") == ["/Column"] * 14
    assert all(any(attribute.get("/Headers") for attribute in cell) for cell in _cells(found, "/TD"))
    assert claims(file) == {("pdfuaid:part", "1"), ("pdfaid:part", "2"), ("pdfaid:conformance", "A")}


def _cells(found: list[dict[str, Any]], kind: str) -> list[list[dict[str, Any]]]:
    return [element["/A"] for element in found if element["/S"] == kind]


def test_every_letter_is_in_the_file_so_that_no_reader_fetches_a_font() -> None:
    reader, _ = read(print_record(a_record(a_pair(NAMED, NOTE))))
    fonts = [font for page in reader.pages for font in cast("Any", page)["/Resources"]["/Font"].values()]
    below = [font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for font in fonts]
    assert below
    assert all({"/FontFile2", "/FontFile3"} & each.keys() for each in below)


def test_the_numbers_on_paper_are_those_of_the_record() -> None:
    _, text = read(print_record(a_record(a_pair(NAMED), a_pair(None, level=None, ended_at=AS_OF))))
    for said in (
        "Dr Ada Okafor, St Brigid's. As of 4 January 2027.",
        "Verified time of meetings 512 h 30 min",
        "Meetings that one of the two confirmed 1025",
        "Meetings held, unconfirmed (no time counted) 8",
        "Touchpoints, as logged 28",
        "Time of touchpoints, as logged 4 h 41 min",
        "Different people mentored 32",
        "Circles led 11",
        "Leadership count: people mentored and circles led 43",
        "Network count: people paired with or introduced to 51",
        "PGY-1 31",
        "not known 1",
        "2 January 2026 to today 12 h 30 min 25 14",
        "2 January 2026 to 4 January 2027 12 h 30 min 25 14",
        "Holy Spirit Hospital",
    ):
        assert said in text


def test_who_did_not_consent_is_not_named_and_who_did_is_read_in_their_language() -> None:
    named = print_record(a_record(a_pair(NAMED)))
    assert "Žofie Nováková" in read(named)[1]
    assert "cs" in {str(element.get("/Lang")) for element in tags(named)}
    _, text = read(print_record(a_record(a_pair(None))))
    assert "not named" in text
    assert "Nováková" not in text
    assert str(NAMED) not in text


def test_what_people_write_is_read_as_they_wrote_it_and_never_as_markup() -> None:
    mentor = "Dr #eval(1) *Ada* <b>"
    reader, text = read(print_record(a_record(a_pair(NAMED, NOTE), mentor=mentor)))
    assert reader.metadata is not None
    assert reader.metadata.title == f"Mentoring record of {mentor}"
    assert " ".join(NOTE.split()) in text


@pytest.mark.parametrize("letter", ["\ue000", "\U0010fffd", "\u0378"])
def test_a_letter_that_no_font_draws_costs_the_claim_and_neither_the_file_nor_its_tags(letter: str) -> None:
    file = print_record(a_record(a_pair(NAMED, f"Thank you {letter}")))
    assert claims(file) == set()
    assert "/H1" in {element["/S"] for element in tags(file)}
    assert "Thank you" in read(file)[1]


def test_the_same_record_gives_the_same_bytes_and_an_empty_one_a_whole_file() -> None:
    record = a_record(a_pair(NAMED, NOTE))
    assert print_record(record) == print_record(record)
    _, text = read(print_record(a_record()))
    assert text.count("No pair has begun yet.") == 2
