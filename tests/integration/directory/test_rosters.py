"""Roster files from the request to the rows and the events."""

import asyncio
import time
from datetime import timedelta
from uuid import UUID

import pytest

from services.directory.api.rosters import XLSX
from services.directory.domain.headers import COLUMNS
from shared.contracts.directory import PersonWentOnLeave, RoleAssigned
from shared.testing.running import Running
from shared.testing.stage import START
from tests.integration.directory.consortium import Consortium, Hospital
from tests.unit.directory.rosters import a_roster, a_workbook

CSV = {"Content-Type": "text/csv; charset=utf-8"}


@pytest.fixture
async def hospital(consortium: Consortium) -> Hospital:
    return await consortium.add_hospital()


async def test_a_preview_changes_nobody_and_applying_it_changes_everybody(hospital: Hospital) -> None:
    content = a_roster({"name": "Łucja Żak"}, {"role": "mentee", "places": "", "shared_places": "", "level": "PGY-1"})
    preview = await hospital.preview(content)
    assert preview["counts"] == {"new": 2, "changed": 0, "same": 0, "unsure": 0, "error": 0}
    assert set(await hospital.people()) == {"boss"}
    applied = await hospital.post(f"/roster-imports/{preview['import_id']}/apply", json={"rows": "all"})
    assert (applied.status_code, applied.json()["state"]) == (200, "applied")
    people = await hospital.people()
    assert people["E-2"]["name"] == "Łucja Żak"
    assert people["E-3"]["roles"][0]["level"] == "pgy_1"
    assert await hospital.said("E-2") == ["person_joined", "role_assigned"]


async def test_imported_people_may_sign_in_in_the_same_instant(hospital: Hospital) -> None:
    await hospital.apply(a_roster({}, {"status": "left"}))
    for external_id, status in (("E-2", 200), ("e-2", 200), ("E-3", 401), ("E-9", 401)):
        async with hospital.client(external_id) as http:
            assert (await http.get("/me")).status_code == status


async def test_the_same_file_twice_changes_nothing_and_says_nothing(directory: Running, hospital: Hospital) -> None:
    content = a_roster({}, {"status": "on_leave"}, {"status": "left", "status_from": "2027-06-01"})
    await hospital.apply(content)
    people, said = await hospital.people(), await directory.said()
    again = await hospital.apply(content)
    assert again["counts"] == {"new": 0, "changed": 0, "same": 3, "unsure": 0, "error": 0}
    assert (await hospital.people(), await directory.said()) == (people, said)


async def test_a_roster_with_errors_imports_nothing_until_someone_says_the_good_rows(hospital: Hospital) -> None:
    preview = await hospital.preview(a_roster({}, {"name": "=1+1"}, {"programme": "surgery"}))
    reasons = [(row["row"], row["reason"]) for row in preview["rows"]]
    assert reasons == [(2, None), (3, "formula_cell"), (4, "unknown_programme")]
    path = f"/roster-imports/{preview['import_id']}/apply"
    refused = await hospital.post(path, json={"rows": "all"})
    assert (refused.status_code, refused.json()["code"]) == (409, "roster_has_errors")
    assert set(await hospital.people()) == {"boss"}
    applied = await hospital.post(path, json={"rows": "good"})
    assert applied.status_code == 200
    assert set(await hospital.people()) == {"boss", "E-2"}
    again = await hospital.post(path, json={"rows": "good"})
    assert (again.status_code, again.json()["code"]) == (409, "roster_already_applied")


async def test_rows_are_judged_anew_when_they_are_applied(hospital: Hospital) -> None:
    content = a_roster({}, {"programme": "surgery"})
    early = await hospital.preview(content)
    await hospital.post("/programmes", json={"code": "surgery", "name": "Surgery"})
    await hospital.apply(a_roster({}))
    applied = await hospital.post(f"/roster-imports/{early['import_id']}/apply", json={"rows": "all"})
    assert applied.json()["counts"] == {"new": 1, "changed": 0, "same": 1, "unsure": 0, "error": 0}


