"""Nobody becomes by a roster a mentee of a programme that they direct, judge or coach in."""

from uuid import UUID

import pytest

from shared.testing.running import Running
from tests.integration.directory.consortium import Consortium, Hospital
from tests.integration.directory.scim import provisioning
from tests.unit.directory.rosters import a_roster

MENTEE = {"role": "mentee", "places": "", "shared_places": ""}
ENDS_AT = "2027-09-01T00:00:00Z"


async def _give_duty(hospital: Hospital, duty: str, external_id: str = "e-2") -> UUID:
    people = {key.lower(): person for key, person in (await hospital.people()).items()}
    person_id = people[external_id]["person_id"]
    form = {"person_id": person_id, "programme": "internal_medicine", "duty": duty, "ends_at": ENDS_AT}
    return UUID((await hospital.post("/duties", json=form)).raise_for_status().json()["duty_id"])


@pytest.mark.parametrize("duty", ["director", "committee_member", "evaluator", "coach"])
async def test_a_row_that_makes_a_judge_a_mentee_is_refused_alone_until_the_duty_is_removed(
    directory: Running, consortium: Consortium, duty: str
) -> None:
    hospital = await consortium.add_hospital(programmes=("internal_medicine", "surgery"))
    await hospital.apply(a_roster({}))
    duty_id = await _give_duty(hospital, duty)
    content = a_roster(MENTEE, {**MENTEE, "name": "Bo Lind", "email": "bo@north.example"})
    shown = (await hospital.preview(content))["rows"]
    assert [(row["row"], row["kind"], row["reason"]) for row in shown] == [
        (2, "error", "own_programme"),
        (3, "new", None),
    ]
    await hospital.apply(content, rows="good")
    people = {key.lower(): person for key, person in (await hospital.people()).items()}
    assert "mentor" in str(people["e-2"]["roles"])
    assert "mentee" in str(people["e-3"]["roles"])
    elsewhere = await hospital.preview(a_roster({**MENTEE, "programme": "surgery"}))
    assert [row["kind"] for row in elsewhere["rows"]] == ["changed"]
    (await hospital.post(f"/duties/{duty_id}/remove")).raise_for_status()
    assert [row["kind"] for row in (await hospital.preview(content))["rows"]] == ["changed", "same"]


async def test_a_revert_makes_nobody_a_mentee_of_a_programme_that_they_direct_since(
    directory: Running, consortium: Consortium
) -> None:
    hospital = await consortium.add_hospital(programmes=("internal_medicine",))
    await hospital.apply(a_roster(MENTEE))
    became_mentor = await hospital.apply(a_roster({}))
    await _give_duty(hospital, "director")
    path = f"/roster-imports/{became_mentor['import_id']}/revert"
    [found] = (await hospital.get(path))["people"]
    assert (found["reason"], found["taken_back"]) == ("own_programme", [])
    reverted = (await hospital.post(path)).raise_for_status().json()
    assert reverted["state"] == "partly_reverted"
    people = {key.lower(): person for key, person in (await hospital.people()).items()}
    assert "mentor" in str(people["e-2"]["roles"])


async def test_who_stays_a_mentee_by_a_group_evaluates_no_programme_of_theirs(
    directory: Running, consortium: Consortium
) -> None:
    hospital = await consortium.add_hospital(programmes=("internal_medicine", "surgery"))
    evaluates = {"evaluator_of": "internal_medicine", "evaluator_until": "2027-06-30"}
    async with provisioning(hospital) as provider:
        user = await provider.add("E-2")
        await provider.group("mentees", user["id"])
        await hospital.apply(a_roster(MENTEE))
        [row] = (await hospital.preview(a_roster(evaluates)))["rows"]  # a mentor by the roster, and a mentee still
        assert (row["kind"], row["reason"]) == ("error", "own_programme")
        [row] = (await hospital.preview(a_roster({**evaluates, "evaluator_of": "surgery"})))["rows"]
        assert (row["kind"], row["reason"]) == ("changed", None)
    duties = (await hospital.get("/duties"))["items"]
    assert duties == []
