"""Meetings of a pair that goes on after a notice are the two's alone, once the notice is over."""

from dataclasses import replace
from datetime import timedelta

from shared.contracts.pairing import PairCutOff
from tests.integration.meetings.ward import Couple, Someone, Ward, half_an_hour


async def _cut_off(ward: Ward, couple: Couple) -> None:
    ended = await ward.ended(couple)
    await ward.hear(PairCutOff(**ended.model_dump(exclude={"reason", "version"}), version=couple.version + 1))


async def test_administrators_of_neither_hospital_see_the_two_any_more_and_the_two_do(ward: Ward) -> None:
    couple, other = await ward.pair(), await ward.pair()
    both = [
        await ward.join("administrator", institution_id=each.institution_id) for each in (couple.mentor, couple.mentee)
    ]
    now = await ward.now()
    meeting = (await ward.propose(couple, half_an_hour(now + timedelta(days=3)))).raise_for_status().json()
    touchpoint = {"happened_at": now.isoformat(), "minutes": 10}
    touchpoints = f"/pairs/{couple.pair_id}/touchpoints"
    (await ward.ask(couple.mentor, "POST", touchpoints, touchpoint)).raise_for_status()

    async def sees(who: Someone) -> list[bool]:
        listed = (await ward.ask(who, "GET", "/meetings")).raise_for_status().json()["items"]
        shown = [await ward.ask(who, "GET", path) for path in (f"/meetings/{meeting['meeting_id']}", touchpoints)]
        return [
            meeting["meeting_id"] in {one["meeting_id"] for one in listed},
            *(one.status_code == 200 for one in shown),
        ]

    for administrator in both:
        assert await sees(administrator) == [True, True, True]
    await _cut_off(ward, replace(other))
    for administrator in both:
        assert await sees(administrator) == [True, True, True]
    await _cut_off(ward, couple)
    for administrator in both:
        assert await sees(administrator) == [False, False, False]
    for one_of_them in (couple.mentor, couple.mentee):
        assert await sees(one_of_them) == [True, True, True]


async def test_who_administers_and_is_one_of_the_two_goes_on_to_see_it(ward: Ward) -> None:
    couple = await ward.pair(mentor=await ward.join("mentor", "administrator"))
    meeting = (await ward.propose(couple, half_an_hour(await ward.now() + timedelta(days=4)))).raise_for_status().json()
    await _cut_off(ward, couple)
    listed = (await ward.ask(couple.mentor, "GET", "/meetings")).json()["items"]
    assert [one["meeting_id"] for one in listed] == [meeting["meeting_id"]]
