"""One key, one request, one effect, one answer, also when the caller was never told."""

import asyncio
from uuid import uuid4

import httpx
import pytest

from shared.platform.database import Transaction
from shared.testing.door import a_door
from shared.testing.eventually import eventually
from shared.testing.stage import Stage
from tests.integration.platform_http.conftest import House, Somebody, a_house


async def post(
    house: House, who: Somebody, key: str | None, body: object = None, path: str = "/notes"
) -> httpx.Response:
    headers = {**who.headers, **({} if key is None else {"Idempotency-Key": key})}
    return await house.client.post(path, json={"body": "once"} if body is None else body, headers=headers)


async def test_the_same_key_gets_the_same_answer_and_nothing_happens_twice(house: House):
    mentor, key = await house.somebody("mentor"), str(uuid4())
    first, second = await post(house, mentor, key), await post(house, mentor, key)
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert {name: second.headers[name] for name in ("etag", "content-type")} == {
        name: first.headers[name] for name in ("etag", "content-type")
    }
    assert (first.headers.get("idempotency-replayed"), second.headers["idempotency-replayed"]) == (None, "true")
    assert await house.notes(mentor) == ["once"]
    assert house.behaviour.calls == 1


async def test_without_a_key_each_request_is_its_own(house: House):
    mentor = await house.somebody("mentor")
    await post(house, mentor, None)
    await post(house, mentor, None)
    assert await house.notes(mentor) == ["once", "once"]


