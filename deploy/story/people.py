"""Who is who in the rosters, for the plot; a row that the directory will refuse is nobody here."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from deploy.story.hospitals import HOSPITALS, Hospital
from services.directory.domain.sheet import Line, read_sheet

ROSTERS: Final = Path(__file__).with_name("rosters")
_FIRST: Final = "2027-01-04"


@dataclass(frozen=True)
class Member:
    """A mentor or a mentee of the story; `places` are a mentor's, of which `shared_places` may go elsewhere."""

    subject: str
    role: str
    places: int
    shared_places: int


def first_roster(hospital: Hospital) -> Path:
    """The whole roster with which a hospital begins."""
    return ROSTERS / f"{_FIRST}-{hospital.key}.csv"


@cache
def members() -> dict[str, Member]:
    """Every mentor and mentee of the first rosters by sign-in name, in the order of the files."""
    return {member.subject: member for hospital in HOSPITALS for member in _members_of(hospital)}


def _members_of(hospital: Hospital) -> Iterator[Member]:
    for line in read_sheet(first_roster(hospital).read_bytes()).lines:
        if line.row not in hospital.wrong_rows and line.cell("role") != "administrator":
            yield Member(
                hospital.subject(line.cell("external_id")),
                line.cell("role"),
                _number(line, "places"),
                _number(line, "shared_places"),
            )


def _number(line: Line, column: str) -> int:
    return int(line.cell(column) or 0)
