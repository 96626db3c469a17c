"""What each row of a roster would do: new, changed, same or error with a reason."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.domain.people import HeldRole, RoleFacts
from shared.contracts.directory import (
    PersonJoined,
    PersonLeft,
    PersonReturned,
    PersonWentOnLeave,
    RoleAssigned,
    RoleRemoved,
)
from tests.unit.directory.rosters import ADA, NOW, Hospital, a_roster, kinds, reasons

plausible_rows = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "external_id": st.sampled_from(["A1", "a1", "B2", "C3", "D.4", "=5", ""]),
            "name": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
            "email": st.sampled_from(["a@b.example", "b@b.example", "nobody", "@", "a@b@c"]),
            "role": st.sampled_from(["mentor", "Mentee", "administrator", "boss"]),
            "programme": st.sampled_from(["", "internal_medicine", "surgery"]),
            "level": st.sampled_from(["", "PGY-1", "pgy_10", "fellow", "pgy_11"]),
            "specialty": st.sampled_from(["", "Internal medicine", "cardiology", "1x"]),
            "status": st.sampled_from(["", "active", "on_leave", "on leave", "left", "gone"]),
            "status_from": st.sampled_from(["", "2026-09-01", "2026-09-07", "2026-12-01", "2026-02-30", "9999-12-31"]),
            "time_zone": st.sampled_from(["", "Europe/Lisbon", "Mars/Olympus"]),
            "places": st.sampled_from(["", "0", "2", "100", "101", "-1", "two"]),
            "shared_places": st.sampled_from(["", "0", "1", "3"]),
        },
    ),
    max_size=8,
)


@given(plausible_rows)
def test_the_same_file_twice_changes_nothing_and_says_nothing(rows: list[dict[str, str]]) -> None:
    hospital, content = Hospital(), a_roster(*rows)
    first = hospital.preview(content)
    hospital.apply(content)
    revisions = {key: person.revision for key, person in hospital.people.items()}
    again = hospital.preview(content)
    assert kinds(again) == ["error" if verdict.kind == "error" else "same" for verdict in first]
    assert reasons(again) == reasons(first)
    assert hospital.apply(content) == []
    assert revisions == {key: person.revision for key, person in hospital.people.items()}


@given(plausible_rows)
def test_of_equal_ids_the_first_stands(rows: list[dict[str, str]]) -> None:
    verdicts = Hospital().preview(a_roster(*rows))
    seen: set[str] = set()
    for verdict, row in zip(verdicts, rows, strict=True):
        key = row.get("external_id", f"E-{verdict.row}").lower()
        if key in seen:
            assert (verdict.kind, verdict.reason) == ("error", "duplicate_external_id")
        elif key not in {"", "=5"}:
            assert verdict.reason != "duplicate_external_id"
            seen.add(key)


@given(plausible_rows, plausible_rows)
def test_events_of_a_person_are_numbered_without_gaps(
    first: list[dict[str, str]], second: list[dict[str, str]]
) -> None:
    hospital = Hospital()
    said = hospital.apply(a_roster(*first)) + hospital.apply(a_roster(*second), NOW + timedelta(days=90))
    for person in hospital.people.values():
        versions = [event.version for event in said if event.person_id == person.person_id]
        assert versions == list(range(1, person.version + 1))


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ({"external_id": ""}, "bad_external_id"),
        ({"external_id": "a b"}, "bad_external_id"),
        ({"external_id": "x" * 65}, "bad_external_id"),
        ({"external_id": "=1"}, "formula_cell"),
        ({"name": ""}, "bad_name"),
        ({"name": "x" * 201}, "bad_name"),
        ({"name": "Ada\nNowak"}, "bad_name"),
        ({"name": "Ada\u202enimdA"}, "bad_name"),
        ({"name": "Ada\x07"}, "bad_name"),
        ({"email": "ada"}, "bad_email"),
        ({"email": "ada@"}, "bad_email"),
        ({"email": "ada@x.example,bo@x.example"}, "bad_email"),
        ({"email": "ada@x.example\nBcc: b@x.example"}, "bad_email"),
        ({"role": ""}, "bad_role"),
        ({"role": "consortium_administrator"}, "bad_role"),
        ({"programme": "surgery"}, "unknown_programme"),
        ({"level": "pgy_11"}, "bad_level"),
        ({"specialty": "1"}, "bad_specialty"),
        ({"status": "gone"}, "bad_status"),
        ({"status": "erased"}, "bad_status"),
        ({"status_from": "01.09.2026"}, "bad_date"),
        ({"status_from": "2026-02-30"}, "bad_date"),
        ({"status_from": "0001-01-01"}, "absurd_date"),
        ({"status_from": "1899-12-31"}, "absurd_date"),
        ({"status_from": "9999-12-31"}, "absurd_date"),
        ({"time_zone": "Mars/Olympus"}, "bad_time_zone"),
        ({"time_zone": "../../etc/passwd"}, "bad_time_zone"),
        ({"places": "1.5"}, "bad_places"),
        ({"places": "101"}, "bad_places"),
        ({"places": "٣"}, "bad_places"),
        ({"places": "1", "shared_places": "2"}, "shared_above_places"),
        ({"role": "mentee", "places": "1", "shared_places": "0"}, "places_without_mentor"),
    ],
)
def test_a_bad_cell_is_an_error_with_its_reason(cell: dict[str, str], reason: str) -> None:
    assert reasons(Hospital().preview(a_roster(cell))) == [reason]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " ="])
@pytest.mark.parametrize("column", ADA)
def test_a_cell_that_a_spreadsheet_would_calculate_is_an_error_in_every_column(column: str, start: str) -> None:
    assert reasons(Hospital().preview(a_roster({column: start + "1"}))) == ["formula_cell"]


def test_a_row_with_errors_takes_no_other_row_with_it() -> None:
    verdicts = Hospital().preview(a_roster({}, {"email": "nobody"}, {}))
    assert [(verdict.row, verdict.kind) for verdict in verdicts] == [(2, "new"), (3, "error"), (4, "new")]


def test_what_is_no_external_id_is_not_repeated() -> None:
    [verdict] = Hospital().preview(a_roster({"external_id": "=cmd|' /C calc'!A0"}))
    assert verdict.external_id == ""


def test_names_in_any_script_are_kept_and_composed() -> None:
    hospital = Hospital()
    names = ["Łucja Żak", "山田 太郎", "محمد الأحمد", "Нгуен Ван", "क्‍षेत्र", unicodedata.normalize("NFD", "Ångström")]
    hospital.apply(a_roster(*({"name": name} for name in names)))
    kept = [person.known().name for person in hospital.people.values()]
    assert kept == [unicodedata.normalize("NFC", name) for name in names]


def test_a_new_person_joins_with_a_role_and_then_goes_on_leave() -> None:
    said = Hospital().apply(a_roster({"status": "on_leave", "status_from": "2026-09-01"}))
    assert [type(event) for event in said] == [PersonJoined, RoleAssigned, PersonWentOnLeave]
    assert [event.version for event in said] == [1, 2, 3]


def test_a_status_begins_with_the_day_in_the_institutions_zone() -> None:
    said = Hospital("America/New_York").apply(a_roster({"status": "left", "status_from": "2026-07-01"}))
    left = said[-1]
    assert isinstance(left, PersonLeft)
    assert left.since == datetime(2026, 7, 1, 4, 0, tzinfo=UTC)


def test_a_skipped_midnight_is_the_first_instant_after_it() -> None:
    now = datetime(2026, 9, 7, tzinfo=UTC)
    said = Hospital("Africa/Cairo").apply(a_roster({"status": "left", "status_from": "2026-04-24"}), now)
    left = said[-1]
    assert isinstance(left, PersonLeft)
    assert left.since == datetime(2026, 4, 23, 22, 0, tzinfo=UTC)


def test_a_later_status_waits_and_says_nothing_until_its_day() -> None:
    hospital = Hospital()
    hospital.apply(a_roster({}))
    later = a_roster({"status": "on_leave", "status_from": "2026-12-01"})
    assert hospital.preview(later)[0].changes == ("status",)
    assert hospital.apply(later) == []
    person = hospital.person("E-2")
    begins = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
    assert (person.status, person.next_status, person.next_status_at) == ("active", "on_leave", begins)
    assert person.follow_plan(begins - timedelta(seconds=1)) == []
    [went] = person.follow_plan(begins)
    assert isinstance(went, PersonWentOnLeave)
    assert went.since == begins


def test_a_file_without_the_later_status_takes_it_back() -> None:
    hospital = Hospital()
    hospital.apply(a_roster({"status": "left", "status_from": "2026-12-01"}))
    assert hospital.preview(a_roster({}))[0].changes == ("status",)
    assert hospital.apply(a_roster({})) == []
    assert hospital.person("E-2").next_status is None


def test_who_left_and_comes_back_on_leave_returned_in_between() -> None:
    hospital = Hospital()
    hospital.apply(a_roster({"status": "left"}))
    said = hospital.apply(a_roster({"status": "on_leave"}), NOW + timedelta(days=3))
    assert [type(event) for event in said] == [PersonReturned, PersonWentOnLeave]


def test_another_role_takes_the_place_of_the_one_that_a_roster_gave() -> None:
    hospital = Hospital()
    hospital.apply(a_roster({}))
    said = hospital.apply(a_roster({"role": "mentee", "places": "", "shared_places": "", "level": "PGY-2"}))
    assert [type(event) for event in said] == [RoleRemoved, RoleAssigned]
    assert set(hospital.person("E-2").roles) == {"mentee"}


def test_a_role_that_no_roster_gave_stays_beside_it() -> None:
    hospital = Hospital()
    hospital.apply(a_roster({}))
    hospital.person("E-2").roles["administrator"] = HeldRole(RoleFacts(), from_roster=False)
    assert kinds(hospital.preview(a_roster({}))) == ["same"]
    assert set(hospital.person("E-2").roles) == {"mentor", "administrator"}


def test_more_places_are_said_as_the_role_again() -> None:
    hospital = Hospital()
    hospital.apply(a_roster({}))
    [assigned] = hospital.apply(a_roster({"places": "5", "shared_places": "4"}))
    assert isinstance(assigned, RoleAssigned)
    assert (assigned.places, assigned.shared_places) == (5, 4)


def test_a_new_name_or_address_is_no_event_of_the_person() -> None:
    hospital = Hospital()
    hospital.apply(a_roster({}))
    moved = a_roster({"name": "Ada Kowal", "email": "ada.kowal@north.example", "time_zone": "Europe/Lisbon"})
    assert hospital.preview(moved)[0].changes == ("name", "email", "time_zone")
    assert hospital.apply(moved) == []


def test_who_is_absent_from_a_file_stays_as_they_are() -> None:
    hospital = Hospital()
    hospital.apply(a_roster({}, {}))
    assert hospital.apply(a_roster({})) == []
    assert hospital.person("E-3").status == "active"


def test_an_id_in_other_letters_is_the_same_person() -> None:
    hospital = Hospital()
    hospital.apply(a_roster({"external_id": "abc"}))
    assert kinds(hospital.preview(a_roster({"external_id": "ABC"}))) == ["same"]


def test_who_was_erased_is_not_brought_back_by_the_next_roster() -> None:
    assert reasons(Hospital(erased={"E-2"}).preview(a_roster({}))) == ["erased_person"]


@pytest.mark.parametrize("cell", [{"status": "left"}, {"role": "mentee", "places": "", "shared_places": ""}])
def test_administrators_cannot_shut_themselves_out(cell: dict[str, str]) -> None:
    hospital = Hospital()
    administrator = {"role": "administrator", "places": "", "shared_places": ""}
    hospital.apply(a_roster(administrator))
    hospital.importer_id = hospital.person("E-2").person_id
    assert reasons(hospital.preview(a_roster({**administrator, **cell}))) == ["own_administrator"]


ADMINISTRATOR = {"role": "administrator", "places": "", "shared_places": ""}
DEPARTURES = [
    {"status": "left"},
    {"status": "left", "status_from": "2026-09-08"},
    {"role": "mentee"},
]


@pytest.mark.parametrize("cell", DEPARTURES)
def test_no_roster_takes_the_last_administrator_who_stays(cell: dict[str, str]) -> None:
    hospital = Hospital()
    hospital.apply(a_roster(ADMINISTRATOR, {**ADMINISTRATOR, "status": "left", "status_from": "2026-09-09"}))
    hospital.importer_id = hospital.person("E-3").person_id
    assert reasons(hospital.preview(a_roster({**ADMINISTRATOR, **cell}))) == ["last_administrator"]
    going = {**ADMINISTRATOR, **cell}
    assert reasons(hospital.preview(a_roster(going, {**ADMINISTRATOR, "external_id": "E-9"}))) == [None, None]
    assert reasons(hospital.preview(a_roster(going, ADMINISTRATOR))) == [None, None]


def test_of_rows_that_take_every_administrator_the_last_is_an_error() -> None:
    hospital = Hospital()
    hospital.apply(a_roster(ADMINISTRATOR, ADMINISTRATOR))
    departures = [{**ADMINISTRATOR, **cell} for cell in DEPARTURES[:2]]
    assert reasons(hospital.preview(a_roster(*departures))) == [None, "last_administrator"]


def test_an_administrator_who_left_does_not_stay_before_the_day_of_their_return() -> None:
    hospital = Hospital()
    hospital.apply(a_roster({**ADMINISTRATOR, "status": "left"}, ADMINISTRATOR))
    files = [
        a_roster({**ADMINISTRATOR, "status_from": day}, {**ADMINISTRATOR, "status": "left"})
        for day in ("2026-09-08", "2026-09-07")
    ]
    assert [reasons(hospital.preview(content)) for content in files] == [[None, "last_administrator"], [None, None]]


a_change = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["administrator", "mentee"]),
        "status": st.sampled_from(["active", "on_leave", "left"]),
        "status_from": st.sampled_from(["2026-09-06", "", "2026-09-08"]),
        "places": st.just(""),
        "shared_places": st.just(""),
    }
)


@given(st.lists(st.tuples(st.integers(0, 2), st.lists(a_change, min_size=3, max_size=3)), max_size=4))
def test_an_administrator_stays_after_any_rosters_of_any_importers(
    files: list[tuple[int, list[dict[str, str]]]],
) -> None:
    hospital = Hospital()
    hospital.apply(a_roster(ADMINISTRATOR, ADMINISTRATOR, ADMINISTRATOR))
    for importer, rows in files:
        hospital.importer_id = hospital.person(f"E-{importer + 2}").person_id
        hospital.apply(a_roster(*rows))
        assert any("administrator" in one.roles and one.stays() for one in hospital.people.values())
