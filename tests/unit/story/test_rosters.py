"""The roster files of the story, read by the directory's own rules."""

import unicodedata
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from deploy.local.issuer.personas import Personas
from deploy.local.up import PERSONAS
from deploy.story.calendar import END, START, WEEKS, at, slot
from deploy.story.hospitals import CHIEF, HOSPITALS, OFFICE, Hospital, hospital_of
from deploy.story.people import ROSTERS, first_roster, members
from services.directory.domain.identity import Known
from services.directory.domain.institutions import Institution
from services.directory.domain.roster import Register, Verdict, compare
from services.directory.domain.sheet import read_sheet


def verdicts(hospital: Hospital, name: str) -> list[Verdict]:
    institution = Institution(
        uuid4(), hospital.name, hospital.mail_domain, hospital.time_zone, hospital.locale, joined_at=START
    )
    register = Register(institution, frozenset(hospital.programmes), Known([]), lambda _: False, uuid4(), frozenset())
    return compare(read_sheet((ROSTERS / name).read_bytes()).lines, register, START)


@pytest.mark.parametrize("hospital", HOSPITALS, ids=lambda hospital: hospital.key)
def test_a_first_roster_has_just_the_wrong_rows_that_the_story_knows_of(hospital: Hospital) -> None:
    judged = verdicts(hospital, first_roster(hospital).name)
    assert {verdict.row: verdict.reason for verdict in judged if verdict.kind == "error"} == hospital.wrong_rows


def test_a_later_roster_has_no_wrong_row() -> None:
    first = {first_roster(hospital).name for hospital in HOSPITALS}
    later = [path for path in ROSTERS.glob("*.csv") if path.name not in first]
    assert later
    for path in later:
        hospital = next(hospital for hospital in HOSPITALS if path.name.endswith(f"-{hospital.key}.csv"))
        assert [verdict for verdict in verdicts(hospital, path.name) if verdict.kind == "error"] == []


def test_about_two_hundred_people_of_five_hospitals_in_three_time_zones_write_their_names_in_many_scripts() -> None:
    rows = [line for hospital in HOSPITALS for line in read_sheet(first_roster(hospital).read_bytes()).lines]
    names = {line.cell("name") for line in rows}
    scripts = {unicodedata.name(letter, "?").split()[0] for name in names for letter in name if letter.isalpha()}
    assert 190 <= len(names) <= 220
    assert len({hospital.time_zone for hospital in HOSPITALS}) == 3
    assert scripts >= {"LATIN", "ARABIC", "HEBREW", "CJK", "HANGUL", "DEVANAGARI", "THAI", "CYRILLIC", "GREEK"}
    assert any(" " not in name for name in names)
    assert max(map(len, names)) > 40


def test_every_address_is_of_a_domain_that_nobody_can_have() -> None:
    for path in ROSTERS.glob("*.csv"):
        for line in read_sheet(path.read_bytes()).lines:
            assert line.cell("email").endswith(".example") or line.cells is None


def test_the_first_administrator_stands_in_the_roster_as_known_before() -> None:
    for hospital in HOSPITALS:
        [line] = [
            line
            for line in read_sheet(first_roster(hospital).read_bytes()).lines
            if line.cell("external_id") == hospital.administrator.external_id
        ]
        assert (line.cell("name"), line.cell("email")) == (hospital.administrator.name, hospital.administrator.email)
        assert line.cell("role") == "administrator"


def test_every_persona_is_somebody_of_the_story() -> None:
    known = {hospital.administrator_subject: hospital.administrator.name for hospital in HOSPITALS}
    known[OFFICE.subject(CHIEF.external_id)] = CHIEF.name
    for hospital in HOSPITALS:
        for line in read_sheet(first_roster(hospital).read_bytes()).lines:
            known.setdefault(hospital.subject(line.cell("external_id")), line.cell("name"))
    for persona in Personas.read(PERSONAS).everybody():
        assert known[persona.subject] == persona.name
        assert hospital_of(persona.subject).name == persona.institution
        assert persona.sees
    assert members()


def test_hours_stay_on_the_wall_clock_when_daylight_saving_time_begins_and_apart_where_it_does_not() -> None:
    before, after = 0, 10 * 10  # a Monday in January, and the Monday after the second Sunday in March
    for hospital in HOSPITALS:
        zone = ZoneInfo(hospital.time_zone)
        hours = {at(beat, hospital.time_zone).astimezone(zone).time() for beat in (before, after)}
        assert len(hours) == 1
    assert len({at(before, hospital.time_zone) for hospital in HOSPITALS}) == 1
    assert len({at(after, hospital.time_zone) for hospital in HOSPITALS}) == 2
    assert (END - START).days == 7 * WEEKS


def test_a_meeting_lies_in_the_half_hour_before_its_beat() -> None:
    times = slot(7, "America/Phoenix", 25)
    starts_at, ends_at = (datetime.fromisoformat(times[name]) for name in ("starts_at", "ends_at"))
    assert (at(7, "America/Phoenix") - starts_at).seconds == 30 * 60
    assert (ends_at - starts_at).seconds == 25 * 60
