"""Who can read, change and keep what: at the HTTP edge, and at the database's wall with the edge bypassed."""

import json
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.testing.running import Running
from tests.integration.feedback.couple import ANSWERS, OTHERS, Couple

READ = "SELECT author_id, answers::text AS answers FROM answers WHERE request_id = $1"


async def read_at_the_wall(feedback: Running, request_id: UUID, person_id: UUID, institution_id: UUID) -> list[object]:
    """What the login of requests reads with this context, whatever the policy table says."""
    async with feedback.app.transaction(institution_id, person_id) as tx:
        return [json.loads(row["answers"]) for row in await tx.fetch(READ, request_id)]


async def test_answers_are_read_by_their_author_and_after_the_reveal_by_the_other_and_by_nobody_else(
    feedback: Running, couple: Couple
) -> None:
    await couple.meet()
    request_id = UUID((await couple.request())["request_id"])
    await couple.answer(couple.mentor_id)
    mentor = (couple.mentor_id, couple.mentor_institution_id)
    mentee = (couple.mentee_id, couple.mentee_institution_id)
    others = [(uuid4(), mentor[1]), (uuid4(), mentee[1]), (uuid4(), uuid4()), (couple.mentee_id, uuid4())]
    assert await read_at_the_wall(feedback, request_id, *mentor) == [ANSWERS]
    for person in (mentee, *others):
        assert await read_at_the_wall(feedback, request_id, *person) == []
    await couple.answer(couple.mentee_id, OTHERS)
    for person in (mentor, mentee):
        assert len(await read_at_the_wall(feedback, request_id, *person)) == 2
    for person in others[:3]:
        assert await read_at_the_wall(feedback, request_id, *person) == []


async def test_nobody_writes_in_anothers_name_or_after_the_reveal(feedback: Running, couple: Couple) -> None:
    await couple.meet()
    request_id = UUID((await couple.request())["request_id"])
    forge = """
        INSERT INTO answers (institution_id, request_id, author_id, reader_id, answers, answered_at)
        VALUES ($1, $2, $3, $4, '{}', now())
    """
    tries = [
        (couple.mentor_id, couple.mentor_institution_id, couple.mentee_id, couple.mentor_id),
        (couple.mentor_id, couple.mentee_institution_id, couple.mentor_id, couple.mentee_id),
        (couple.mentor_id, couple.mentor_institution_id, couple.mentor_id, uuid4()),
    ]
    for person_id, institution_id, author_id, reader_id in tries:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with feedback.app.transaction(couple.mentor_institution_id, person_id) as tx:
                await tx.execute(forge, institution_id, request_id, author_id, reader_id)
    await couple.answer(couple.mentor_id)
    await couple.answer(couple.mentee_id)
    async with feedback.app.transaction(couple.mentor_institution_id, couple.mentor_id) as tx:
        assert await tx.execute("UPDATE answers SET answers = '{}' WHERE request_id = $1", request_id) == "UPDATE 0"


async def test_the_worker_deletes_answers_and_reads_none(feedback: Running) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await feedback.rows("SELECT answers FROM answers")


async def test_everyone_but_the_two_finds_nothing(feedback: Running, couple: Couple) -> None:
    await couple.meet()
    await couple.answer(couple.mentor_id)
    path = f"/feedback-requests/{(await couple.request())['request_id']}"
    for institution_id in (couple.mentor_institution_id, couple.mentee_institution_id, uuid4()):
        async with feedback.client(uuid4(), institution_id, ["mentor", "mentee"]) as http:
            found = await http.get(path)
            assert (found.status_code, found.json()["code"]) == (404, "request_not_found")
            wrote = await http.post(f"{path}/answers", json={"answers": ANSWERS})
            assert (wrote.status_code, wrote.json()["code"]) == (404, "request_not_found")
            assert (await http.get("/feedback-requests")).json()["items"] == []


async def test_an_administrator_sees_who_and_when_and_never_what(feedback: Running, couple: Couple) -> None:
    await couple.meet()
    await couple.answer(couple.mentor_id)
    await couple.answer(couple.mentee_id)
    for institution_id, seen in (
        (couple.mentor_institution_id, 1),
        (couple.mentee_institution_id, 1),
        (uuid4(), 0),
    ):
        async with feedback.client(uuid4(), institution_id, ["administrator"]) as http:
            items = (await http.get("/feedback-requests")).json()["items"]
            assert len(items) == seen
            for item in items:
                assert item["mentor_answered_at"] is not None
                assert not [name for name in item if name.endswith("answers")]
            assert (await http.get(f"/feedback-requests/{(await couple.request())['request_id']}")).status_code == 403


async def test_erasure_deletes_a_persons_answers_and_takes_none_any_more(feedback: Running, couple: Couple) -> None:
    await couple.meet()
    await couple.answer(couple.mentor_id)
    request_id = UUID((await couple.request())["request_id"])
    await feedback.deliver(await couple.erased(couple.mentor_id))
    assert await feedback.rows("SELECT author_id FROM answers WHERE author_id = $1", couple.mentor_id) == []
    async with feedback.client(couple.mentor_id, couple.mentor_institution_id, ["mentor"]) as http:
        path = f"/feedback-requests/{request_id}"
        assert (await http.get(path)).status_code in {401, 404}
        assert (await http.post(f"{path}/answers", json={"answers": ANSWERS})).status_code in {401, 404}
    answered = await couple.ask(couple.mentee_id, "POST", f"{path}/answers", {"answers": OTHERS})
    assert answered.status_code == 204
    mentee = (await couple.ask(couple.mentee_id, "GET", path)).json()
    assert (mentee["request"]["state"], mentee["others_answers"]) == ("revealed", None)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"answers": {"useful": 4}}, "answers_do_not_fit"),
        ({"answers": {**ANSWERS, "useful": 9}}, "answers_do_not_fit"),
        ({"answers": {**ANSWERS, "salary": 3}}, "answers_do_not_fit"),
        ({"answers": {**ANSWERS, "useful": "4"}}, "answers_do_not_fit"),
        ({"answers": {**ANSWERS, "useful": 4.0}}, "malformed_request"),
        ({"answers": {**ANSWERS, "useful": True}}, "malformed_request"),
        ({"answers": {**ANSWERS, "keep_and_change": "x" * 4_001}}, "malformed_request"),
        ({"answers": {**ANSWERS, "keep_and_change": "nul \x00"}}, "malformed_request"),
        ({"answers": {**ANSWERS, "keep_and_change": "half \ud800"}}, "malformed_request"),
        ({"answers": {**ANSWERS, "Useful!": 3}}, "malformed_request"),
        ({"answers": ANSWERS, "author_id": str(uuid4())}, "malformed_request"),
        ({"answers": [4, 5]}, "malformed_request"),
        ([], "malformed_request"),
    ],
)
async def test_answers_that_cannot_be_are_refused_and_nothing_is_written(
    feedback: Running, couple: Couple, body: object, code: str
) -> None:
    await couple.meet()
    path = f"/feedback-requests/{(await couple.request())['request_id']}/answers"
    async with feedback.client(couple.mentor_id, couple.mentor_institution_id, ["mentor"]) as http:
        headers = {"Content-Type": "application/json"}
        refused = await http.post(path, content=json.dumps(body), headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert await couple.said() == ["feedback_requested"]
