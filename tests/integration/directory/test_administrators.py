"""Whatever its administrators do to each other, an institution keeps one who stays."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from shared.testing.eventually import eventually
from shared.testing.running import Running
from shared.testing.stage import START
from tests.integration.directory.consortium import Consortium, Hospital, count_waiting
from tests.unit.directory.rosters import a_roster

SECOND = {"external_id": "second", "role": "administrator", "places": "", "shared_places": ""}
BOSS = {**SECOND, "external_id": "boss"}
TOMORROW = {"status": "left", "status_from": "2027-01-05"}


@pytest.fixture
async def hospital(consortium: Consortium) -> Hospital:
    """A hospital with two administrators."""
    hospital = await consortium.add_hospital()
    await hospital.apply(a_roster(SECOND))
    return hospital


async def erase(hospital: Hospital, by: str, whom: str) -> httpx.Response:
    person = (await hospital.people())[whom]
    async with hospital.client(by) as http:
        path, seen = f"/people/{person['person_id']}/erase", {"If-Match": f'"{person["revision"]}"'}
        return await http.post(path, json={"reason": "asked"}, headers=seen)


async def judge(hospital: Hospital, by: str, content: bytes) -> list[str | None]:
    """Import the good rows of a roster; give the reasons of the others."""
    async with hospital.client(by) as http:
        preview = await http.post("/roster-imports", content=content, headers={"Content-Type": "text/csv"})
        path = f"/roster-imports/{preview.json()['import_id']}/apply"
        applied = await http.post(path, json={"rows": "good"})
    assert applied.json()["rows"] == preview.json()["rows"]
    return [row["reason"] for row in applied.json()["rows"]]


async def may_sign_in(hospital: Hospital, external_id: str) -> bool:
    async with hospital.client(external_id) as http:
        return (await http.get("/me")).status_code == 200


async def test_of_two_administrators_who_erase_each_other_at_once_one_remains(
    directory: Running, hospital: Hospital
) -> None:
    people = await hospital.people()
    lock = "SELECT FROM people WHERE institution_id = $1 ORDER BY person_id FOR UPDATE"
    async with directory.worker.transaction() as tx:
        await tx.fetch(lock, hospital.institution_id)
        both = asyncio.gather(erase(hospital, "boss", "second"), erase(hospital, "second", "boss"))

        async def both_wait() -> bool:
            return await count_waiting(directory) == 2

        await eventually(both_wait)
    answers = await both
    assert sorted(answer.status_code for answer in answers) == [200, 403]
    assert [await may_sign_in(hospital, external_id) for external_id in people].count(True) == 1


async def test_the_last_administrator_who_stays_is_not_erased(hospital: Hospital) -> None:
    assert await judge(hospital, "boss", a_roster({**SECOND, **TOMORROW})) == [None]
    refused = await erase(hospital, "second", "boss")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_administrator")
    assert await judge(hospital, "boss", a_roster({**SECOND, "external_id": "third"})) == [None]
    assert (await erase(hospital, "second", "boss")).status_code == 200


async def test_two_administrators_cannot_plan_each_other_away(directory: Running, hospital: Hospital) -> None:
    assert await judge(hospital, "boss", a_roster({**SECOND, **TOMORROW})) == [None]
    assert await judge(hospital, "second", a_roster({**BOSS, **TOMORROW})) == ["last_administrator"]
    try:
        await directory.stage.step_to(START + timedelta(days=2))
        await directory.fire()
    finally:
        await directory.stage.step_to(START)
    assert [await may_sign_in(hospital, external_id) for external_id in ("boss", "second")] == [True, False]


async def test_a_departure_that_would_leave_no_administrator_waits_for_another(
    directory: Running, hospital: Hospital
) -> None:
    assert await judge(hospital, "boss", a_roster({**SECOND, **TOMORROW})) == [None]
    # As an earlier version let it be planned.
    plan = "UPDATE people SET next_status = 'left', next_status_at = $2 WHERE person_id = $1"
    await directory.rows(plan, hospital.administrator_id, START + timedelta(days=9))
    try:
        await directory.stage.step_to(START + timedelta(days=2))
        await directory.fire()
        second = (await hospital.people())["second"]
        assert (second["status"], second["next_status"]) == ("active", "left")
        [timer] = await directory.rows("SELECT reason FROM timers WHERE subject_id::text = $1", second["person_id"])
        assert timer["reason"] == "last_administrator"
        assert await judge(hospital, "second", a_roster(BOSS)) == [None]

        async def gone() -> bool:
            await directory.fire()
            return not await may_sign_in(hospital, "second")

        await eventually(gone)
    finally:
        await directory.stage.step_to(START)
    assert await hospital.said("second") == ["person_joined", "role_assigned", "person_left"]
