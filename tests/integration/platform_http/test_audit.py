"""What administrators change, and what they look for in vain, leaves one record, whatever became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from shared.contracts.event import Role
from shared.testing.door import a_door
from shared.testing.stage import Stage
from tests.integration.platform_http.conftest import House, a_house

WRITE = "pairing.write_note"


@dataclass(frozen=True)
class Case:
    """One request and the record that it leaves."""

    sent: dict[str, Any]
    status: int
    record: tuple[str, str, str | None] | None


def sent(method: str, path: str, **more: Any) -> dict[str, Any]:
    return {"method": method, "url": path, **more}


CASES: dict[str, Callable[[], Case]] = {
    "done": lambda: Case(sent("POST", "/notes", json={"body": "x"}), 201, (WRITE, "done", None)),
    "done for a reason": lambda: Case(
        sent("POST", "/notes", json={"body": "x", "reason": "by phone"}), 201, (WRITE, "done", "by phone")
    ),
    "refused": lambda: Case(sent("POST", "/notes", json={"body": "refused"}), 409, (WRITE, "refused", "note_refused")),
    "malformed": lambda: Case(sent("POST", "/notes", json={}), 422, (WRITE, "refused", "malformed_request")),
    "of another kind": lambda: Case(
        sent("POST", "/notes", content=b"x"), 415, (WRITE, "refused", "unsupported_media_type")
    ),
    "a bug": lambda: Case(sent("POST", "/notes", json={"body": "bug"}), 500, (WRITE, "failed", "internal_error")),
    "failed at commit": lambda: Case(
        sent("POST", "/notes", json={"body": "fails at commit"}), 500, (WRITE, "failed", "internal_error")
    ),
    "lost at commit": lambda: Case(
        sent("POST", "/notes", json={"body": "dies at commit"}), 503, (WRITE, "unknown", "outcome_unknown")
    ),
    "not allowed": lambda: Case(
        sent("POST", "/files", content=b"x"), 403, ("pairing.take_file", "refused", "forbidden")
    ),
    "changed what is not there": lambda: Case(
        sent("PUT", f"/notes/{uuid4()}", json={"body": "x"}, headers={"If-Match": '"1"'}),
        404,
        ("pairing.change_note", "refused", "note_not_found"),
    ),
    "looked for what is not there": lambda: Case(
        sent("GET", f"/notes/{uuid4()}"), 404, ("pairing.read_note", "refused", "note_not_found")
    ),
    "looked at a list": lambda: Case(sent("GET", "/notes"), 200, None),
    "looked for no id": lambda: Case(sent("GET", "/notes/x"), 422, None),
    "looked where nothing is": lambda: Case(sent("GET", "/nowhere"), 404, None),
}


@pytest.mark.parametrize("case", CASES)
async def test_an_administrators_request_leaves_exactly_the_record_it_should(case: str, house: House):
    administrator, expected = await house.somebody("administrator"), CASES[case]()
    headers = {**administrator.headers, **expected.sent.pop("headers", {})}
    answer = await house.client.request(**expected.sent, headers=headers)
    assert answer.status_code == expected.status
    assert await house.audit(administrator) == ([] if expected.record is None else [expected.record])


@pytest.mark.parametrize("case", CASES)
async def test_nobody_else_leaves_a_record(case: str, house: House):
    mentor, expected = await house.somebody("mentor"), CASES[case]()
    headers = {**mentor.headers, **expected.sent.pop("headers", {})}
    await house.client.request(**expected.sent, headers=headers)
    assert await house.audit(mentor) == []


async def test_another_institutions_row_and_a_missing_one_leave_the_same_record(house: House):
    administrator = await house.somebody("administrator")
    stranger = await house.somebody("mentor", institution_id=uuid4())
    theirs = (await house.client.post("/notes", json={"body": "x"}, headers=stranger.headers)).json()["note_id"]
    for note_id in (theirs, uuid4()):
        await house.client.get(f"/notes/{note_id}", headers=administrator.headers)
    assert await house.audit(administrator) == [("pairing.read_note", "refused", "note_not_found")] * 2
    paths = await house.admin.fetch(
        "SELECT path, institution_id FROM audit_records WHERE person_id = $1 AND path = $2",
        administrator.person_id,
        f"/notes/{theirs}",
    )
    assert [row["institution_id"] for row in paths] == [administrator.institution_id]


@pytest.mark.parametrize(
    ("roles", "count"),
    [(("mentor", "administrator"), 1), (("consortium_administrator",), 1), (("mentor", "consortium_administrator"), 0)],
)
async def test_who_has_several_roles_is_recorded_when_the_administrators_role_is_used(
    roles: tuple[Role, ...], count: int, house: House
):
    person = await house.somebody(*roles)
    await house.client.post("/notes", json={"body": "x"}, headers=person.headers)
    assert len(await house.audit(person)) == count


async def test_a_kept_answer_is_the_record_of_one_act(house: House):
    administrator = await house.somebody("administrator")
    for _ in range(3):
        await house.client.post(
            "/notes", json={"body": "x"}, headers={**administrator.headers, "Idempotency-Key": "one"}
        )
    assert await house.audit(administrator) == [(WRITE, "done", None)]


async def test_an_act_whose_outcome_is_unknown_is_recorded_once_whichever_it_was(edge_stage: Stage):
    url = edge_stage.database("pairing_app")
    async with a_door(url) as door, a_house(edge_stage, door.through(url)) as house:
        administrator = await house.somebody("administrator")
        door.forgets_answer_to = b"COMMIT"
        answer = await house.client.post("/notes", json={"body": "x"}, headers=administrator.headers)
        assert answer.json()["code"] == "outcome_unknown"
        assert await house.audit(administrator) == [(WRITE, "done", None)]


async def test_an_act_that_could_not_be_recorded_is_said_in_the_log(edge_stage: Stage):
    url = edge_stage.database("pairing_app")
    async with a_door(url) as door, a_house(edge_stage, door.through(url)) as house:
        administrator = await house.somebody("administrator")
        await house.client.get("/notes", headers=administrator.headers)

        async def shut(_: Any) -> None:
            door.shut()

        house.behaviour.then = shut
        with capture_logs() as lines:
            answer = await house.client.post("/notes-then", json={"body": "x"}, headers=administrator.headers)
        assert answer.json()["code"] in {"unavailable", "outcome_unknown"}
        assert [line["event"] for line in lines if line["log_level"] == "error"] == ["audit_record_lost"]


async def test_a_long_address_is_cut_and_a_strange_one_does_no_harm(house: House):
    administrator = await house.somebody("administrator")
    headers = {**administrator.headers, "If-Match": '"1"'}
    answer = await house.client.put("/notes/%00%F0%9F%92%A9" + "x" * 900, json={}, headers=headers)
    assert answer.status_code == 422
    path = await house.admin.fetchval("SELECT path FROM audit_records WHERE person_id = $1", administrator.person_id)
    assert path.startswith("/notes/%00%F0%9F%92%A9xxx")
    assert len(path) == 500
