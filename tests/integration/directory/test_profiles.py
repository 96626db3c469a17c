"""People's own words about themselves: theirs to set, theirs to read in full, and gone with them."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.contracts.directory import ProfileChanged
from shared.testing.running import Running
from tests.integration.directory.consortium import Consortium, Hospital
from tests.unit.directory.rosters import a_roster

SEED = "I feel stuck after the Zebrafish project"
SAID: dict[str, Any] = {
    "stage": "training",
    "languages": ["en", "PT-br"],
    "goals": ["research", "new_country"],
    "goals_text": SEED,
    "availability": [{"weekday": 3, "from_minute": 1020, "to_minute": 1140}],
}


async def _mentee(consortium: Consortium) -> tuple[Hospital, UUID]:
    hospital = await consortium.add_hospital()
    mentee = {"role": "mentee", "places": "", "shared_places": ""}
    await hospital.apply(a_roster({"external_id": "e1", "time_zone": "America/New_York", **mentee}))
    return hospital, UUID((await hospital.people())["e1"]["person_id"])


async def _set(http: httpx.AsyncClient, said: dict[str, Any], revision: int) -> httpx.Response:
    return await http.put("/profile", json=said, headers={"If-Match": f'"{revision}"'})


async def _events(directory: Running, person_id: UUID) -> list[ProfileChanged]:
    return [event for event in await directory.bodies(ProfileChanged) if event.person_id == person_id]


async def test_a_person_says_what_is_so_and_it_travels_on_without_the_text(
    directory: Running, consortium: Consortium
) -> None:
    hospital, person_id = await _mentee(consortium)
    async with hospital.client("e1") as http:
        empty = (await http.get("/profile")).json()
        assert (empty["revision"], empty["goals"], empty["goals_text"]) == (0, [], None)
        answer = await _set(http, SAID, 0)
        assert answer.status_code == 200, answer.text
        assert answer.headers["ETag"] == '"1"'
        assert (await http.get("/profile")).json() == answer.json()
        assert (await _set(http, SAID, 1)).json() == answer.json()
        assert (await _set(http, SAID | {"goals_text": "Something else"}, 1)).json()["revision"] == 2
    shown = answer.json()
    assert (shown["languages"], shown["time_zone"]) == (["en", "pt-BR"], "America/New_York")
    [said] = await _events(directory, person_id)
    assert (said.stage, said.languages, said.goals) == ("training", ("en", "pt-BR"), ("research", "new_country"))
    assert said.time_zone == "America/New_York"
    assert [vars(span) for span in said.availability] == SAID["availability"]
    rows = await directory.rows("SELECT convert_from(payload, 'UTF8') FROM outbox WHERE payload IS NOT NULL")
    assert [row for row in rows if "Zebrafish" in row[0]] == []


async def test_an_administrator_reads_all_but_the_text_and_only_of_the_own_hospital(consortium: Consortium) -> None:
    hospital, person_id = await _mentee(consortium)
    other = await consortium.add_hospital()
    async with hospital.client("e1") as http:
        (await _set(http, SAID, 0)).raise_for_status()
    shown = await hospital.get(f"/people/{person_id}/profile")
    assert shown["goals"] == SAID["goals"]
    assert "goals_text" not in shown
    async with other.client() as http:
        hidden = await http.get(f"/people/{person_id}/profile")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "person_not_found")
    async with hospital.client("e1") as http:
        refused = await http.get(f"/people/{person_id}/profile")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_the_goals_that_may_be_chosen_are_shown(consortium: Consortium) -> None:
    hospital, _ = await _mentee(consortium)
    async with hospital.client("e1") as http:
        choices = {each["code"]: each["meaning"] for each in (await http.get("/profile")).json()["goal_choices"]}
    assert set(SAID["goals"]) < choices.keys()
    assert all(choices.values())


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"goals": ["world_peace"]}, 422, "unknown_goal"),
        ({"stage": "famous"}, 422, "malformed_request"),
        ({"languages": ["english"]}, 422, "malformed_request"),
        ({"languages": ["en"] * 11}, 422, "malformed_request"),
        ({"time_zone": "Mars/Olympus"}, 422, "malformed_request"),
        ({"goals_text": "x" * 4001}, 422, "malformed_request"),
        ({"availability": [{"weekday": 8, "from_minute": 0, "to_minute": 60}]}, 422, "malformed_request"),
        ({"availability": [{"weekday": 1, "from_minute": 60, "to_minute": 60}]}, 422, "overlapping_availability"),
        (
            {"availability": [{"weekday": 1, "from_minute": 0, "to_minute": 60}] * 2},
            422,
            "overlapping_availability",
        ),
    ],
)
async def test_what_cannot_be_leaves_no_trace(
    directory: Running, consortium: Consortium, change: dict[str, Any], status: int, code: str
) -> None:
    hospital, person_id = await _mentee(consortium)
    async with hospital.client("e1") as http:
        refused = await _set(http, SAID | change, 0)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert (await http.get("/profile")).json()["revision"] == 0
    assert await _events(directory, person_id) == []


async def test_two_who_change_one_profile_do_not_overwrite_each_other(consortium: Consortium) -> None:
    hospital, _ = await _mentee(consortium)
    async with hospital.client("e1") as http:
        (await _set(http, SAID, 0)).raise_for_status()
        late = await _set(http, SAID | {"stage": "late"}, 0)
        assert (late.status_code, late.json()["code"]) == (412, "stale_revision")
        assert (await http.put("/profile", json=SAID)).status_code == 428


async def test_an_erasure_takes_the_profile(directory: Running, consortium: Consortium) -> None:
    hospital, person_id = await _mentee(consortium)
    async with hospital.client("e1") as http:
        (await _set(http, SAID, 0)).raise_for_status()
    person = await hospital.get(f"/people/{person_id}")
    erased = await hospital.post(f"/people/{person_id}/erase", json={}, headers={"If-Match": f'"{person["revision"]}"'})
    assert erased.status_code == 200, erased.text
    assert await directory.rows("SELECT FROM profiles WHERE person_id = $1", person_id) == []
    assert (await hospital.get(f"/people/{person_id}/profile"))["goals"] == []
