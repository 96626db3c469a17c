"""What one person alone is told: on a topic that only notifications read, without a way to anybody else."""

from typing import Any
from uuid import UUID

import pytest

from services.pairing.domain import ANSWER_INTRODUCTION_WITHIN
from shared.contracts.asides import (
    AsideEvent,
    CircleInvitationOver,
    CircleInvited,
    ConcernReached,
    IntroductionAsked,
    IntroductionOver,
    IntroductionWished,
)
from shared.testing.running import Running
from tests.integration.pairing.compacting import Couple
from tests.integration.pairing.hospital import Hospital
from tests.integration.pairing.introducing import FIELD, Somebody, Three
from tests.integration.pairing.test_concerns import name_contact, raise_concern

KINDS: tuple[type[AsideEvent], ...] = (
    ConcernReached,
    IntroductionAsked,
    IntroductionOver,
    IntroductionWished,
    CircleInvited,
    CircleInvitationOver,
)


async def asides_to(pairing: Running, person_id: UUID) -> list[Any]:
    """Everything that is said aside to somebody."""
    return [each for kind in KINDS for each in await pairing.bodies(kind) if each.person_id == person_id]


async def test_a_concern_is_said_to_its_contact_without_a_way_to_whose_it_is(pairing: Running) -> None:
    couple = await Couple.meet(pairing, cross=True)
    contact_id = await name_contact(couple.mentees)
    raised = (await raise_concern(couple, "mentee")).raise_for_status().json()
    [said] = await asides_to(pairing, contact_id)
    assert (type(said), said.institution_id) == (ConcernReached, couple.mentees.institution_id)
    rows = await pairing.rows("SELECT to_jsonb(o)::text AS whole FROM outbox o WHERE aggregate_id = $1", said.aside_id)
    told = rows[0]["whole"] + said.model_dump_json()
    hidden = [couple.pair["pair_id"], raised["concern_id"], couple.person("mentee"), couple.person("mentor")]
    assert [each for each in map(str, hidden) if each in told] == []
    assert str(couple.mentors.institution_id) not in told
    pairs_own = await pairing.rows("SELECT FROM outbox WHERE topic = 'osler.pairing' AND payload::text ~ 'concern'")
    assert pairs_own == []


async def test_a_refused_concern_is_said_to_nobody(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    await name_contact(couple.mentees, couple.person("mentor"))
    await raise_concern(couple, "mentee")
    assert await asides_to(pairing, couple.person("mentor")) == []


async def test_the_two_who_are_asked_hear_so_without_each_other_and_in_the_end_that_it_did_not_come_about(
    pairing: Running,
) -> None:
    three = await Three.asked(pairing)
    (await three.mentee.answer(consents=False)).raise_for_status()
    for asked, other in ((three.mentee, three.colleague), (three.colleague, three.mentee)):
        [said] = await asides_to(pairing, asked.person_id)
        assert (type(said), said.mentor_id) == (IntroductionAsked, three.mentor.person_id)
        assert said.answer_by - said.occurred_at == ANSWER_INTRODUCTION_WITHIN
        assert str(other.person_id) not in said.model_dump_json()
        assert str(other.hospital.institution_id) not in said.model_dump_json()
    (await three.mentor.withdraw()).raise_for_status()
    for asked in (three.mentee, three.colleague):
        first, over = await asides_to(pairing, asked.person_id)
        assert (type(over), over.about_id) == (IntroductionOver, first.about_id)


async def test_a_mentor_hears_who_asks_them_for_an_introduction_and_a_refused_asking_is_said_to_nobody(
    pairing: Running,
) -> None:
    three = await Three.meet(pairing)
    wish = {"mentor_id": str(three.mentor.person_id), "field": FIELD}
    asked = (await three.mentee.post("/introduction-wishes", wish)).raise_for_status().json()
    assert (await three.mentee.post("/introduction-wishes", wish)).json()["code"] == "wish_open"
    [said] = await asides_to(pairing, three.mentor.person_id)
    assert (type(said), said.mentee_id) == (IntroductionWished, three.mentee.person_id)
    assert said.about_id == UUID(asked["wish_id"])
    assert said.answer_by - said.occurred_at == ANSWER_INTRODUCTION_WITHIN


async def test_who_are_connected_hear_of_no_failure(pairing: Running) -> None:
    three = await Three.asked(pairing)
    for each in (three.mentee, three.colleague):
        (await each.answer(consents=True)).raise_for_status()
    for each in (three.mentee, three.colleague):
        assert [type(said) for said in await asides_to(pairing, each.person_id)] == [IntroductionAsked]


@pytest.mark.parametrize("end", ["leave", "join", "end"])
async def test_who_is_invited_to_a_circle_hears_so_until_they_answer_or_it_is_over(pairing: Running, end: str) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = Somebody(hospital, await hospital.mentor()), Somebody(hospital, await hospital.mentee(), "mentee")
    body = {"kind": "mentor", "topic": "Board review", "person_ids": [str(mentee.person_id)]}
    circle = (await mentor.post("/circles", body)).raise_for_status().json()
    [invited] = await asides_to(pairing, mentee.person_id)
    assert (type(invited), invited.led_by) == (CircleInvited, mentor.person_id)
    who = mentor if end == "end" else mentee
    (await who.post(f"/circles/{circle['circle_id']}/{end}")).raise_for_status()
    _, over = await asides_to(pairing, mentee.person_id)
    assert (type(over), over.about_id) == (CircleInvitationOver, invited.about_id)
    again = {"person_ids": [str(mentee.person_id)]}
    if end == "leave":
        (await mentor.post(f"/circles/{circle['circle_id']}/invite", again)).raise_for_status()
        assert len(await asides_to(pairing, mentee.person_id)) == 3
