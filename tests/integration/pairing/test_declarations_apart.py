"""To whom a declaration is closed who administers: the other one; everybody once the pair is the two's alone."""

from typing import Any
from uuid import UUID

import pytest

from shared.contracts.event import Role
from shared.testing.running import Running
from shared.testing.stage import START
from tests.integration.pairing.hospital import Hospital, code_of
from tests.integration.pairing.lent import NOTICE_ENDS, Lent

NOT_FOUND = (404, "conflict_not_found")


async def declared_by(hospital: Hospital, person_id: UUID, other_id: UUID, role: Role) -> dict[str, Any]:
    """What one of two says of both before there is a pair."""
    async with hospital.signed_in(person_id, role) as desk:
        body = {"person_ids": [str(person_id), str(other_id)], "kind": "personal"}
        return (await desk.http.post("/conflicts", json=body)).raise_for_status().json()


@pytest.mark.parametrize("is_pair", [False, True])
async def test_the_other_one_is_not_shown_it_also_where_they_administer(pairing: Running, *, is_pair: bool) -> None:
    home = await Hospital.join(pairing)
    await home.set_conflict_policy("personal")
    mentor_id, mentee_id = await home.mentor(), await home.mentee()
    conflict = await declared_by(home, mentee_id, mentor_id, "mentee")
    path = f"/conflicts/{conflict['conflict_id']}"
    pair = await home.activate(await home.propose(mentor_id, mentee_id)) if is_pair else None
    async with home.signed_in(mentor_id, "mentor", "administrator") as desk:
        assert (await desk.http.get("/conflicts")).json()["items"] == []
        assert code_of(await desk.http.get(path)) == NOT_FOUND
        assert code_of(await desk.http.post(f"{path}/withdraw")) == NOT_FOUND
        if pair is not None:
            assert (await desk.http.get(f"/pairs/{pair['pair_id']}/conflicts")).json()["items"] == []
    async with home.administration() as desk:
        assert [one["conflict_id"] for one in (await desk.http.get("/conflicts")).json()["items"]] == [
            conflict["conflict_id"]
        ]
        (await desk.http.post(f"{path}/withdraw")).raise_for_status()


async def test_what_stands_between_two_is_no_administrators_once_their_pair_is_theirs_alone(pairing: Running) -> None:
    lent = await Lent.at_work(pairing)
    mentor_id, mentee_id = UUID(lent.pair["mentor_id"]), UUID(lent.pair["mentee_id"])
    async with lent.borrower.signed_in(mentee_id, "mentee") as desk:
        said = await desk.http.post(f"/pairs/{lent.pair_id}/conflicts", json={"kind": "family"})
        path = f"/conflicts/{said.raise_for_status().json()['conflict_id']}"
    await lent.give_notice()
    await lent.say("mentor", "go-on")
    await lent.say("mentee", "go-on")

    async def seen_by(hospital: Hospital) -> tuple[int, int]:
        async with hospital.administration() as desk:
            return (await desk.http.get(path)).status_code, len((await desk.http.get("/conflicts")).json()["items"])

    try:
        for hospital in (lent.lender, lent.borrower):
            assert await seen_by(hospital) == (200, 1)
        await pairing.stage.step_to(NOTICE_ENDS)
        for hospital in (lent.lender, lent.borrower):
            assert await seen_by(hospital) == (404, 0)
            async with hospital.administration() as desk:
                assert code_of(await desk.http.post(f"{path}/withdraw")) == NOT_FOUND
        async with lent.lender.signed_in(mentor_id, "mentor") as desk:
            assert (await desk.http.get(path)).status_code == 200
    finally:
        await pairing.stage.step_to(START)
