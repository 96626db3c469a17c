"""An institution's administrator says which conflicts of interest only warn."""

import pytest

from shared.contracts.directory import ConflictPolicySet
from shared.testing.running import Running
from tests.integration.directory.consortium import Consortium

PATH = "/institution/conflict-policy"


async def test_an_institution_says_what_only_warns_and_says_it_once(directory: Running, consortium: Consortium) -> None:
    hospital, other = await consortium.add_hospital(), await consortium.add_hospital()
    before = await hospital.get("/institution")
    assert (before["warns"], before["revision"]) == (["coach"], 1)
    form = {"warns": ["personal", "coach", "personal"]}
    assert (await hospital.post(PATH, json=form)).status_code == 428
    assert (await hospital.post(PATH, json=form, headers={"If-Match": '"9"'})).status_code == 412
    now = await hospital.post(PATH, json=form, headers={"If-Match": '"1"'})
    assert (now.status_code, now.json()["warns"], now.headers["etag"]) == (200, ["coach", "personal"], '"2"')
    again = await hospital.post(PATH, json={"warns": ["coach", "personal"]}, headers={"If-Match": '"2"'})
    assert (again.status_code, again.headers["etag"]) == (200, '"2"')
    said = [one for one in await directory.bodies(ConflictPolicySet) if one.institution_id == hospital.institution_id]
    assert [(one.version, one.warns) for one in said] == [(2, ("coach", "personal"))]
    assert (await other.get("/institution"))["warns"] == ["coach"]
    records = await directory.rows(
        "SELECT outcome FROM audit_records WHERE operation = 'directory.set_conflict_policy' AND institution_id = $1",
        hospital.institution_id,
    )
    assert "done" in {record["outcome"] for record in records}


@pytest.mark.parametrize("kind", ["family", "director", "committee_member", "evaluator", "weather"])
async def test_who_judges_somebody_or_is_family_of_theirs_never_only_warns(consortium: Consortium, kind: str) -> None:
    hospital = await consortium.add_hospital()
    refused = await hospital.post(PATH, json={"warns": [kind]}, headers={"If-Match": '"1"'})
    assert refused.status_code == 422
    assert (await hospital.get("/institution"))["warns"] == ["coach"]
