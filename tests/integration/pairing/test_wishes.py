"""A wish for an introduction is its mentee's to take back, until an offer answers it."""

from typing import Any

from shared.testing.running import Running
from tests.integration.pairing.hospital import code_of
from tests.integration.pairing.introducing import FIELD, Somebody, Three


async def _wish(three: Three) -> dict[str, Any]:
    form = {"mentor_id": str(three.mentor.person_id), "field": FIELD}
    return (await three.mentee.post("/introduction-wishes", form)).raise_for_status().json()


async def test_a_mentee_takes_a_wish_back_and_nothing_of_it_stays(pairing: Running) -> None:
    three = await Three.meet(pairing)
    path = f"/introduction-wishes/{(await _wish(three))['wish_id']}"
    for who in (three.mentor, three.mentee):
        assert (await who.get(path)).json()["field"] == FIELD
    assert code_of(await three.colleague.get(path)) == (404, "wish_not_found")
    both = Somebody(three.mentor.hospital, three.mentor.person_id, "mentee")  # a mentor who is a mentee of others too
    assert code_of(await both.post(f"{path}/withdraw")) == (403, "not_your_step")
    stranger = Somebody(three.mentee.hospital, await three.mentee.hospital.mentee(), "mentee")
    assert code_of(await stranger.post(f"{path}/withdraw")) == (404, "wish_not_found")
    assert (await three.mentee.post(f"{path}/withdraw")).status_code == 204
    assert code_of(await three.mentee.post(f"{path}/withdraw")) == (404, "wish_not_found")
    for who in (three.mentor, three.mentee):
        assert await who.items("/introduction-wishes") == []
    await _wish(three)  # and may ask again at once


async def test_a_wish_that_an_offer_answered_stays(pairing: Running) -> None:
    three = await Three.meet(pairing)
    path = f"/introduction-wishes/{(await _wish(three))['wish_id']}"
    (await three.mentor.offer(three.mentee, three.colleague)).raise_for_status()
    assert code_of(await three.mentee.post(f"{path}/withdraw")) == (409, "wish_answered")
    assert (await three.mentee.get(path)).json()["introduction_id"] is not None
