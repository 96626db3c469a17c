"""Opportunities over HTTP: offered to mentees, saved and dropped by them, in words that no event carries."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.contracts.directory import PersonErased, PersonLeft
from shared.contracts.pairing import OpportunityOffered, OpportunityWithdrawn
from shared.testing.running import Running
from tests.integration.pairing.hospital import SINCE, Hospital, code_of
from tests.integration.pairing.introducing import Somebody, Three

OFFERED, SAVED, DROPPED, WITHDRAWN = [
    f"osler.pairing.opportunity_{what}.v1" for what in ("offered", "saved", "dropped", "withdrawn")
]
TITLE, DETAILS = "Spring meeting in Lisbon", "Travel is paid for by the society."


async def _now(pairing: Running) -> datetime:
    async with pairing.worker.transaction() as tx:
        return tx.now


async def _offer(who: Somebody, *mentees: Somebody, deadline: str | None = None) -> httpx.Response:
    deadline = deadline or (await _now(who.hospital.pairing) + timedelta(days=30)).isoformat()
    ids = [str(each.person_id) for each in mentees]
    body = {"kind": "conference", "title": TITLE, "details": DETAILS, "deadline": deadline, "mentee_ids": ids}
    return await who.post("/opportunities", body)


async def _offered(who: Somebody, *mentees: Somebody, deadline: str | None = None) -> dict[str, Any]:
    answer = await _offer(who, *mentees, deadline=deadline)
    assert answer.status_code == 201, answer.text
    return answer.json()


def _path(opportunity: dict[str, Any], act: str = "") -> str:
    return f"/opportunities/{opportunity['opportunity_id']}{act and '/'}{act}"


async def _states(who: Somebody) -> list[str]:
    return [each["state"] for each in await who.items("/opportunities")]


async def test_a_mentor_offers_to_mentees_of_their_pairs_who_save_and_drop_it(pairing: Running) -> None:
    three = await Three.meet(pairing)
    mentor, mentee = three.mentor, three.mentee
    opportunity = await _offered(mentor, mentee)
    opportunity_id = UUID(opportunity["opportunity_id"])
    assert (opportunity["title"], opportunity["details"], opportunity["followers"]) == (TITLE, DETAILS, 1)
    assert await _states(mentee) == ["offered"]
    saved = (await mentee.post(_path(opportunity, "save"))).raise_for_status().json()
    assert (saved["state"], saved["title"], saved["followers"]) == ("saved", TITLE, None)
    assert code_of(await mentee.post(_path(opportunity, "save"))) == (409, "already_followed")
    assert (await mentee.post(_path(opportunity, "drop"))).json()["state"] == "dropped"
    assert await _states(mentee) == []
    (await mentee.post(_path(opportunity, "save"))).raise_for_status()
    assert await pairing.said(opportunity_id) == [OFFERED, SAVED, DROPPED, SAVED]
    [said] = [each for each in await pairing.bodies(OpportunityOffered) if each.opportunity_id == opportunity_id]
    assert said.institution_ids == (mentor.hospital.institution_id, mentee.hospital.institution_id)
    rows = await pairing.rows("SELECT payload FROM outbox WHERE aggregate_id = $1", opportunity_id)
    assert not [row for row in rows if b"Lisbon" in row["payload"] or b"society" in row["payload"]]


async def test_an_administrator_offers_to_the_institutions_mentees_and_others_of_it_may_save_it(
    pairing: Running,
) -> None:
    hospital, elsewhere = await Hospital.join(pairing), await Hospital.join(pairing)
    desk = Somebody(hospital, hospital.administrator_id, "administrator")
    offered, other = [Somebody(hospital, await hospital.mentee(), "mentee") for _ in range(2)]
    stranger = Somebody(elsewhere, await elsewhere.mentee(), "mentee")
    opportunity = await _offered(desk, offered, offered)
    assert (await _states(offered), await _states(other), await _states(stranger)) == (["offered"], ["none"], [])
    assert (await other.post(_path(opportunity, "save"))).json()["state"] == "saved"
    for act in ("save", "drop"):
        assert code_of(await stranger.post(_path(opportunity, act))) == (404, "opportunity_not_found")
    mentor = Somebody(hospital, await hospital.mentor())
    assert code_of(await mentor.get(_path(opportunity))) == (404, "opportunity_not_found")
    assert [each["followers"] for each in await desk.items("/opportunities")] == [2]


@pytest.mark.parametrize("who", ["of another institution", "nobody", "a mentor"])
async def test_nothing_is_offered_where_somebody_is_no_mentee_of_ones_own(pairing: Running, who: str) -> None:
    hospital, elsewhere = await Hospital.join(pairing), await Hospital.join(pairing)
    mentor, mentee = Somebody(hospital, await hospital.mentor()), Somebody(hospital, await hospital.mentee(), "mentee")
    ids = {"of another institution": await elsewhere.mentee(), "nobody": uuid4(), "a mentor": await hospital.mentor()}
    assert code_of(await _offer(mentor, mentee, Somebody(hospital, ids[who]))) == (404, "not_offered_by_you")
    assert code_of(await _offer(mentor, mentor)) == (422, "same_person")
    assert await _states(mentee) == []


async def test_a_deadline_without_an_hour_ends_with_its_day_at_the_offering_institution(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)  # in Warsaw
    mentor, mentee = Somebody(hospital, await hospital.mentor()), Somebody(hospital, await hospital.mentee(), "mentee")
    day = (await _now(pairing) + timedelta(days=40)).date().replace(day=10)
    opportunity = await _offered(mentor, mentee, deadline=day.isoformat())
    end = datetime.fromisoformat(opportunity["deadline_at"])
    assert opportunity["deadline_day"] == day.isoformat()
    assert (end.date() - day, end.hour in {22, 23}) == (timedelta(), True)
    await pairing.stage.step_to(end - timedelta(microseconds=1))
    (await mentee.post(_path(opportunity, "save"))).raise_for_status()
    await pairing.stage.step_to(end)
    assert code_of(await mentee.post(_path(opportunity, "drop"))) == (409, "opportunity_over")
    other = Somebody(hospital, await hospital.mentee(), "mentee")
    assert await _states(other) == []
    past = (end - timedelta(days=3)).date().isoformat()
    for deadline in (past, end.isoformat(), (end + timedelta(days=731)).isoformat()):
        assert code_of(await _offer(mentor, mentee, deadline=deadline)) == (422, "deadline_out_of_range")


async def test_who_offers_takes_it_back_and_an_administrator_may(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    desk = Somebody(hospital, hospital.administrator_id, "administrator")
    mentor, mentee = Somebody(hospital, await hospital.mentor()), Somebody(hospital, await hospital.mentee(), "mentee")
    for who in (mentor, desk):
        opportunity = await _offered(mentor, mentee)
        colleague = Somebody(hospital, await hospital.mentor())
        assert code_of(await colleague.post(_path(opportunity, "withdraw"))) == (404, "opportunity_not_found")
        (await who.post(_path(opportunity, "withdraw"))).raise_for_status()
        assert code_of(await who.post(_path(opportunity, "withdraw"))) == (409, "opportunity_over")
        assert code_of(await mentee.post(_path(opportunity, "save"))) == (409, "opportunity_over")
        opportunity_id = UUID(opportunity["opportunity_id"])
        assert await pairing.said(opportunity_id) == [OFFERED, WITHDRAWN]
        [said] = [each for each in await pairing.bodies(OpportunityWithdrawn) if each.opportunity_id == opportunity_id]
        assert said.mentee_ids == (mentee.person_id,)


@pytest.mark.parametrize("how", ["left", "erased"])
async def test_what_somebody_offered_goes_with_them_and_their_words_with_their_erasure(
    pairing: Running, how: str
) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = Somebody(hospital, await hospital.mentor()), Somebody(hospital, await hospital.mentee(), "mentee")
    opportunity = await _offered(mentor, mentee)
    opportunity_id = UUID(opportunity["opportunity_id"])
    for gone in (mentor, mentee):
        news = {"left": PersonLeft, "erased": PersonErased}[how]
        facts = {"since": SINCE} if how == "left" else {}
        await pairing.deliver(hospital.about(news, gone.person_id, **facts))
    assert await pairing.said(opportunity_id) == [OFFERED, WITHDRAWN]
    [row] = await pairing.rows("SELECT title, details FROM opportunities WHERE opportunity_id = $1", opportunity_id)
    assert tuple(row) == ((TITLE, DETAILS) if how == "left" else (None, None))
    followers = await pairing.rows("SELECT FROM opportunity_followers WHERE person_id = $1", mentee.person_id)
    assert len(followers) == (1 if how == "left" else 0)
