"""Circles over HTTP: people join by their own yes, see each other then, and leave; and what they may count."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts.directory import DirectoryEvent, PersonErased, PersonLeft, RoleRemoved
from shared.contracts.pairing import CircleEnded, CircleJoined
from shared.testing.running import Running
from tests.integration.pairing.hospital import SINCE, Hospital, code_of
from tests.integration.pairing.introducing import Somebody, Three

FORMED, JOINED, LEFT, ENDED = [f"osler.pairing.circle_{what}.v1" for what in ("formed", "joined", "left", "ended")]
TOPIC = "Writing a first paper"


async def _form(leader: Somebody, *people: Somebody, kind: str = "mentor") -> dict[str, Any]:
    ids = [str(each.person_id) for each in people]
    answer = await leader.post("/circles", {"kind": kind, "topic": TOPIC, "person_ids": ids})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _act(who: Somebody, circle: dict[str, Any], act: str) -> Any:
    return await who.post(f"/circles/{circle['circle_id']}/{act}")


def _people(circle: dict[str, Any]) -> dict[str, str]:
    return {member["person_id"]: member["state"] for member in circle["members"]}


async def test_mentees_of_two_hospitals_join_a_mentors_circle_by_their_own_yes_and_leave(pairing: Running) -> None:
    lender, home = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(home)
    mentor = Somebody(lender, await lender.mentor())
    one, two = Somebody(home, await home.mentee(), "mentee"), Somebody(lender, await lender.mentee(), "mentee")
    circle = await _form(mentor, one, two)
    circle_id = UUID(circle["circle_id"])
    path = f"/circles/{circle_id}"
    assert _people(circle) == {str(one.person_id): "invited", str(two.person_id): "invited"}
    invited = (await one.get(path)).json()
    assert (invited["state"], list(_people(invited))) == ("invited", [str(one.person_id)])
    assert str(two.person_id) not in str(await one.items("/circles"))
    for each in (one, two):
        assert (await _act(each, circle, "join")).json()["state"] == "joined"
        assert code_of(await _act(each, circle, "join")) == (409, "circle_step_not_possible")
    assert set(_people((await one.get(path)).json())) == {str(one.person_id), str(two.person_id)}
    assert (await _act(one, circle, "leave")).status_code == 204
    assert code_of(await one.get(path)) == (404, "circle_not_found")
    assert await one.items("/circles") == []
    assert set(_people((await two.get(path)).json())) == {str(two.person_id)}
    assert (await _act(mentor, circle, "end")).json()["reason"] == "asked"
    assert code_of(await _act(two, circle, "leave")) == (409, "circle_ended")
    assert code_of(await _act(mentor, circle, "end")) == (409, "circle_ended")
    assert await pairing.said(circle_id) == [FORMED, JOINED, JOINED, LEFT, ENDED]
    joined = [each for each in await pairing.bodies(CircleJoined) if each.circle_id == circle_id]
    assert joined[0].institution_ids == (lender.institution_id, home.institution_id)


async def test_whoever_follows_no_invitation_is_told_of_to_nobody(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = Somebody(hospital, await hospital.mentor()), Somebody(hospital, await hospital.mentee(), "mentee")
    circle = await _form(mentor, mentee)
    assert (await _act(mentee, circle, "leave")).status_code == 204
    assert await pairing.said(UUID(circle["circle_id"])) == [FORMED]
    invite = {"person_ids": [str(mentee.person_id)]}
    path = f"/circles/{circle['circle_id']}/invite"
    assert code_of(await mentee.post(path, invite)) == (404, "circle_not_found")
    assert _people((await mentor.post(path, invite)).json()) == {str(mentee.person_id): "invited"}
    assert code_of(await mentee.post(path, invite)) == (403, "not_your_step")
    assert code_of(await _act(mentee, circle, "end")) == (403, "not_your_step")


async def test_peers_lead_peers_and_a_circle_takes_only_whom_an_agreement_lets_it(pairing: Running) -> None:
    lender, home, elsewhere = [await Hospital.join(pairing) for _ in range(3)]
    await lender.lend_to(home)
    leader, peer = Somebody(home, await home.mentee(), "mentee"), Somebody(lender, await lender.mentee(), "mentee")
    stranger = Somebody(elsewhere, await elsewhere.mentee(), "mentee")
    mentor = Somebody(home, await home.mentor())
    circle = await _form(leader, peer, kind="peers")
    (await _act(peer, circle, "join")).raise_for_status()
    path = f"/circles/{circle['circle_id']}/invite"
    for nobody in (stranger.person_id, mentor.person_id, uuid4()):
        assert code_of(await leader.post(path, {"person_ids": [str(nobody)]})) == (404, "companion_not_found")
    assert code_of(await leader.post(path, {"person_ids": [str(leader.person_id)]})) == (422, "same_person")
    body = {"kind": "mentor", "topic": TOPIC, "person_ids": [str(peer.person_id)]}
    assert code_of(await leader.post("/circles", body)) == (409, "cannot_lead")
    assert code_of(await mentor.post("/circles", body)) == (404, "companion_not_found")  # lent the other way
    assert (await leader.post("/circles", body | {"kind": "peers", "person_ids": []})).status_code == 422


async def test_a_circle_is_full_at_twenty(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor = Somebody(hospital, await hospital.mentor())
    mentees = [Somebody(hospital, await hospital.mentee(), "mentee") for _ in range(21)]
    circle = await _form(mentor, *mentees[:20])
    more = {"person_ids": [str(mentees[20].person_id)]}
    assert code_of(await mentor.post(f"/circles/{circle['circle_id']}/invite", more)) == (409, "circle_full")


async def test_nobody_joins_the_circle_of_who_judges_them(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor = Somebody(hospital, await hospital.mentor())
    programme = f"p{uuid4().hex}"
    mentee = Somebody(hospital, await hospital.mentee(programme), "mentee")
    circle = await _form(mentor, mentee)
    await hospital.assign_duty(mentor.person_id, "committee_member", programme)
    assert code_of(await _act(mentee, circle, "join")) == (409, "conflict_of_interest")
    body = {"kind": "mentor", "topic": TOPIC, "person_ids": [str(mentee.person_id)]}
    assert code_of(await mentor.post("/circles", body)) == (409, "conflict_of_interest")
    assert await pairing.said(UUID(circle["circle_id"])) == [FORMED]


async def test_all_who_press_at_once_are_of_it_once(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor = Somebody(hospital, await hospital.mentor())
    mentees = [Somebody(hospital, await hospital.mentee(), "mentee") for _ in range(4)]
    circle = await _form(mentor, *mentees)
    answers = await asyncio.gather(*(_act(each, circle, "join") for each in [*mentees, *mentees]))
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [409] * 4
    assert await pairing.said(UUID(circle["circle_id"])) == [FORMED] + [JOINED] * 4


@pytest.mark.parametrize("how", ["left", "erased", "role_removed"])
async def test_a_circle_ends_with_whoever_led_it_and_loses_who_is_gone(pairing: Running, how: str) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = Somebody(hospital, await hospital.mentor()), Somebody(hospital, await hospital.mentee(), "mentee")
    circle = await _form(mentor, mentee)
    circle_id = UUID(circle["circle_id"])
    (await _act(mentee, circle, "join")).raise_for_status()
    for gone in (mentee, mentor):
        await pairing.deliver(_gone(gone, how))
    assert await pairing.said(circle_id) == [FORMED, JOINED, LEFT, ENDED]
    [ended] = [each for each in await pairing.bodies(CircleEnded) if each.circle_id == circle_id]
    assert ended.reason == "leader_gone"
    [row] = await pairing.rows("SELECT topic FROM circles WHERE circle_id = $1", circle_id)
    assert row["topic"] == (None if how == "erased" else TOPIC)


def _gone(who: Somebody, how: str) -> DirectoryEvent:
    if how == "left":
        return who.hospital.about(PersonLeft, who.person_id, since=SINCE)
    if how == "erased":
        return who.hospital.about(PersonErased, who.person_id)
    return who.hospital.about(RoleRemoved, who.person_id, role=who.role)


async def test_network_and_leadership_count_different_people_and_circles_that_somebody_joined(pairing: Running) -> None:
    three = await Three.asked(pairing)
    assert await _counts(three.mentor) == {"network": 1, "people_mentored": 1, "circles_led": 0, "leadership": 1}
    assert await _counts(three.colleague) == {"network": 0, "people_mentored": 0, "circles_led": 0, "leadership": 0}
    (await three.mentee.answer(consents=True)).raise_for_status()
    assert (await _counts(three.mentee))["network"] == 1  # half a consent counts for nobody
    (await three.colleague.answer(consents=True)).raise_for_status()
    assert await _counts(three.mentee) == {"network": 2, "people_mentored": 0, "circles_led": 0, "leadership": 0}
    assert await _counts(three.colleague) == {"network": 1, "people_mentored": 0, "circles_led": 0, "leadership": 0}
    circle = await _form(three.mentor, three.mentee)
    assert (await _counts(three.mentor))["circles_led"] == 0
    (await _act(three.mentee, circle, "join")).raise_for_status()
    assert await _counts(three.mentor) == {"network": 1, "people_mentored": 1, "circles_led": 1, "leadership": 2}
    home, lender = three.mentee.hospital, three.mentor.hospital
    await home.propose(three.mentor.person_id, await home.mentee())  # nobody has said yes to it
    assert await _counts(three.mentor) == {"network": 1, "people_mentored": 1, "circles_led": 1, "leadership": 2}
    [pair] = await three.mentee.items("/pairs")
    async with home.signed_in(three.mentee.person_id, "mentee") as desk:
        (await desk.act(pair, "end")).raise_for_status()
    again = await home.activate(await home.propose(three.mentor.person_id, three.mentee.person_id), lender)
    assert again["state"] == "active"
    assert await _counts(three.mentor) == {"network": 1, "people_mentored": 1, "circles_led": 1, "leadership": 2}


async def _counts(who: Somebody) -> dict[str, int]:
    counts = (await who.get("/counts")).raise_for_status().json()
    counts.pop("person_id")
    return counts


async def test_nobody_stays_in_a_circle_of_a_mentor_who_comes_to_judge_them(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, peer = Somebody(hospital, await hospital.mentor()), Somebody(hospital, await hospital.mentor())
    people = [Somebody(hospital, await hospital.mentee(one), "mentee") for one in ("medicine", "medicine", "surgery")]
    circle, peers = await _form(mentor, *people), await _form(mentor, peer, kind="peers")
    for each in (people[0], people[2]):
        (await _act(each, circle, "join")).raise_for_status()
    (await _act(peer, peers, "join")).raise_for_status()
    await hospital.assign_duty(mentor.person_id, "evaluator", "medicine")
    assert _people((await mentor.get(f"/circles/{circle['circle_id']}")).json()) == {
        str(each.person_id): state for each, state in zip(people, ("left", "invited", "joined"), strict=True)
    }
    assert await pairing.said(UUID(circle["circle_id"])) == [FORMED, JOINED, JOINED, LEFT]
    assert await pairing.said(UUID(peers["circle_id"])) == [FORMED, JOINED]
    invite = {"person_ids": [str(people[0].person_id)]}
    path = f"/circles/{circle['circle_id']}/invite"
    assert code_of(await mentor.post(path, invite)) == (409, "conflict_of_interest")
    await hospital.remove_duty(mentor.person_id, "evaluator", "medicine")
    (await mentor.post(path, invite)).raise_for_status()