async def test_changes_are_named_and_said(directory: Running, hospital: Hospital) -> None:
    await hospital.apply(a_roster({}))
    content = a_roster({"name": "Ada Kowal", "places": "5"})
    assert (await hospital.preview(content))["rows"][0]["changes"] == ["name", "places"]
    await hospital.apply(content)
    person = (await hospital.people())["E-2"]
    assert (person["name"], person["roles"][0]["places"]) == ("Ada Kowal", 5)
    said = await directory.bodies(RoleAssigned)
    assert [event.places for event in said if str(event.person_id) == person["person_id"]] == [3, 5]


async def test_of_two_files_with_the_same_new_person_at_once_one_makes_them(hospital: Hospital) -> None:
    previews = [await hospital.preview(a_roster({}, {})) for _ in range(2)]
    answers = await asyncio.gather(
        *(hospital.post(f"/roster-imports/{one['import_id']}/apply", json={"rows": "all"}) for one in previews)
    )
    assert sorted(answer.json()["counts"]["new"] for answer in answers) == [0, 2]
    assert await hospital.said("E-2") == ["person_joined", "role_assigned"]


async def test_leave_that_was_said_for_a_later_day_begins_with_that_day(directory: Running, hospital: Hospital) -> None:
    await hospital.apply(a_roster({"status": "on_leave", "status_from": "2027-01-20"}))
    person = (await hospital.people())["E-2"]
    assert (person["status"], person["next_status_at"]) == ("active", "2027-01-19T23:00:00Z")
    try:
        await directory.stage.step_to(START + timedelta(days=15, hours=13, minutes=59))
        await directory.fire()
        assert (await hospital.people())["E-2"]["status"] == "active"
        await directory.stage.step_to(START + timedelta(days=15, hours=14))
        await directory.fire()
    finally:
        await directory.stage.step_to(START)
    person = (await hospital.people())["E-2"]
    assert (person["status"], person["next_status"]) == ("on_leave", None)
    [went] = [
        event for event in await directory.bodies(PersonWentOnLeave) if str(event.person_id) == person["person_id"]
    ]
    assert went.since == START + timedelta(days=15, hours=14)


async def test_a_preview_and_its_rows_are_gone_after_a_day(directory: Running, hospital: Hospital) -> None:
    preview = await hospital.preview(a_roster({}))
    path = f"/roster-imports/{preview['import_id']}"
    try:
        await directory.stage.step_to(START + timedelta(days=1))
        refused = await hospital.post(f"{path}/apply", json={"rows": "all"})
        assert (refused.status_code, refused.json()["code"]) == (409, "roster_expired")
        await directory.fire()
    finally:
        await directory.stage.step_to(START)
    shown = await hospital.get(path)
    assert (shown["state"], shown["rows"], shown["counts"]["new"]) == ("expired", [], 1)
    rows = await directory.rows(
        "SELECT lines, rows FROM roster_imports WHERE import_id = $1", UUID(preview["import_id"])
    )
    assert [tuple(row) for row in rows] == [(None, None)]


async def test_another_institutions_import_answers_as_a_missing_one(consortium: Consortium, hospital: Hospital) -> None:
    other = await consortium.add_hospital()
    preview = await other.preview(a_roster({}))
    async with hospital.client() as http:
        shown = await http.get(f"/roster-imports/{preview['import_id']}")
    applied = await hospital.post(f"/roster-imports/{preview['import_id']}/apply", json={"rows": "all"})
    assert (shown.status_code, applied.status_code) == (404, 404)
    assert applied.json()["code"] == "roster_import_not_found"