async def test_a_key_that_comes_with_another_request_is_refused(house: House):
    mentor, key = await house.somebody("mentor"), str(uuid4())
    await post(house, mentor, key)
    for answer in (
        await post(house, mentor, key, {"body": "another"}),
        await post(house, mentor, key, path="/notes?x=1"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert await house.notes(mentor) == ["once"]


async def test_keys_of_two_people_and_of_two_operations_do_not_meet(house: House):
    mentor, key = await house.somebody("mentor"), str(uuid4())
    other, stranger = await house.somebody("mentor"), await house.somebody("mentor", institution_id=uuid4())
    for who in (mentor, other, stranger):
        assert (await post(house, who, key)).status_code == 201
        assert await house.notes(who) == ["once"]
    assert (await post(house, mentor, key, path="/notes-then")).status_code == 201
    assert await house.notes(mentor) == ["once", "once"]


@pytest.mark.parametrize(
    ("body", "status"), [("refused", 409), ("not yet", 503), ("bug", 500), ("fails at commit", 500), ("", 422)]
)
async def test_a_refusal_is_not_kept_so_the_same_key_may_succeed_later(body: str, status: int, house: House):
    mentor, key = await house.somebody("mentor"), str(uuid4())
    assert (await post(house, mentor, key, {"body": body})).status_code == status
    assert (await post(house, mentor, key)).status_code == 201
    assert await house.notes(mentor) == ["once"]


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ä", "a\x7f", "a\tb"])
async def test_a_key_that_is_no_key_is_refused(key: str, house: House):
    mentor = await house.somebody("mentor")
    headers = [
        (b"authorization", mentor.headers["Authorization"].encode()),
        (b"idempotency-key", key.encode("latin-1")),
    ]
    answer = await house.client.post("/notes", json={"body": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed_idempotency_key")
    assert await house.notes(mentor) == []


async def test_two_keys_in_one_request_are_refused(house: House):
    mentor = await house.somebody("mentor")
    headers = [*mentor.headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = await house.client.post("/notes", json={"body": "x"}, headers=headers)
    assert answer.json()["code"] == "malformed_idempotency_key"


async def test_any_visible_characters_make_a_key(house: House):
    mentor = await house.somebody("mentor")
    for key in ("!", '"quoted"', "~" * 255):
        assert (await post(house, mentor, key)).status_code == 201


async def test_a_key_on_a_look_up_does_nothing(house: House):
    mentor = await house.somebody("mentor")
    headers = {**mentor.headers, "Idempotency-Key": "a b"}
    assert (await house.client.get("/notes", headers=headers)).status_code == 200


async def test_a_second_request_waits_for_the_first_and_gets_its_answer(house: House):
    mentor, key, begun, go_on = await house.somebody("mentor"), str(uuid4()), asyncio.Event(), asyncio.Event()

    async def wait(_: Transaction) -> None:
        begun.set()
        await go_on.wait()

    house.behaviour.then = wait
    first = asyncio.create_task(post(house, mentor, key, path="/notes-then"))
    await begun.wait()
    second = asyncio.create_task(post(house, mentor, key, path="/notes-then"))
    await eventually(lambda: waiting(house), within=2)
    assert not second.done()
    go_on.set()
    answers = [await first, await second]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert await house.notes(mentor) == ["once"]


async def test_many_at_once_have_one_effect(house: House):
    mentor, key = await house.somebody("mentor"), str(uuid4())
    answers = await asyncio.gather(*(post(house, mentor, key) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await house.notes(mentor) == ["once"]


async def test_a_second_request_takes_over_when_the_first_is_refused(house: House):
    mentor, key, begun, go_on = await house.somebody("mentor"), str(uuid4()), asyncio.Event(), asyncio.Event()

    async def fail_the_first(_: Transaction) -> None:
        if not begun.is_set():
            begun.set()
            await go_on.wait()
            raise RuntimeError

    house.behaviour.then = fail_the_first
    first = asyncio.create_task(post(house, mentor, key, path="/notes-then"))
    await begun.wait()
    second = asyncio.create_task(post(house, mentor, key, path="/notes-then"))
    await eventually(lambda: waiting(house), within=2)
    go_on.set()
    assert [(await first).status_code, (await second).status_code] == [500, 201]
    assert await house.notes(mentor) == ["once"]


async def test_a_second_request_does_not_wait_for_ever(house: House):
    mentor, key, begun, go_on = await house.somebody("mentor"), str(uuid4()), asyncio.Event(), asyncio.Event()

    async def wait(_: Transaction) -> None:
        begun.set()
        await go_on.wait()

    house.behaviour.then = wait
    first = asyncio.create_task(post(house, mentor, key, path="/notes-then"))
    await begun.wait()
    second = await asyncio.wait_for(post(house, mentor, key, path="/notes-then"), 5)
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_in_use")
    assert second.headers["retry-after"] == "1"
    go_on.set()
    assert (await first).status_code == 201


async def test_a_role_that_was_taken_away_opens_no_kept_answer(house: House):
    mentor, key = await house.somebody("mentor"), str(uuid4())
    await post(house, mentor, key)
    await house.admin.execute("UPDATE members SET roles = '{mentee}' WHERE person_id = $1", mentor.person_id)
    assert (await post(house, mentor, key)).status_code == 403


async def test_a_commit_without_an_answer_is_said_and_the_key_tells_the_outcome(edge_stage: Stage):
    url = edge_stage.database("pairing_app")
    async with a_door(url) as door, a_house(edge_stage, door.through(url)) as house:
        mentor, key = await house.somebody("mentor"), str(uuid4())
        door.forgets_answer_to = b"COMMIT"
        answer = await post(house, mentor, key)
        assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
        assert answer.headers["retry-after"] == "1"
        assert await house.notes(mentor) == ["once"]
        told = await post(house, mentor, key)
        assert (told.status_code, told.headers["idempotency-replayed"]) == (201, "true")
        assert await house.notes(mentor) == ["once"]


async def test_a_commit_that_died_is_said_too_and_the_key_does_it_then(house: House):
    mentor, key = await house.somebody("mentor"), str(uuid4())
    answer = await post(house, mentor, key, {"body": "dies at commit"})
    assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
    assert await house.notes(mentor) == []
    assert (await post(house, mentor, key)).status_code == 201


async def waiting(house: House) -> bool:
    """Whether some transaction of the edge waits for another's."""
    return await house.admin.fetchval(
        "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE usename = 'pairing_app' AND wait_event_type = 'Lock')"
    )
