"""A request's life through the doors of the service, on real PostgreSQL."""

from datetime import timedelta

from shared.contracts.feedback import FeedbackRequested
from shared.testing.running import Running
from tests.integration.feedback.couple import ANSWERS, OTHERS, Couple

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


async def test_the_third_held_meeting_asks_both_and_the_second_answer_reveals(couple: Couple) -> None:
    await couple.meet(2)
    assert (await couple.ask(couple.mentor_id, "GET", "/feedback-requests")).json()["items"] == []
    await couple.meet(3)
    assert (await couple.answer(couple.mentor_id)).status_code == 204
    assert (await couple.answer(couple.mentee_id, OTHERS)).status_code == 204
    mentor, mentee = await couple.read(couple.mentor_id), await couple.read(couple.mentee_id)
    assert (mentor["own_answers"], mentor["others_answers"]) == (ANSWERS, OTHERS)
    assert (mentee["own_answers"], mentee["others_answers"]) == (OTHERS, ANSWERS)
    assert mentor["request"]["state"] == "revealed"
    assert await couple.said() == [
        "feedback_requested",
        "feedback_submitted",
        "feedback_submitted",
        "feedback_revealed",
    ]


async def test_a_redelivered_event_opens_feedback_once(feedback: Running, couple: Couple) -> None:
    await couple.meet(2)
    third = await couple.held()
    await feedback.deliver(third, third)
    await feedback.deliver(third)
    assert await couple.said() == ["feedback_requested"]


async def test_meetings_of_a_pair_that_was_not_heard_of_wait_until_it_is(feedback: Running) -> None:
    couple = Couple(feedback)
    await couple.meet(3)
    assert (await couple.ask(couple.mentor_id, "GET", "/feedback-requests")).json()["items"] == []
    await feedback.deliver(await couple.activated())
    await couple.retried()
    assert (await couple.request())["state"] == "open"


async def test_many_pairs_are_asked_in_one_batch(feedback: Running) -> None:
    couples = [Couple(feedback) for _ in range(20)]
    await feedback.deliver(*[await couple.activated() for couple in couples])
    await feedback.deliver(*[await couple.held() for couple in couples for _ in range(3)])
    assert [(await couple.request())["state"] for couple in couples] == ["open"] * 20


async def test_answers_may_change_until_the_reveal_and_the_form_says_who_sees_them(couple: Couple) -> None:
    await couple.meet()
    await couple.answer(couple.mentee_id, OTHERS)
    await couple.answer(couple.mentee_id)
    reading = await couple.read(couple.mentee_id)
    assert (reading["own_answers"], reading["others_answers"]) == (ANSWERS, None)
    assert (await couple.read(couple.mentor_id))["others_answers"] is None
    assert "The other person of your pair will read your answers" in reading["form"]["who_sees"]
    assert [question["key"] for question in reading["form"]["questions"]] == list(ANSWERS)
    await couple.answer(couple.mentor_id, OTHERS)
    late = await couple.answer(couple.mentee_id, OTHERS)
    assert (late.status_code, late.json()["code"]) == (409, "already_revealed")
    assert (await couple.read(couple.mentor_id))["others_answers"] == ANSWERS


async def test_fourteen_days_after_the_first_answer_the_form_closes_for_both(couple: Couple) -> None:
    await couple.meet()
    await couple.answer(couple.mentor_id)
    await couple.step(14 * DAY - MOMENT)
    assert (await couple.read(couple.mentee_id))["others_answers"] is None
    await couple.step(MOMENT)
    mentee = await couple.read(couple.mentee_id)
    assert (mentee["own_answers"], mentee["others_answers"]) == (None, ANSWERS)
    assert (await couple.answer(couple.mentee_id)).json()["code"] == "already_revealed"
    assert (await couple.said())[-1] == "feedback_revealed"


async def test_thirty_days_without_an_answer_close_the_form(couple: Couple) -> None:
    await couple.meet()
    await couple.step(30 * DAY)
    assert (await couple.answer(couple.mentor_id)).json()["code"] == "request_closed"
    assert await couple.said() == ["feedback_requested", "feedback_closed"]


async def test_a_pair_that_ends_unanswered_withdraws_its_request(feedback: Running, couple: Couple) -> None:
    await couple.meet()
    await feedback.deliver(await couple.ended())
    assert (await couple.answer(couple.mentor_id)).json()["code"] == "request_withdrawn"
    await couple.step(31 * DAY)
    assert await couple.said() == ["feedback_requested", "feedback_withdrawn"]


async def test_a_pair_that_ends_after_an_answer_still_reads_it(feedback: Running, couple: Couple) -> None:
    await couple.meet()
    await couple.answer(couple.mentor_id)
    await feedback.deliver(await couple.ended())
    await couple.step(14 * DAY)
    assert (await couple.read(couple.mentee_id))["others_answers"] == ANSWERS


async def test_a_pair_that_ended_before_its_third_meeting_was_said_to_be_held_is_not_asked(
    feedback: Running, couple: Couple
) -> None:
    await couple.meet(2)
    await feedback.deliver(await couple.ended())
    await couple.meet(1)
    assert (await couple.ask(couple.mentor_id, "GET", "/feedback-requests")).json()["items"] == []


async def test_what_is_said_names_people_and_times_and_no_answer(feedback: Running, couple: Couple) -> None:
    await couple.meet()
    await couple.answer(couple.mentor_id, {**ANSWERS, "keep_and_change": "canary-in-the-text"})
    payloads = await feedback.rows("SELECT payload FROM outbox")
    assert not [row for row in payloads if b"canary" in row["payload"]]
    asked = [event for event in await feedback.bodies(FeedbackRequested) if event.pair_id == couple.pair_id]
    assert [(event.mentor_id, event.mentee_id) for event in asked] == [(couple.mentor_id, couple.mentee_id)]
