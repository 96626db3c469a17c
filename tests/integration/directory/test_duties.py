"""Who directs, judges and coaches in a programme: said once, over at its instant, and no other hospital's business."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts.directory import DutyAssigned, DutyRemoved
from shared.testing.running import Running
from shared.testing.stage import START
from tests.integration.directory.consortium import Consortium, Hospital
from tests.unit.directory.rosters import a_roster


async def _person(hospital: Hospital, external_id: str = "e1", **cells: str) -> UUID:
    await hospital.apply(a_roster({"external_id": external_id, **cells}))
    return UUID((await hospital.people())[external_id]["person_id"])


def _form(person_id: UUID, duty: str = "director", programme: str = "internal_medicine", **more: Any) -> dict[str, Any]:
    return {"person_id": str(person_id), "programme": programme, "duty": duty, **more}


async def _ends(directory: Running, duty: dict[str, Any]) -> list[datetime]:
    """When the clock will end a duty."""
    rows = await directory.rows("SELECT due_at FROM timers WHERE subject_id = $1", UUID(duty["duty_id"]))
    return [row["due_at"] for row in rows]


async def test_a_duty_is_said_once_and_again_when_its_end_changes(directory: Running, consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    person_id = await _person(hospital)
    ends_at = datetime(2027, 9, 1, tzinfo=UTC)
    first = (await hospital.post("/duties", json=_form(person_id, "coach"))).json()
    again = (await hospital.post("/duties", json=_form(person_id, "coach"))).json()
    later = (await hospital.post("/duties", json=_form(person_id, "coach", ends_at=ends_at.isoformat()))).json()
    assert first == again
    assert first["duty_id"] == later["duty_id"]
    said = [event for event in await directory.bodies(DutyAssigned) if event.person_id == person_id]
    assert [(event.duty, event.programme, event.ends_at) for event in said] == [
        ("coach", "internal_medicine", None),
        ("coach", "internal_medicine", ends_at),
    ]
    listing = await hospital.get("/duties?programme=internal_medicine")
    assert listing["items"] == [later]


async def test_a_duty_is_over_at_its_end_and_not_a_second_before(directory: Running, consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    person_id = await _person(hospital)
    ends_at = START + timedelta(days=2)
    (await hospital.post("/duties", json=_form(person_id, "evaluator", ends_at=ends_at.isoformat()))).raise_for_status()
    async with directory.at(ends_at - timedelta(seconds=1)):
        assert len((await hospital.get("/duties"))["items"]) == 1
    async with directory.at(ends_at):
        assert (await hospital.get("/duties"))["items"] == []
    removed = [event for event in await directory.bodies(DutyRemoved) if event.person_id == person_id]
    assert [(event.duty, event.occurred_at >= ends_at) for event in removed] == [("evaluator", True)]


async def test_a_duty_that_was_given_no_end_after_all_does_not_end(directory: Running, consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    person_id = await _person(hospital)
    ends_at = START + timedelta(days=1)
    (await hospital.post("/duties", json=_form(person_id, ends_at=ends_at.isoformat()))).raise_for_status()
    (await hospital.post("/duties", json=_form(person_id))).raise_for_status()
    async with directory.at(ends_at):
        assert len((await hospital.get("/duties"))["items"]) == 1


async def test_a_duty_is_taken_back_once(directory: Running, consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    ends_at = START + timedelta(days=1)
    duty = (await hospital.post("/duties", json=_form(await _person(hospital), ends_at=ends_at.isoformat()))).json()
    assert await _ends(directory, duty) == [ends_at]
    (await hospital.post(f"/duties/{duty['duty_id']}/remove")).raise_for_status()
    assert await _ends(directory, duty) == []
    again = await hospital.post(f"/duties/{duty['duty_id']}/remove")
    assert (again.status_code, again.json()["code"]) == (404, "duty_not_found")
    removed = [e for e in await directory.bodies(DutyRemoved) if str(e.person_id) == duty["person_id"]]
    assert len(removed) == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"programme": "surgery"}, 404, "programme_not_found"),
        ({"person_id": str(uuid4())}, 404, "person_not_found"),
        ({"duty": "evaluator"}, 422, "duty_end_missing"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, 422, "duty_end_out_of_range"),
        ({"ends_at": "2045-01-01T00:00:00Z"}, 422, "duty_end_out_of_range"),
    ],
)
async def test_a_duty_that_cannot_be_leaves_no_trace(
    directory: Running, consortium: Consortium, change: dict[str, str], status: int, code: str
) -> None:
    hospital = await consortium.add_hospital()
    person_id = await _person(hospital)
    refused = await hospital.post("/duties", json=_form(person_id) | change)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert (await hospital.get("/duties"))["items"] == []
    assert [event for event in await directory.bodies(DutyAssigned) if event.person_id == person_id] == []


async def test_a_mentee_has_no_duty_in_the_own_programme(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital(programmes=("internal_medicine", "surgery"))
    mentee = {"role": "mentee", "programme": "internal_medicine", "places": "", "shared_places": ""}
    person_id = await _person(hospital, **mentee)
    refused = await hospital.post("/duties", json=_form(person_id, "committee_member"))
    assert (refused.status_code, refused.json()["code"]) == (409, "own_programme")
    elsewhere = await hospital.post("/duties", json=_form(person_id, "committee_member", "surgery"))
    assert elsewhere.status_code == 201


async def test_nobody_has_a_duty_in_another_hospital(consortium: Consortium) -> None:
    hospital, other = await consortium.add_hospital(), await consortium.add_hospital()
    person_id = await _person(hospital)
    refused = await other.post("/duties", json=_form(person_id))
    assert (refused.status_code, refused.json()["code"]) == (404, "person_not_found")
    duty = (await hospital.post("/duties", json=_form(person_id))).json()
    hidden = await other.post(f"/duties/{duty['duty_id']}/remove")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "duty_not_found")


async def test_an_erasure_takes_the_duties_and_their_ends(directory: Running, consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    person_id = await _person(hospital)
    ends_at = START + timedelta(days=1)
    duty = (await hospital.post("/duties", json=_form(person_id, ends_at=ends_at.isoformat()))).json()
    assert await _ends(directory, duty) == [ends_at]
    person = await hospital.get(f"/people/{person_id}")
    erased = await hospital.post(f"/people/{person_id}/erase", json={}, headers={"If-Match": f'"{person["revision"]}"'})
    assert erased.status_code == 200, erased.text
    assert (await hospital.get("/duties"))["items"] == []
    assert await directory.rows("SELECT FROM duties WHERE person_id = $1", person_id) == []
    assert await _ends(directory, duty) == []
    async with directory.at(ends_at):
        refused = await hospital.post("/duties", json=_form(person_id))
    assert (refused.status_code, refused.json()["code"]) == (409, "person_already_erased")