async def test_a_file_that_is_no_roster_is_refused_and_leaves_nothing(directory: Running, hospital: Hospital) -> None:
    header = ",".join(COLUMNS)
    row = "E-2" + "," * 11 + "\n"
    for content, code in (
        (a_roster({"name": "Żak"}).decode().encode("cp1250"), "wrong_encoding"),
        (a_roster({"name": "a\0b"}), "wrong_encoding"),
        (a_roster({}, columns=COLUMNS[1:]), "missing_column"),
        (b"", "missing_column"),
        (f"{header},name\n".encode(), "duplicate_column"),
        (f'{header}\n"'.encode(), "unreadable_roster"),
        (f"{header}\n{row * 100_000}".encode(), "too_many_rows"),
    ):
        refused = await hospital.post("/roster-imports", content=content, headers=CSV)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    rows = await directory.rows("SELECT FROM roster_imports WHERE institution_id = $1", hospital.institution_id)
    assert rows == []


async def test_a_body_that_is_too_large_or_no_csv_is_refused(hospital: Hospital) -> None:
    large = await hospital.post("/roster-imports", content=b"x" * (10 * 1024 * 1024 + 1), headers=CSV)
    assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
    other = await hospital.post("/roster-imports", json={"rows": []})
    assert (other.status_code, other.json()["code"]) == (415, "unsupported_media_type")


async def test_five_thousand_rows_are_imported_in_seconds(directory: Running, hospital: Hospital) -> None:
    content = a_roster(*({"name": f"Person {number}"} for number in range(5_000)))
    began = time.monotonic()
    async with directory.app.transaction() as tx:
        for _ in range(500):
            await tx.fetch("SELECT 1")
    bare = (time.monotonic() - began) / 500
    began = time.monotonic()
    applied = await hospital.apply(content)
    took = time.monotonic() - began
    assert applied["counts"]["new"] == 5_000
    # Ten seconds on two cores; on a busy machine, a few times what as many bare statements as there are events take.
    assert took < max(10, 15_000 * 5 * bare), f"{took:.1f} s; a bare statement takes {bare * 1000:.2f} ms"


async def test_a_spreadsheet_file_is_a_roster_too(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    merged = a_workbook({}, change=lambda _, sheet: sheet.merge_range(1, 1, 2, 1, "Ada Nowak"))
    two = a_workbook({}, change=lambda book, _: book.add_worksheet("Second").write_string(0, 0, "x"))
    files = [
        (a_workbook({}), 201, "previewed"),
        (a_workbook({})[:-100], 422, "unreadable_workbook"),
        (merged, 422, "merged_cells"),
        (two, 422, "several_sheets"),
    ]
    for content, status, said in files:
        answer = await hospital.post("/roster-imports", content=content, headers={"Content-Type": XLSX})
        assert (answer.status_code, answer.json().get("code", answer.json().get("state"))) == (status, said)
    assert (await hospital.apply(a_roster({"external_id": "E-1"})))["counts"]["new"] == 1
    again = await hospital.post("/roster-imports", content=a_workbook({}), headers={"Content-Type": XLSX})
    assert again.json()["counts"] == {"new": 0, "changed": 0, "same": 1, "unsure": 0, "error": 0}
    other = await hospital.post("/roster-imports", content=a_workbook({}), headers={"Content-Type": "application/json"})
    assert other.status_code == 415


async def test_imports_are_listed_the_latest_first_page_by_page_and_to_their_own_hospital(
    directory: Running, hospital: Hospital, consortium: Consortium
) -> None:
    sent: list[str] = []
    try:
        for hour in range(3):
            await directory.stage.step_to(START + timedelta(hours=hour))
            sent.append((await hospital.preview(a_roster({})))["import_id"])
        await hospital.post(f"/roster-imports/{sent[0]}/apply", json={"rows": "all"})
        listed = await hospital.get("/roster-imports?limit=2")
        rest = await hospital.get(f"/roster-imports?limit=2&after={listed['next']}")
    finally:
        await directory.stage.step_to(START)
    assert [each["import_id"] for each in (*listed["items"], *rest["items"])] == sent[::-1]
    assert [each["state"] for each in (*listed["items"], *rest["items"])] == ["previewed", "previewed", "applied"]
    assert (rest["next"], rest["items"][0]["counts"]["new"]) == (None, 1)
    assert "rows" not in rest["items"][0]
    other = await consortium.add_hospital()
    assert (await other.get("/roster-imports"))["items"] == []
