"""A pair from proposal to end over HTTP, and everybody who may not move it."""

from uuid import UUID, uuid4

import httpx

from shared.contracts.pairing import PairEnded, PairPaused
from shared.testing.running import Running
from tests.integration.pairing.hospital import Hospital, code_of

REVIEW = "2027-02-01T09:00:00Z"


async def test_a_pair_is_proposed_accepted_confirmed_paused_resumed_and_ended(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id, mentee_id = await hospital.mentor(), await hospital.mentee()
    pair = await hospital.propose(mentor_id, mentee_id)
    assert (pair["state"], pair["revision"]) == ("proposed", 1)
    pair = await hospital.activate(pair)
    assert pair["state"] == "active"
    async with hospital.signed_in(mentee_id, "mentee") as desk:
        pair = (await desk.act(pair, "pause", review_at=REVIEW)).json()
        assert (pair["state"], pair["reason"], pair["review_at"]) == ("paused", "asked", REVIEW)
        pair = (await desk.act(pair, "resume")).json()
        assert (pair["state"], pair["reason"]) == ("active", None)
        response = await desk.act(pair, "end")
        assert (response.json()["state"], response.headers["ETag"]) == ("ended", '"6"')
    said = [kind.removeprefix("osler.pairing.pair_") for kind in await pairing.said(UUID(pair["pair_id"]))]
    assert said == ["proposed.v1", "accepted.v1", "activated.v1", "paused.v1", "resumed.v1", "ended.v1"]


async def test_an_ended_pair_gives_its_place_back(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id = await hospital.mentor(places=1)
    pair = await hospital.activate(await hospital.propose(mentor_id, await hospital.mentee()))
    async with hospital.administration() as desk:
        assert await desk.mentor_ids() == []
        assert code_of(await desk.propose(mentor_id, await hospital.mentee())) == (409, "capacity_exhausted")
        await desk.act(pair, "end", reason="rotation")
        assert await desk.mentor_ids() == [str(mentor_id)]
    await hospital.activate(await hospital.propose(mentor_id, await hospital.mentee()))


async def test_places_lowered_below_what_is_taken_keep_pairs_and_let_nothing_new_in(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id = await hospital.mentor(places=3)
    pairs = [await hospital.activate(await hospital.propose(mentor_id, await hospital.mentee())) for _ in range(3)]
    await pairing.deliver(hospital.role(mentor_id, "mentor", places=2))
    async with hospital.administration() as desk:
        await desk.act(pairs[0], "end", reason="rotation")
        assert code_of(await desk.propose(mentor_id, await hospital.mentee())) == (409, "capacity_exhausted")
        await desk.act(pairs[2], "end", reason="rotation")
        assert (await desk.propose(mentor_id, await hospital.mentee())).status_code == 201


async def test_each_step_is_refused_to_those_whose_step_it_is_not(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id, mentee_id = await hospital.mentor(), await hospital.mentee()
    pair = await hospital.propose(mentor_id, mentee_id)
    async with hospital.signed_in(mentee_id, "mentee", "mentor") as desk:
        assert code_of(await desk.act(pair, "accept")) == (403, "not_your_step")
        assert code_of(await desk.act(pair, "recall", reason="mistake")) == (403, "forbidden")
    async with hospital.signed_in(mentor_id, "mentor") as desk:
        assert code_of(await desk.act(pair, "end")) == (409, "not_possible_now")
    async with hospital.administration() as desk:
        assert code_of(await desk.act(pair, "recall")) == (422, "reason_missing")
        assert (await desk.act(pair, "recall", reason="mistake")).json()["state"] == "recalled"


async def test_administrators_end_and_pause_with_a_reason_only(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    pair = await hospital.activate(await hospital.propose(await hospital.mentor(), await hospital.mentee()))
    async with hospital.administration() as desk:
        assert code_of(await desk.act(pair, "pause", review_at=REVIEW)) == (422, "reason_missing")
        assert code_of(await desk.act(pair, "end")) == (422, "reason_missing")
        assert code_of(await desk.act(pair, "end", reason="because of Jane Doe")) == (422, "malformed_request")
        late = await desk.act(pair, "pause", review_at="2027-04-05T09:00:00Z", reason="workload")
        assert code_of(late) == (422, "review_out_of_range")
        assert (await desk.act(pair, "end", reason="workload")).status_code == 200
    ended = [event for event in await pairing.bodies(PairEnded) if str(event.pair_id) == pair["pair_id"]]
    assert [event.reason for event in ended] == ["workload"]
    assert not [event for event in await pairing.bodies(PairPaused) if str(event.pair_id) == pair["pair_id"]]


async def test_a_change_names_the_revision_it_builds_on(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id = await hospital.mentor()
    pair = await hospital.propose(mentor_id, await hospital.mentee())
    async with hospital.signed_in(mentor_id, "mentor") as desk:
        bare = await desk.http.post(f"/pairs/{pair['pair_id']}/accept")
        assert code_of(bare) == (428, "precondition_required")
        assert code_of(await desk.act(pair | {"revision": 7}, "accept")) == (412, "stale_revision")
        assert (await desk.show(pair))["state"] == "proposed"


async def test_a_stranger_finds_another_ones_pair_as_little_as_one_that_is_not_there(pairing: Running) -> None:
    hospital, elsewhere = await Hospital.join(pairing), await Hospital.join(pairing)
    pair = await hospital.propose(await hospital.mentor(), await hospital.mentee())
    missing = {"pair_id": str(uuid4()), "revision": 1}

    async def answers(strange: Hospital, person_id: UUID, role: str) -> list[tuple[int, str]]:
        async with strange.signed_in(person_id, role) as desk:  # pyright: ignore[reportArgumentType] - a role by name
            asked: list[httpx.Response] = []
            for one in (pair, missing):
                asked.append(await desk.http.get(f"/pairs/{one['pair_id']}"))
                asked.append(await desk.act(one, "decline" if role == "mentee" else "resume"))
            assert (await desk.http.get("/pairs")).json()["items"] == []
            return [code_of(response) for response in asked]

    not_found = [(404, "pair_not_found")] * 4
    assert await answers(hospital, await hospital.mentee(), "mentee") == not_found
    assert await answers(elsewhere, elsewhere.administrator_id, "administrator") == not_found


async def test_the_list_comes_in_pages_and_shows_each_person_their_own(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentee_id = await hospital.mentee()
    proposed = [(await hospital.propose(await hospital.mentor(), mentee_id))["pair_id"] for _ in range(3)]
    await hospital.propose(await hospital.mentor(), await hospital.mentee())
    async with hospital.signed_in(mentee_id, "mentee") as desk:
        first = (await desk.http.get("/pairs?limit=2&state=proposed")).json()
        second = (await desk.http.get("/pairs", params={"limit": 2, "after": first["next"]})).json()
        assert second["next"] is None
        assert {item["pair_id"] for item in first["items"] + second["items"]} == set(proposed)
    async with hospital.administration() as desk:
        assert len((await desk.http.get("/pairs")).json()["items"]) == 4


async def test_the_same_two_are_paired_once_and_never_the_other_way_round(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    one, other = await hospital.mentor(places=2), await hospital.mentee()
    await pairing.deliver(hospital.role(one, "mentee"), hospital.role(other, "mentor", places=2))
    pair = await hospital.propose(one, other)
    async with hospital.administration() as desk:
        assert code_of(await desk.propose(one, other)) == (409, "already_paired")
        assert code_of(await desk.propose(other, one)) == (409, "reverse_pair")
        assert code_of(await desk.propose(one, one)) == (422, "same_person")
        assert (await desk.act(pair, "recall", reason="mistake")).status_code == 200
        assert (await desk.propose(other, one)).status_code == 201


async def test_a_proposal_needs_a_mentor_who_is_here_and_a_mentee_of_the_house(pairing: Running) -> None:
    hospital, elsewhere = await Hospital.join(pairing), await Hospital.join(pairing)
    mentor_id, mentee_id = await hospital.mentor(), await hospital.mentee()
    async with hospital.administration() as desk:
        assert code_of(await desk.propose(mentor_id, await elsewhere.mentee())) == (404, "mentee_not_found")
        assert code_of(await desk.propose(mentor_id, uuid4())) == (404, "mentee_not_found")
        assert code_of(await desk.propose(mentee_id, await hospital.mentee())) == (409, "not_accepting")
        assert code_of(await desk.propose(await elsewhere.mentor(), mentee_id)) == (409, "no_agreement")
        assert code_of(await desk.propose(uuid4(), mentee_id)) == (409, "no_agreement")
