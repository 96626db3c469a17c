"""Requests with many at once: one pair for one place, one open request each, and no answer that counts twice."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import permutations

import httpx

from shared.contracts.directory import PersonLeft, PersonReturned, PersonWentOnLeave
from shared.testing.running import Running
from tests.integration.pairing.asking import Mentee, Mentor, answer_by, states
from tests.integration.pairing.hospital import SINCE, Hospital


async def test_fifty_parallel_yeses_to_requests_for_one_place_make_one_pair(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor = await Mentor.join(hospital, places=1)
    for _ in range(50):
        await (await Mentee.join(hospital)).ask(mentor)
    async with hospital.signed_in(mentor.person_id, "mentor") as desk:
        choices = (await desk.http.get("/choices?limit=200")).json()["items"]
        assert len(choices) == 50
        answers = await asyncio.gather(
            *(desk.http.post(f"/choices/{each['choice_id']}/accept", headers={"If-Match": '"1"'}) for each in choices)
        )
    assert _codes(answers) == {"done": 1, "capacity_exhausted": 49}
    rows = await pairing.rows("SELECT FROM pairs WHERE mentor_id = $1 AND place IS NOT NULL", mentor.person_id)
    assert len(rows) == 1


async def test_yeses_to_requests_and_to_proposals_together_keep_the_agreements_cap(pairing: Running) -> None:
    lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(borrower, cap=3)
    mentors = [await Mentor.join(lender, 2, 2) for _ in range(6)]
    proposals = [await borrower.propose(one.person_id, await borrower.mentee()) for one in mentors]
    for one in mentors:
        await (await Mentee.join(borrower)).ask(one)

    async def accept(mentor: Mentor, pair: dict[str, object]) -> list[httpx.Response]:
        async with lender.signed_in(mentor.person_id, "mentor") as desk:
            return list(await asyncio.gather(mentor.answer("accept"), desk.act(pair, "accept")))

    answers = await asyncio.gather(*map(accept, mentors, proposals))
    assert _codes([answer for both in answers for answer in both]) == {"done": 3, "agreement_cap": 9}


async def test_one_request_of_ten_sent_at_once_is_open(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = await Mentor.join(hospital), await Mentee.join(hospital)
    answers = await asyncio.gather(*(mentee.send(mentor) for _ in range(10)))
    assert _codes(answers) == {"done": 1, "request_open": 9}
    assert len(await mentor.asked()) == 1


async def test_a_yes_at_the_instant_of_the_lapse_is_late_whoever_comes_first(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    first, second = await Mentor.join(hospital, 9), await Mentor.join(hospital, 9)
    mentees = [await Mentee.join(hospital) for _ in range(6)]
    [end] = {answer_by(await mentee.ask(first, second)) for mentee in mentees}
    choices = await first.asked()
    await pairing.stage.step_to(end)
    answer = asyncio.gather(*(first.answer("accept", choice) for choice in choices))
    answers, _ = await asyncio.gather(answer, pairing.fire())
    assert _codes(answers) == {"request_lapsed": 6}
    await pairing.fire()
    for mentee in mentees:
        assert states(await mentee.show()) == ["open", "lapsed", "asked"]


async def test_a_yes_and_a_withdrawal_at_once_end_in_one_of_them(pairing: Running) -> None:
    lender, home = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(home)
    mentor = await Mentor.join(lender, 20, 20)
    for number in range(8):
        mentee = await Mentee.join(home)
        request = await mentee.ask(mentor)
        [choice] = await mentor.asked(by=mentee)
        both = (mentor.answer("accept", choice), mentee.withdraw(request))
        answers = await asyncio.gather(*(both if number % 2 else reversed(both)))
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        ended = states(await mentee.show())
        pairs = await pairing.rows("SELECT FROM pairs WHERE mentee_id = $1", mentee.person_id)
        assert ended == (["accepted", "accepted"] if pairs else ["withdrawn", "withdrawn"])


async def test_a_yes_and_the_mentees_or_mentors_departure_at_once_leave_nothing_open(pairing: Running) -> None:
    lender, home = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(home)
    for number in range(8):
        mentor, mentee = await Mentor.join(lender, 2, 2), await Mentee.join(home)
        await mentee.ask(mentor)
        [choice] = await mentor.asked()
        house, who = (home, mentee.person_id) if number % 2 else (lender, mentor.person_id)
        leaves = pairing.deliver(house.about(PersonLeft, who, since=SINCE))
        await asyncio.gather(mentor.answer("accept", choice), leaves)
        open_pairs = "SELECT FROM pairs WHERE mentee_id = $1 AND closed_at IS NULL"
        open_requests = "SELECT FROM requests WHERE mentee_id = $1 AND closed_at IS NULL"
        assert await pairing.rows(open_pairs, mentee.person_id) == []
        assert await pairing.rows(open_requests, mentee.person_id) == []
    assert await pairing.rows("SELECT FROM parked") == []


async def test_noes_lapses_and_leave_at_once_leave_nobody_without_somebody_who_is_asked(pairing: Running) -> None:
    """Each of three hospitals lends to the others, so a request goes on from any house to any other."""
    houses = [await Hospital.join(pairing) for _ in range(3)]
    for lender, borrower in permutations(houses, 2):
        await lender.lend_to(borrower)
    mentors = [await Mentor.join(house, 9, 9) for house in houses]
    mentees = [await Mentee.join(house) for house in houses for _ in range(4)]
    for number, mentee in enumerate(mentees):
        order = mentors[number % 3 :] + mentors[: number % 3]
        await mentee.ask(*order)
    end = answer_by(await mentees[0].show())
    await pairing.stage.step_to(end - timedelta(seconds=1))

    async def decline(mentor: Mentor) -> None:
        for choice in await mentor.asked():
            await mentor.answer("decline", choice)

    async def come_and_go() -> None:
        for kind in (PersonWentOnLeave, PersonReturned):
            await pairing.deliver(houses[0].about(kind, mentors[0].person_id, since=SINCE))
        await pairing.stage.step_to(end)
        await pairing.fire()

    await asyncio.gather(*map(decline, mentors), come_and_go())
    for mentee in mentees:
        request, *choices = states(await mentee.show())
        assert (request, choices.count("asked")) in {("open", 1), ("exhausted", 0)}
    assert await pairing.rows("SELECT FROM timers WHERE attempts > 0") == []


def _codes(answers: list[httpx.Response]) -> Counter[str]:
    return Counter("done" if answer.is_success else answer.json()["code"] for answer in answers)
