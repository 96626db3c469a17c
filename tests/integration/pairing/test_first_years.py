"""On entering PGY-2 one offer: take one new PGY-1. Made once, answered once, and known to administrators."""

from typing import Any
from uuid import UUID, uuid4

from shared.contracts.directory import RoleAssigned
from shared.testing.running import Running
from tests.integration.pairing.hospital import Hospital, code_of
from tests.integration.pairing.introducing import Somebody

OFFERED, ACCEPTED, DECLINED = [f"osler.pairing.first_year_{what}.v1" for what in ("offered", "accepted", "declined")]


async def _mentee(hospital: Hospital, *levels: str | None) -> Somebody:
    """A mentee of whom these levels were heard, one after the other."""
    person_id = uuid4()
    await hospital.pairing.deliver(*hospital.person(person_id, "mentee"))
    await _hear(hospital, person_id, *levels)
    return Somebody(hospital, person_id, "mentee")


async def _hear(hospital: Hospital, person_id: UUID, *levels: str | None) -> None:
    for level in levels:
        said = hospital.about(RoleAssigned, person_id, role="mentee", level=level)
        await hospital.pairing.deliver(said, said)


async def _offers(who: Somebody) -> list[dict[str, Any]]:
    return await who.items("/first-year-offers")


async def test_who_enters_their_second_year_is_asked_once_in_all_their_years(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentee = await _mentee(hospital, "pgy_1")
    assert await _offers(mentee) == []
    await _hear(hospital, mentee.person_id, "pgy_2", "pgy_2", "pgy_1", "pgy_2", "pgy_3")
    [offer] = await _offers(mentee)
    assert (offer["state"], offer["person_id"]) == ("offered", str(mentee.person_id))
    assert await pairing.said(UUID(offer["offer_id"])) == [OFFERED]


async def test_who_is_first_heard_of_in_another_year_or_passes_the_second_is_not_asked(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    for levels in (("pgy_2",), (None, "pgy_2"), ("pgy_1", "pgy_3"), ("pgy_2", "pgy_1")):
        assert await _offers(await _mentee(hospital, *levels)) == []
    mentor_id = await hospital.mentor()
    for level in ("pgy_1", "pgy_2"):  # another role of theirs says nothing of the year that they learn in
        await pairing.deliver(hospital.about(RoleAssigned, mentor_id, role="mentor", level=level, places=1))
    assert await _offers(Somebody(hospital, mentor_id, "mentee")) == []


async def test_the_answer_is_given_once_and_administrators_see_who_takes_one(pairing: Running) -> None:
    hospital, elsewhere = await Hospital.join(pairing), await Hospital.join(pairing)
    desk = Somebody(hospital, hospital.administrator_id, "administrator")
    other_desk = Somebody(elsewhere, elsewhere.administrator_id, "administrator")
    taking, declining = [await _mentee(hospital, "pgy_1", "pgy_2") for _ in range(2)]
    for mentee, accepts in ((taking, True), (declining, False)):
        [offer] = await _offers(mentee)
        path = f"/first-year-offers/{offer['offer_id']}/answer"
        stranger = await _mentee(hospital)
        assert code_of(await stranger.post(path, {"accepts": True}, 1)) == (404, "first_year_offer_not_found")
        assert code_of(await mentee.post(path, {"accepts": accepts}, 0)) == (412, "stale_revision")
        answered = (await mentee.post(path, {"accepts": accepts}, 1)).raise_for_status().json()
        assert answered["state"] == ("accepted" if accepts else "declined")
        assert code_of(await mentee.post(path, {"accepts": True}, 2)) == (409, "first_year_offer_answered")
        said = await pairing.said(UUID(offer["offer_id"]))
        assert said == [OFFERED, ACCEPTED if accepts else DECLINED]
        assert code_of(await other_desk.get(f"/first-year-offers/{offer['offer_id']}")) == (
            404,
            "first_year_offer_not_found",
        )
    seen = {each["person_id"]: each["state"] for each in await _offers(desk)}
    assert seen == {str(taking.person_id): "accepted", str(declining.person_id): "declined"}
    assert await _offers(other_desk) == []
