"""What others do about somebody who was erased: nothing is written of them any more, and what was under way waits."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from services.pairing.use_cases import concerns, offer_opportunity, wish_introduction
from shared.contracts.directory import PersonErased
from shared.contracts.event import Role
from shared.platform.members import Person
from shared.testing.running import Running
from tests.integration.pairing.compacting import PARTS, Couple, Part
from tests.integration.pairing.hospital import Hospital, code_of
from tests.integration.pairing.test_concerns import WORDS, name_contact, raise_concern
from tests.integration.pairing.waiting import somebody_waits


async def erase(hospital: Hospital, person_id: UUID) -> None:
    """The directory says so."""
    await hospital.pairing.deliver(hospital.about(PersonErased, person_id))


@pytest.mark.parametrize("part", PARTS)
async def test_no_concern_is_raised_about_somebody_who_was_erased(pairing: Running, part: Part) -> None:
    couple = await Couple.meet(pairing, cross=True)
    for hospital in (couple.mentors, couple.mentees):
        await name_contact(hospital)
    erased, other = (couple.mentors, "mentee") if part == "mentor" else (couple.mentees, "mentor")
    await erase(erased, couple.person(part))
    assert code_of(await raise_concern(couple, other)) == (409, "not_possible_now")
    assert await pairing.rows("SELECT pair_id FROM concerns WHERE about_id = $1", couple.person(part)) == []


@pytest.mark.parametrize("kind", ["family", "personal"])
async def test_nothing_is_declared_about_somebody_who_was_erased(pairing: Running, kind: str) -> None:
    couple = await Couple.meet(pairing, cross=True)
    await erase(couple.mentors, couple.person("mentor"))
    async with couple.desk("mentee") as desk:
        path = f"/pairs/{couple.pair_id}/conflicts"
        assert code_of(await desk.http.post(path, json={"kind": kind})) == (409, "not_possible_now")
    assert await pairing.rows("SELECT kind FROM conflicts WHERE mentor_id = $1", couple.person("mentor")) == []


async def test_a_concern_that_is_being_raised_is_waited_for_and_goes(pairing: Running) -> None:
    couple = await Couple.meet(pairing, cross=True)
    await name_contact(couple.mentees)
    mentee_id, roles = couple.person("mentee"), frozenset[Role]({"mentee"})
    me = Person(mentee_id, couple.mentees.institution_id, roles)
    async with pairing.app.transaction(me.institution_id, mentee_id) as tx:
        await concerns.raise_concern(tx, me, couple.pair_id, WORDS, tx.now)
        erasure = asyncio.create_task(erase(couple.mentors, couple.person("mentor")))
        await somebody_waits(pairing)
    await erasure
    assert await pairing.rows("SELECT pair_id FROM concerns WHERE about_id = $1", couple.person("mentor")) == []


async def test_an_opportunity_that_is_being_offered_is_waited_for_and_its_words_go(pairing: Running) -> None:
    home = await Hospital.join(pairing)
    mentor_id = await home.mentor()
    me = Person(mentor_id, home.institution_id, frozenset[Role]({"mentor"}))
    async with pairing.app.transaction(home.institution_id, mentor_id) as tx:
        await offer_opportunity(tx, me, "project", (WORDS, None), tx.now + timedelta(days=9), [], tx.now)
        erasure = asyncio.create_task(erase(home, mentor_id))
        await somebody_waits(pairing)
    await erasure
    rows = await pairing.rows("SELECT title, details FROM opportunities WHERE offered_by = $1", mentor_id)
    assert [(row["title"], row["details"]) for row in rows] == [(None, None)]


async def test_a_wish_that_is_being_said_is_waited_for_and_its_field_goes(pairing: Running) -> None:
    home = await Hospital.join(pairing)
    mentor_id, mentee_id = await home.mentor(), await home.mentee()
    async with home.signed_in(mentor_id, "mentor") as desk:
        assert (await desk.http.put("/introduction-fields", json={"fields": [WORDS]})).is_success
    me = Person(mentee_id, home.institution_id, frozenset[Role]({"mentee"}))
    async with pairing.app.transaction(home.institution_id, mentee_id) as tx:
        await wish_introduction(tx, me, mentor_id, WORDS, tx.now)
        erasure = asyncio.create_task(erase(home, mentor_id))
        await somebody_waits(pairing)
    await erasure
    assert await pairing.rows("SELECT field FROM introduction_wishes WHERE mentor_id = $1", mentor_id) == []


async def test_a_declaration_that_waits_for_an_erasure_is_refused(pairing: Running) -> None:
    home = await Hospital.join(pairing)
    mentor_id, mentee_id = await home.mentor(), await home.mentee()
    async with home.signed_in(mentee_id, "mentee") as desk:
        async with pairing.aside() as tx:
            await tx.execute("SELECT FROM people WHERE person_id = $1 FOR UPDATE", mentor_id)
            body = {"person_ids": [str(mentor_id), str(mentee_id)], "kind": "family"}
            declared = asyncio.create_task(desk.http.post("/conflicts", json=body))
            await somebody_waits(pairing)
            await tx.execute("UPDATE people SET status = 'erased' WHERE person_id = $1", mentor_id)
        assert code_of(await declared) == (404, "counterpart_not_found")
    assert await pairing.rows("SELECT kind FROM conflicts WHERE $1 IN (mentor_id, mentee_id)", mentor_id) == []
