"""What meetings refuses over HTTP because of who asks or what the clock says; a test of the domain says why."""

from datetime import timedelta
from http import HTTPStatus

import httpx

from tests.integration.meetings.ward import Couple, Ward, half_an_hour, times

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


async def test_a_proposal_is_accepted_by_the_other_at_a_time_that_is_offered_and_has_not_begun(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    meeting = (await ward.propose(couple, half_an_hour(now + HOUR), half_an_hour(now + DAY))).json()
    own = await ward.act(couple.mentor, meeting, "accept", {"slot": 0})
    assert code_of(own) == (HTTPStatus.FORBIDDEN, "own_proposal")
    assert code_of(await ward.accept(couple, meeting, 2)) == (HTTPStatus.UNPROCESSABLE_ENTITY, "no_such_slot")
    await ward.step(to=now + HOUR)
    assert code_of(await ward.accept(couple, meeting, 0)) == (HTTPStatus.CONFLICT, "slot_has_begun")
    assert (await ward.accept(couple, meeting, 1)).is_success


async def test_what_became_of_a_meeting_is_said_from_its_start_until_72_hours_after_its_end(ward: Ward) -> None:
    couple, slot = await ward.pair(), half_an_hour(await ward.now() + HOUR)
    meeting = await ward.schedule(couple, slot)
    for act in ("held", "missed"):
        early = await ward.act(couple.mentee, meeting, act)
        assert code_of(early) == (HTTPStatus.CONFLICT, "meeting_has_not_begun")
    await ward.step(to=slot[0])
    moved = await ward.act(couple.mentor, meeting, "move", times(half_an_hour(slot[0] + DAY)))
    for late in (moved, await ward.act(couple.mentor, meeting, "cancel")):
        assert code_of(late) == (HTTPStatus.CONFLICT, "meeting_has_begun")
    await ward.running.stage.step_to(slot[1] + 72 * HOUR)  # and its timer is late
    for act in ("held", "missed"):
        assert code_of(await ward.act(couple.mentee, meeting, act)) == (HTTPStatus.CONFLICT, "too_late_to_say")


async def test_a_touchpoint_lies_behind_not_too_far_and_in_a_pair_that_goes_on(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()

    async def log(pair: Couple, after: timedelta) -> httpx.Response:
        form = {"happened_at": (now + after).isoformat(), "minutes": 10}
        return await ward.ask(pair.mentee, "POST", f"/pairs/{pair.pair_id}/touchpoints", form)

    assert code_of(await log(couple, HOUR)) == (HTTPStatus.UNPROCESSABLE_ENTITY, "touchpoint_in_the_future")
    assert code_of(await log(couple, -400 * DAY)) == (HTTPStatus.UNPROCESSABLE_ENTITY, "touchpoint_too_old")
    assert (await log(couple, -HOUR)).is_success
    await ward.hear(await ward.ended(couple))
    assert code_of(await log(couple, -HOUR)) == (HTTPStatus.CONFLICT, "pair_has_ended")
