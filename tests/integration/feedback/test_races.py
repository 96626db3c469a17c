"""Both answer at one instant while everybody looks: nobody reads early, and both come to read the same."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx

from shared.testing.running import Running
from tests.integration.feedback.couple import ANSWERS, OTHERS, Couple

_ROUNDS = 12
_BOTH = ([ANSWERS, OTHERS], [OTHERS, ANSWERS])


async def test_two_answers_at_one_instant_are_revealed_together_whoever_looks_meanwhile(feedback: Running) -> None:
    early = 0
    for _ in range(_ROUNDS):
        couple = Couple(feedback)
        await feedback.deliver(await couple.activated())
        await couple.meet()
        early += await _answer_at_once(couple)
        said = await couple.said()
        assert said == ["feedback_requested", "feedback_submitted", "feedback_submitted", "feedback_revealed"]
    assert early  # else nobody looked in time


async def _answer_at_once(couple: Couple) -> int:
    """Let both answer; give how many looks came before the reveal."""
    path = f"/feedback-requests/{(await couple.request())['request_id']}"
    people = couple.feedback
    async with (
        people.client(couple.mentor_id, couple.mentor_institution_id, ["mentor"]) as mentor,
        people.client(couple.mentee_id, couple.mentee_institution_id, ["mentee"]) as mentee,
        people.client(couple.mentor_id, couple.mentor_institution_id, ["mentor"]) as mentors_second_page,
        people.client(uuid4(), couple.mentor_institution_id, ["administrator"]) as administrator,
    ):
        answers = asyncio.gather(
            mentor.post(f"{path}/answers", json={"answers": ANSWERS}),
            mentee.post(f"{path}/answers", json={"answers": OTHERS}),
        )
        seen: list[Any] = []
        while not answers.done():
            seen += await asyncio.gather(_read(mentors_second_page, path), _read(mentee, path))
            await _look(administrator)
        assert [answer.status_code for answer in await answers] == [204, 204]
        seen += [await _read(mentor, path), await _read(mentee, path)]
        await _look(administrator)
    for reading in seen:
        is_revealed = reading["request"]["state"] == "revealed"
        assert (reading["others_answers"] is not None) == is_revealed
        assert not is_revealed or [reading["own_answers"], reading["others_answers"]] in _BOTH
    return sum(reading["request"]["state"] != "revealed" for reading in seen)


async def _read(http: httpx.AsyncClient, path: str) -> Any:
    answer = await http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _look(administrator: httpx.AsyncClient) -> None:
    listing = await administrator.get("/feedback-requests")
    assert listing.status_code == 200
    assert ANSWERS["keep_and_change"] not in listing.text
