"""Who was asked for feedback is no administrator's to see once the notice is over under which a pair goes on."""

from uuid import UUID, uuid4

from shared.contracts.pairing import PairCutOff
from shared.testing.running import Running
from tests.integration.feedback.couple import Couple


async def test_administrators_are_shown_no_request_of_a_pair_that_is_the_twos_alone(feedback: Running) -> None:
    couple, other = Couple(feedback), Couple(feedback)
    for each in (couple, other):
        await feedback.deliver(await each.activated())
        await each.meet()

    async def is_listed(institution_id: UUID, person_id: UUID) -> bool:
        async with feedback.client(person_id, institution_id, ["administrator"]) as http:
            items = (await http.get("/feedback-requests")).raise_for_status().json()["items"]
        return [item["pair_id"] for item in items] == [str(couple.pair_id)]

    institutions = (couple.mentor_institution_id, couple.mentee_institution_id)
    for each, opens in ((other, True), (couple, False)):
        ended = await each.ended()
        await feedback.deliver(PairCutOff(**ended.model_dump(exclude={"reason"})))
        assert [await is_listed(one, uuid4()) for one in institutions] == [opens, opens]
    assert await is_listed(couple.mentor_institution_id, couple.mentor_id)
    assert (await couple.request())["pair_id"] == str(couple.pair_id)
