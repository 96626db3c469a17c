"""What a person takes with them from feedback: their own answers, and the other's only after the reveal."""

from typing import Any
from uuid import UUID

from tests.integration.feedback.couple import ANSWERS, OTHERS, Couple


async def exported(couple: Couple, person_id: UUID) -> list[dict[str, Any]]:
    answer = await couple.ask(person_id, "GET", "/me/export")
    assert answer.status_code == 200, answer.text
    return answer.json()["feedback_requests"]


async def test_an_export_holds_the_others_answers_only_after_the_reveal(couple: Couple) -> None:
    await couple.meet()
    await couple.answer(couple.mentee_id, OTHERS)
    [mine] = await exported(couple, couple.mentor_id)
    assert (mine["own_answers"], mine["others_answers"]) == (None, None)
    [theirs] = await exported(couple, couple.mentee_id)
    assert theirs["own_answers"] == OTHERS
    await couple.answer(couple.mentor_id, ANSWERS)
    [mine] = await exported(couple, couple.mentor_id)
    assert mine["own_answers"] == ANSWERS
    assert mine["others_answers"] == theirs["own_answers"]


async def test_an_administrator_exports_nothing_of_the_institution(couple: Couple) -> None:
    await couple.meet()
    await couple.answer(couple.mentor_id)
    async with couple.feedback.client(couple.pair_id, couple.mentor_institution_id, ["administrator"]) as http:
        listed = (await http.get("/feedback-requests")).json()["items"]
        assert [each["pair_id"] for each in listed] == [str(couple.pair_id)]
        assert (await http.get("/me/export")).json()["feedback_requests"] == []
