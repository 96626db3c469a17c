"""An operation runs in one transaction that sees what is the caller's; its answer leaves after the commit, or never."""

from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from shared.platform.database import Database, Transaction
from shared.platform.members import admission, sign_in_key
from shared.testing.door import a_door
from shared.testing.eventually import eventually
from shared.testing.stage import Stage
from tests.integration.platform_http.conftest import House, a_house

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_what_was_answered_is_stored(house: House):
    mentor = await house.somebody("mentor")
    answer = await house.client.post("/notes", json={"body": "kept"}, headers=mentor.headers)
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert await house.notes(mentor) == ["kept"]


async def test_what_fails_at_its_commit_is_not_answered_as_done(house: House):
    mentor = await house.somebody("mentor")
    answer = await house.client.post("/notes", json={"body": "fails at commit"}, headers=mentor.headers)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert await house.notes(mentor) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [("refused", 409, "note_refused"), ("not yet", 503, "not_yet"), ("bug", 500, "internal_error")],
)
async def test_a_refusal_leaves_nothing_behind(body: str, status: int, code: str, house: House):
    mentor = await house.somebody("mentor")
    answer = await house.client.post("/notes", json={"body": body}, headers=mentor.headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await house.notes(mentor) == []


@pytest.mark.parametrize(
    "sent",
    [
        {"body": "x", "institution_id": str(uuid4())},
        {"body": "a\x00b"},
        {"body": "x", "count": "5"},
        {"body": "x" * 300},
        {},
        [],
    ],
)
async def test_a_malformed_form_names_the_place_and_changes_nothing(sent: object, house: House):
    mentor = await house.somebody("mentor")
    answer = await house.client.post("/notes", json=sent, headers=mentor.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed_request")
    assert all(error["pointer"].startswith("/body") for error in answer.json()["errors"])
    assert house.behaviour.calls == 0
    assert await house.notes(mentor) == []


@pytest.mark.parametrize(
    "raw",
    [
        b'{"body": "\\ud800"}',
        b'{"body": "x", "count": NaN}',
        b'{"body": "x", "count": Infinity}',
        b'{"body": "x",}',
        b"{'body': 1}",
        b'{"body": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"body": "x", "count": ' + b"9" * 5000 + b"}",
        b'\xff\xfe{"body": "x"}',
        b"\x00",
        b"",
        b"null",
        b'{"canary\\ud800": "canary"}',
    ],
)
async def test_bytes_that_are_no_json_are_refused_without_an_echo(raw: bytes, house: House):
    mentor = await house.somebody("mentor")
    headers = {**mentor.headers, "Content-Type": "application/json"}
    answer = await house.client.post("/notes", content=raw, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed_request")
    assert b'"canary"' not in answer.content


async def test_no_value_that_was_sent_comes_back(house: House):
    mentor = await house.somebody("mentor")
    answer = await house.client.post("/notes", json={"body": ["canary"], "count": "canary"}, headers=mentor.headers)
    assert "canary" not in answer.text
    answer = await house.client.get("/notes/canary", headers=mentor.headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/path/note_id")
    assert "canary" not in answer.text


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_body_of_another_kind_is_refused(kind: str, house: House):
    mentor = await house.somebody("mentor")
    headers = {**mentor.headers, "Content-Type": kind}
    answer = await house.client.post("/notes", content=b'{"body": "x"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_what_takes_no_body_refuses_one_that_says_something(house: House):
    mentor = await house.somebody("administrator")
    headers = {**mentor.headers, "Content-Type": "application/json"}
    for body, status in ((b"", 204), (b"{}", 204), (b'{"body": "x"}', 422), (b"null", 422), (b"{", 422)):
        answer = await house.client.post("/bells", content=body, headers=headers)
        assert (body, answer.status_code) == (body, status)
    assert (await house.client.post("/bells", headers=mentor.headers)).content == b""


async def test_a_file_is_taken_whole_and_bounded(house: House):
    mentor = await house.somebody("mentor")
    headers = {**mentor.headers, "Content-Type": "text/csv; charset=utf-8"}
    assert (await house.client.post("/files", content=b"a,b\n", headers=headers)).json() == 4
    assert (await house.client.post("/files", content=bytes(2001), headers=headers)).status_code == 413


async def test_a_stranger_and_who_left_are_not_known(house: House):
    left = await house.somebody("mentor", status="left")
    for headers in ({"Authorization": "Bearer nobody@x.example"}, left.headers):
        answer = await house.client.get("/notes", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unknown_person")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_who_is_on_leave_may_sign_in(house: House):
    away = await house.somebody("mentor", status="on_leave")
    assert (await house.client.get("/notes", headers=away.headers)).status_code == 200


async def test_the_policy_lets_in_by_role_and_a_changed_role_counts_at_once(house: House):
    person = await house.somebody("mentee")
    answer = await house.client.get("/notes", headers=person.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    await house.admin.execute("UPDATE members SET roles = '{mentor}' WHERE person_id = $1", person.person_id)
    assert (await house.client.get("/notes", headers=person.headers)).status_code == 200
    await house.admin.execute("UPDATE members SET roles = '{}' WHERE person_id = $1", person.person_id)
    assert (await house.client.get("/notes", headers=person.headers)).status_code == 403


async def test_another_institutions_row_answers_as_a_missing_one_does(house: House):
    mentor, stranger = await house.somebody("mentor"), await house.somebody("mentor", institution_id=uuid4())
    theirs = (await house.client.post("/notes", json={"body": "secret"}, headers=stranger.headers)).json()["note_id"]
    answers = [await house.client.get(f"/notes/{note_id}", headers=mentor.headers) for note_id in (theirs, uuid4())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert (await house.client.get("/notes", headers=mentor.headers)).json()["items"] == []
    changed = await house.client.put(
        f"/notes/{theirs}", json={"body": "x"}, headers={**mentor.headers, "If-Match": '"1"'}
    )
    assert changed.status_code == 404
    assert (await house.client.get(f"/notes/{theirs}", headers=stranger.headers)).json()["body"] == "secret"


async def test_one_persons_context_does_not_stay_for_the_next(house: House):
    mentor = await house.somebody("mentor")
    await house.client.post("/notes", json={"body": "mine"}, headers=mentor.headers)
    for _ in range(8):  # more than the pool has connections
        other = await house.somebody("mentor", institution_id=uuid4())
        assert (await house.client.get("/notes", headers=other.headers)).json()["items"] == []


async def test_what_an_admission_sets_ends_with_its_transaction(house: House):
    """Nothing resets a connection that is given back, so nothing may be left on it."""
    mentor = await house.somebody("mentor")
    key = sign_in_key(house.stage.settings("pairing").sign_in_secret.get_secret_value(), mentor.subject)
    settings = """
        SELECT current_setting('osler.institution_id'), current_setting('osler.person_id'),
               current_setting('lock_timeout'), current_setting('transaction_read_only')
    """
    async with Database.open(house.stage.database("pairing_worker"), schema="pairing", size=1) as database:
        async with database.transaction(opening=admission(key, read_only=True)) as tx:
            within = await tx.get(settings)
        left = await database.pool.fetchrow(settings)

    assert tuple(within) == (str(mentor.institution_id), str(mentor.person_id), "2s", "on")
    assert left is not None
    assert tuple(left) == ("", "", "5s", "off")


async def test_a_change_needs_the_revision_that_was_seen(house: House):
    mentor = await house.somebody("mentor")
    note_id = (await house.client.post("/notes", json={"body": "one"}, headers=mentor.headers)).json()["note_id"]

    async def change(if_match: str | None) -> tuple[int, str]:
        more = {} if if_match is None else {"If-Match": if_match}
        answer = await house.client.put(f"/notes/{note_id}", json={"body": "two"}, headers={**mentor.headers, **more})
        return answer.status_code, answer.json().get("code") or answer.headers["etag"]

    assert await change(None) == (428, "precondition_required")
    assert await change('"7"') == (412, "stale_revision")
    for malformed in ("*", 'W/"1"', "1", '"1", "2"', '"01"', '"-1"', '"' + "9" * 30 + '"', "", "x"):
        assert await change(malformed) == (422, "malformed_if_match")
    assert await change('"1"') == (200, '"2"')
    assert await change('"1"') == (412, "stale_revision")


async def test_lists_come_in_pages_that_lose_and_repeat_nothing(house: House):
    mentor = await house.somebody("mentor")
    for number in range(5):
        await house.client.post("/notes", json={"body": str(number)}, headers=mentor.headers)
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = (await house.client.get("/notes", params={"limit": 2, **after}, headers=mentor.headers)).json()
        seen += [note["body"] for note in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert sorted(seen) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"after": "x"}, "malformed_cursor"),
        ({"after": "WzEsICJhIl0"}, "malformed_cursor"),  # well made, but of another list's types
        ({"limit": "0"}, "malformed_request"),
        ({"limit": "201"}, "malformed_request"),
        ({"limit": "x"}, "malformed_request"),
        ({"after": "x" * 2001}, "malformed_request"),
    ],
)
async def test_a_page_that_cannot_be_meant_is_refused(params: dict[str, str], code: str, house: House):
    mentor = await house.somebody("mentor")
    answer = await house.client.get("/notes", params=params, headers=mentor.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_look_up_that_would_change_something_is_a_bug_and_changes_nothing(house: House):
    mentor = await house.somebody("mentor")
    await house.client.post("/notes", json={"body": "as it was"}, headers=mentor.headers)
    answer = await house.client.get("/look-and-write", headers=mentor.headers)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert await house.notes(mentor) == ["as it was"]


@pytest.mark.parametrize("error", [asyncpg.SerializationError("x"), asyncpg.DeadlockDetectedError("x")])
async def test_what_is_nobodys_fault_is_tried_again_with_the_same_body(error: Exception, house: House):
    mentor = await house.somebody("mentor")

    async def fail_twice(_: Transaction) -> None:
        if house.behaviour.calls < 3:
            raise error

    house.behaviour.then = fail_twice
    answer = await house.client.post("/notes-then", json={"body": "third time"}, headers=mentor.headers)
    assert answer.status_code == 201
    assert await house.notes(mentor) == ["third time"]


async def test_after_three_tries_the_caller_is_asked_to_come_again(house: House):
    mentor = await house.somebody("mentor")

    async def fail(_: Transaction) -> None:
        raise asyncpg.SerializationError("x")

    house.behaviour.then = fail
    answer = await house.client.post("/notes-then", json={"body": "never"}, headers=mentor.headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"
    assert house.behaviour.calls == 3
    assert await house.notes(mentor) == []


async def test_a_connection_lost_before_its_commit_is_made_again(house: House):
    mentor = await house.somebody("mentor")

    async def lose_the_first(tx: Transaction) -> None:
        if house.behaviour.calls == 1:
            await tx.fetch("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)")

    house.behaviour.then = lose_the_first
    answer = await house.client.post("/notes-then", json={"body": "once"}, headers=mentor.headers)
    assert answer.status_code == 201
    assert await house.notes(mentor) == ["once"]


async def test_a_database_that_is_away_is_503_and_comes_back_by_itself(edge_stage: Stage):
    url = edge_stage.database("pairing_app")
    async with a_door(url) as door, a_house(edge_stage, door.through(url)) as house:
        mentor = await house.somebody("mentor")
        door.shut()
        answer = await house.client.get("/notes", headers=mentor.headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "1"
        door.is_shut = False

        async def answers() -> bool:
            return (await house.client.get("/notes", headers=mentor.headers)).status_code == 200

        await eventually(answers, within=5)


async def test_a_look_up_whose_commit_gets_no_answer_is_only_unavailable(edge_stage: Stage):
    url = edge_stage.database("pairing_app")
    async with a_door(url) as door, a_house(edge_stage, door.through(url)) as house:
        mentor = await house.somebody("mentor")
        door.forgets_answer_to = b"COMMIT"
        answer = await house.client.get("/notes", headers=mentor.headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_the_callers_trace_is_in_the_event_and_in_the_line(house: House):
    mentor = await house.somebody("mentor")
    headers = {
        **mentor.headers,
        "traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01",
        "tracestate": "canary=1",
        "baggage": "name=canary",
    }
    with capture_logs() as lines:
        answer = await house.client.post("/notes-then", json={"body": "traced"}, headers=headers)
    row = await house.admin.fetchrow("SELECT headers FROM outbox WHERE aggregate_id = $1", answer.json()["note_id"])
    assert row is not None
    flat = dict(zip(row["headers"][::2], row["headers"][1::2], strict=True))
    assert TRACE_ID in flat["traceparent"]
    assert "canary" not in repr(flat)
    line = next(each for each in lines if each["event"] == "request")
    assert line["trace_id"] == TRACE_ID
    assert (line["operation"], line["status"]) == ("pairing.write_note_then", 201)
    assert line["person_id"] == str(mentor.person_id)
    assert line["institution_id"] == str(mentor.institution_id)
    assert "traced" not in repr(lines)


async def test_business_time_is_the_transactions_own(house: House):
    mentor = await house.somebody("mentor")
    before = datetime.now(UTC)  # noqa: TID251 - compared with the database's clock
    answer = await house.client.post("/notes-then", json={"body": "now"}, headers=mentor.headers)
    row = await house.admin.fetchrow("SELECT occurred_at FROM outbox WHERE aggregate_id = $1", answer.json()["note_id"])
    assert row is not None
    assert row["occurred_at"] >= before.replace(microsecond=0)
