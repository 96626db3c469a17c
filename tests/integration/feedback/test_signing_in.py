"""Who may sign in, where somebody was erased and hired again and the two are heard of in any order."""

from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.contracts.directory import PersonErased, PersonJoined, PersonLeft
from shared.platform.members import find_member, sign_in_key
from shared.platform.settings import LOCAL_SIGN_IN_SECRET
from shared.testing.running import Running
from shared.testing.stage import START

_INSTITUTION = uuid4()


def _of(person_id: UUID, version: int) -> dict[str, Any]:
    return {
        "version": version,
        "occurred_at": START,
        "institution_ids": (_INSTITUTION,),
        "person_id": person_id,
        "institution_id": _INSTITUTION,
    }


def _joined(person_id: UUID, subject: str) -> PersonJoined:
    key = sign_in_key(LOCAL_SIGN_IN_SECRET, subject)
    return PersonJoined(**_of(person_id, 1), sign_in_key=key, time_zone="Europe/Warsaw")


async def _status(feedback: Running, subject: str) -> int:
    transport = feedback.entrance()
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        answer = await http.get("/feedback-requests", headers={"Authorization": f"Bearer {subject}"})
    return answer.status_code


async def _who(feedback: Running, subject: str) -> UUID | None:
    async with feedback.app.transaction() as tx:
        person = await find_member(tx, sign_in_key(LOCAL_SIGN_IN_SECRET, subject))
    return person and person.person_id


async def test_nobody_signs_in_while_a_sign_in_could_be_either_of_two(feedback: Running) -> None:
    old, new, subject = uuid4(), uuid4(), f"{uuid4().hex}@hospital.example"
    await feedback.deliver(_joined(new, subject))
    assert await _who(feedback, subject) == new
    await feedback.deliver(_joined(old, subject))
    assert await _status(feedback, subject) == 401
    await feedback.deliver(PersonErased(**_of(old, 2)))
    assert await _who(feedback, subject) == new
    await feedback.deliver(PersonLeft(**_of(new, 2), since=START))
    assert await _status(feedback, subject) == 401


async def test_whoever_left_is_not_in_the_way_of_who_came_after(feedback: Running) -> None:
    old, new, subject = uuid4(), uuid4(), f"{uuid4().hex}@hospital.example"
    await feedback.deliver(_joined(old, subject), PersonLeft(**_of(old, 2), since=START), _joined(new, subject))
    assert await _who(feedback, subject) == new
