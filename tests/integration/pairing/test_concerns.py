"""A concern reaches the contact whom the institution names, and nobody else learns that it was raised."""

from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts.directory import PersonErased, PersonLeft
from shared.testing.running import Running
from tests.integration.pairing.compacting import PARTS, Couple, Part
from tests.integration.pairing.hospital import SINCE, Hospital, code_of

WORDS = "He is late each time."


async def test_a_concern_reaches_the_contact_alone(pairing: Running) -> None:
    couple = await Couple.meet(pairing, cross=True)
    contact_id = await name_contact(couple.mentees)
    await name_contact(couple.mentors)
    raised = await raise_concern(couple, "mentee")
    assert raised.status_code == 201, raised.text
    assert (raised.json()["words"], raised.json()["contact_id"]) == (None, str(contact_id))
    assert WORDS not in raised.text
    [read] = await concerns_of(couple.mentees, contact_id)
    assert (read["words"], read["raised_by"], read["about_id"]) == (
        WORDS,
        str(couple.person("mentee")),
        str(couple.person("mentor")),
    )
    [known] = await concerns_of(couple.mentees, couple.person("mentee"))
    assert (known["concern_id"], known["words"]) == (read["concern_id"], None)
    for hospital, person_id in (
        (couple.mentors, couple.person("mentor")),
        (couple.mentors, couple.mentors.administrator_id),
        (couple.mentees, couple.mentees.administrator_id),
        (couple.mentees, uuid4()),
    ):
        assert await concerns_of(hospital, person_id) == []
    assert await seen_by(couple.mentees, couple.mentees.administrator_id) == 0
    assert await seen_by(couple.mentees, contact_id) == 1


async def test_a_concern_leaves_the_pair_its_events_and_its_revision_as_they_were(pairing: Running) -> None:
    """What is said goes to the contact alone (test_asides.py)."""
    couple = await Couple.meet(pairing)
    await name_contact(couple.mentees)
    async with couple.desk("mentor") as desk:
        before = await desk.show(couple.pair)
        said = Counter(await pairing.said())
        (await raise_concern(couple, "mentee")).raise_for_status()
        assert await desk.show(couple.pair) == before
    assert Counter(await pairing.said()) - said == Counter(["osler.asides.concern_reached.v1"])


async def test_who_administers_and_is_in_the_pair_learns_nothing_of_a_concern(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    await name_contact(couple.mentees)
    (await raise_concern(couple, "mentee")).raise_for_status()
    mentor_id = couple.person("mentor")
    async with couple.mentors.signed_in(mentor_id, "mentor", "administrator") as desk:
        assert (await desk.http.get("/concerns")).json()["items"] == []


async def test_a_pair_that_nobody_has_said_yes_to_raises_none_and_one_that_is_over_does(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    await name_contact(couple.mentees)
    other = await couple.mentees.propose(await couple.mentees.mentor(), couple.person("mentee"))
    proposed = Couple(couple.mentees, couple.mentees, other)
    assert code_of(await raise_concern(proposed, "mentee")) == (409, "not_possible_now")
    await couple.act("mentor", "end")
    assert (await raise_concern(couple, "mentee")).status_code == 201


@pytest.mark.parametrize("part", PARTS)
async def test_a_concern_never_reaches_one_of_the_two(pairing: Running, part: Part) -> None:
    couple = await Couple.meet(pairing)
    refused = await raise_concern(couple, "mentee")
    assert code_of(refused) == (404, "no_concern_contact")
    await name_contact(couple.mentees, couple.person(part))
    for raiser in PARTS:
        assert code_of(await raise_concern(couple, raiser)) == (409, "contact_concerned")
    assert await pairing.rows("SELECT person_id FROM concerns WHERE about_id = $1", couple.person("mentor")) == []


async def test_a_new_contact_reads_new_concerns_and_the_former_keeps_the_old_ones(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    first = await name_contact(couple.mentees)
    (await raise_concern(couple, "mentee")).raise_for_status()
    second = await name_contact(couple.mentees)
    (await raise_concern(couple, "mentor")).raise_for_status()
    assert [one["raised_by"] for one in await concerns_of(couple.mentees, first)] == [str(couple.person("mentee"))]
    assert [one["raised_by"] for one in await concerns_of(couple.mentees, second)] == [str(couple.person("mentor"))]


async def test_a_contact_is_somebody_of_the_institution_who_is_here(pairing: Running) -> None:
    hospital, other = await Hospital.join(pairing), await Hospital.join(pairing)
    async with hospital.administration() as desk:
        for stranger in (uuid4(), other.administrator_id):
            answer = await desk.http.post("/concern-contact", json={"person_id": str(stranger)})
            assert code_of(answer) == (404, "contact_not_found")
    contact_id = await name_contact(hospital)
    async with hospital.administration() as desk:
        assert (await desk.http.get("/concern-contact")).json()["person_id"] == str(contact_id)
        await pairing.deliver(hospital.about(PersonLeft, contact_id, since=SINCE))
        assert code_of(await desk.http.get("/concern-contact")) == (404, "no_concern_contact")
        answer = await desk.http.post("/concern-contact", json={"person_id": str(contact_id)})
        assert code_of(answer) == (404, "contact_not_found")


@pytest.mark.parametrize("erased", ["mentor", "mentee", "contact"])
async def test_an_erasure_deletes_the_concerns_by_about_and_for_a_person(pairing: Running, erased: Any) -> None:
    couple = await Couple.meet(pairing)
    contact_id = await name_contact(couple.mentees)
    (await raise_concern(couple, "mentee")).raise_for_status()
    gone = contact_id if erased == "contact" else couple.person(erased)
    await pairing.deliver(couple.mentees.about(PersonErased, gone))
    left = await pairing.rows("SELECT person_id FROM concerns WHERE person_id = $1", couple.person("mentee"))
    assert left == []
    named = await pairing.rows("SELECT FROM concern_contacts WHERE person_id = $1", contact_id)
    assert bool(named) == (erased != "contact")


async def name_contact(hospital: Hospital, person_id: UUID | None = None) -> UUID:
    """Somebody whom the hospital's administrator names; somebody new, or this one."""
    contact_id = person_id or await hospital.mentor()
    async with hospital.administration() as desk:
        (await desk.http.post("/concern-contact", json={"person_id": str(contact_id)})).raise_for_status()
    return contact_id


async def raise_concern(couple: Couple, part: Part) -> Any:
    """One of the two presses the button."""
    async with couple.desk(part) as desk:
        return await desk.http.post(f"/pairs/{couple.pair_id}/concerns", json={"words": WORDS})


async def concerns_of(hospital: Hospital, person_id: UUID) -> list[dict[str, Any]]:
    """What somebody is shown."""
    async with hospital.signed_in(person_id, "mentor") as desk:
        return (await desk.http.get("/concerns")).raise_for_status().json()["items"]


async def seen_by(hospital: Hospital, person_id: UUID) -> int:
    """How many concerns the database shows to somebody."""
    async with hospital.pairing.app.transaction(hospital.institution_id, person_id) as tx:
        return (await tx.get("SELECT count(*) AS seen FROM concerns"))["seen"]
