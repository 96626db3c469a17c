"""Roster files and an in-memory register for tests; it refuses nothing that the domain takes."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID, uuid4

from xlsxwriter import Workbook as _Workbook  # pyright: ignore[reportMissingTypeStubs] - it has none

from services.directory.domain.headers import COLUMNS
from services.directory.domain.identity import Answers, Known
from services.directory.domain.institutions import Institution
from services.directory.domain.people import Person
from services.directory.domain.roster import Register, Verdict, compare, follow
from services.directory.domain.sheet import read_sheet
from shared.contracts.directory import PersonEvent

Workbook: Any = _Workbook
Change = Callable[[Any, Any], object]
"""Of a workbook and its sheet, as xlsxwriter makes them, which has no types."""
NOW = datetime(2026, 9, 7, 10, 0, tzinfo=UTC)

ADA = {
    "external_id": "E-1",
    "name": "Ada Nowak",
    "email": "ada.nowak@north.example",
    "role": "mentor",
    "programme": "internal_medicine",
    "level": "faculty",
    "specialty": "cardiology",
    "status": "active",
    "status_from": "",
    "time_zone": "",
    "places": "3",
    "shared_places": "1",
    "evaluator_of": "",
    "evaluator_until": "",
}


def a_workbook(*rows: Mapping[str, Any], change: Change | None = None) -> bytes:
    """A file with these rows, each of them Ada's but for what it says."""
    file = BytesIO()
    with Workbook(file, {"default_date_format": "yyyy-mm-dd", "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Roster")
        sheet.write_row(0, 0, COLUMNS)
        for number, row in enumerate(rows, start=1):
            said = {**ADA, **row}
            sheet.write_row(number, 0, [said[column] for column in COLUMNS])
        if change is not None:
            change(book, sheet)
    return file.getvalue()


def a_roster(*rows: Mapping[str, str], delimiter: str = ",", columns: Sequence[str] = COLUMNS) -> bytes:
    """A file with these rows; what a row does not say is said as for Ada, except for the id, and by it the person."""
    text = StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(columns)
    for number, row in enumerate(rows, start=2):
        said = {**ADA, **_somebody(row.get("external_id", f"E-{number}")), **row}
        writer.writerow([said.get(column, "") for column in columns])
    return text.getvalue().encode()


def _somebody(external_id: str) -> dict[str, str]:
    """Ada by her ids, and otherwise another person with a name and an address of their own."""
    if external_id in {"E-1", "E-2", ""}:
        return {"external_id": external_id}
    words = "".join(char for char in external_id.lower() if char.isalnum())[:20]
    return {"external_id": external_id, "name": f"Person {words}", "email": f"p{words}@north.example"}


@dataclass
class Hospital:
    """A hospital's directory in memory: it applies rosters as the use case does, without a database."""

    time_zone: str = "Europe/Warsaw"
    programmes: frozenset[str] = frozenset({"internal_medicine"})
    people: dict[str, Person] = field(default_factory=dict[str, Person])
    erased: set[str] = field(default_factory=set[str])
    importer_id: UUID = field(default_factory=uuid4)
    institution_id: UUID = field(default_factory=uuid4)

    def preview(self, content: bytes, now: datetime = NOW, answers: Answers | None = None) -> list[Verdict]:
        """What each row would do."""
        institution = Institution(self.institution_id, "North", "north.example", self.time_zone, "pl", NOW)
        is_erased = self.erased.__contains__
        staying = {key for key, one in self.people.items() if "administrator" in one.roles and one.stays()}
        known = Known(self.people.values())
        register = Register(institution, self.programmes, known, is_erased, self.importer_id, frozenset(staying))
        return compare(read_sheet(content).lines, register, now, answers or {})

    def apply(self, content: bytes, now: datetime = NOW, answers: Answers | None = None) -> list[PersonEvent]:
        """Apply the good rows; give what is said."""
        said: list[PersonEvent] = []
        for verdict in self.preview(content, now, answers):
            if verdict.kind not in {"new", "changed"}:
                continue
            assert verdict.entry is not None
            key = verdict.entry.details.external_id.lower()
            if key not in self.people:
                person = Person(uuid4(), self.institution_id, "0" * 32, verdict.entry.details)
                said.append(person.join(now))
                self.people[key] = person
            said += follow(self.people[key], verdict.entry, now)
            self.people[key].details = verdict.entry.details
        return said

    def person(self, external_id: str) -> Person:
        """Somebody by external id."""
        return self.people[external_id.lower()]


def reasons(verdicts: list[Verdict]) -> list[str | None]:
    """The error codes of all rows."""
    return [verdict.reason for verdict in verdicts]


def kinds(verdicts: list[Verdict]) -> list[str]:
    """What each row would do, in one word."""
    return [verdict.kind for verdict in verdicts]
