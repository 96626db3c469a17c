"""What an institution has block or only warn: of two the stricter holds, and a change looks at what goes on already."""

import asyncio
from uuid import UUID

import pytest

from services.pairing import use_cases
from shared.contracts.pairing import ConflictRaised, ConflictResolved
from shared.platform.members import Person
from shared.testing.running import Running
from tests.integration.pairing.asking import Mentee, Mentor, states
from tests.integration.pairing.hospital import Hospital, code_of
from tests.integration.pairing.introducing import Somebody
from tests.integration.pairing.waiting import somebody_waits

MEDICINE = "internal_medicine"


async def _declare(hospital: Hospital, person_id: UUID, other_id: UUID, kind: str) -> None:
    async with hospital.signed_in(person_id, "mentor") as desk:
        form = {"person_ids": [str(person_id), str(other_id)], "kind": kind}
        (await desk.http.post("/conflicts", json=form)).raise_for_status()


async def _marked(hospital: Hospital, pair: dict[str, str]) -> bool:
    async with hospital.administration() as desk:
        return (await desk.show(pair))["coi_review_by"] is not None


async def test_a_coach_blocks_where_the_institution_says_so_and_a_running_pair_is_looked_at_anew(
    pairing: Running,
) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id, mentee_id, later = await hospital.mentor(3), *[await hospital.mentee(MEDICINE) for _ in range(2)]
    await hospital.assign_duty(mentor_id, "coach", MEDICINE)
    pair = await hospital.activate(await hospital.propose(mentor_id, mentee_id))
    assert not await _marked(hospital, pair)
    await hospital.set_conflict_policy("financial")
    assert await _marked(hospital, pair)
    async with hospital.administration() as desk:
        assert code_of(await desk.propose(mentor_id, later)) == (409, "conflict_of_interest")
        assert str(mentor_id) not in await desk.mentor_ids(later)
        [ground] = (await desk.http.get(f"/pairs/{pair['pair_id']}/conflicts")).json()["items"]
        assert (ground["kind"], ground["blocks"]) == ("coach", True)
    await hospital.set_conflict_policy("coach")
    assert not await _marked(hospital, pair)
    said = [event for event in await pairing.bodies(ConflictResolved) if str(event.pair_id) == pair["pair_id"]]
    assert [event.how for event in said] == ["policy_set"]
    async with hospital.administration() as desk:
        (await desk.propose(mentor_id, later)).raise_for_status()


async def test_a_policy_that_is_said_twice_raises_nothing_twice(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id = await hospital.mentor()
    await hospital.assign_duty(mentor_id, "coach", MEDICINE)
    pair = await hospital.activate(await hospital.propose(mentor_id, await hospital.mentee(MEDICINE)))
    for _ in range(2):
        await hospital.set_conflict_policy()
    assert len([one for one in await pairing.bodies(ConflictRaised) if str(one.pair_id) == pair["pair_id"]]) == 1


@pytest.mark.parametrize("kind", ["director", "committee_member", "evaluator", "family"])
async def test_no_policy_has_the_four_only_warn(pairing: Running, kind: str) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id, mentee_id = await hospital.mentor(), await hospital.mentee(MEDICINE)
    await hospital.set_conflict_policy("coach", "financial", "personal", kind)
    if kind == "family":
        await _declare(hospital, mentor_id, mentee_id, kind)
    else:
        await hospital.assign_duty(mentor_id, kind, MEDICINE)
    async with hospital.administration() as desk:
        assert code_of(await desk.propose(mentor_id, mentee_id)) == (409, "conflict_of_interest")


async def test_of_two_institutions_the_stricter_holds(pairing: Running) -> None:
    lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(borrower)
    mentor_id, mentee_id = await lender.mentor(1, 1), await borrower.mentee()
    await _declare(lender, mentor_id, mentee_id, "personal")
    for policies, blocks in (
        ((["coach"], ["coach"]), True),
        ((["personal"], ["coach"]), True),
        ((["coach"], ["personal"]), True),
        ((["personal"], ["personal"]), False),
    ):
        for hospital, warns in zip((lender, borrower), policies, strict=True):
            await hospital.set_conflict_policy(*warns)
        async with borrower.administration() as desk:
            assert (str(mentor_id) not in await desk.mentor_ids(mentee_id)) is blocks
    pair = await borrower.activate(await borrower.propose(mentor_id, mentee_id), lender)
    assert not await _marked(borrower, pair)
    await lender.set_conflict_policy()
    assert await _marked(borrower, pair)


async def test_a_stricter_policy_passes_over_who_is_asked_and_parts_circles(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    await hospital.set_conflict_policy("financial")
    first, second = await Mentor.join(hospital), await Mentor.join(hospital)
    mentee = await Mentee.join(hospital)
    await _declare(hospital, first.person_id, mentee.person_id, "financial")
    await mentee.ask(first, second)
    circle = {"kind": "mentor", "topic": "Board review", "person_ids": [str(mentee.person_id)]}
    leader = Somebody(hospital, first.person_id)
    circle_id = (await leader.post("/circles", circle)).raise_for_status().json()["circle_id"]
    (await Somebody(hospital, mentee.person_id, "mentee").post(f"/circles/{circle_id}/join")).raise_for_status()
    await hospital.set_conflict_policy("coach")
    assert states(await mentee.show()) == ["open", "passed_over", "asked"]
    assert await Somebody(hospital, mentee.person_id, "mentee").items("/circles") == []
    rows = await pairing.rows("SELECT state FROM circle_members WHERE circle_id = $1", UUID(circle_id))
    assert [row["state"] for row in rows] == ["left"]


async def test_a_policy_waits_for_a_declaration_that_is_being_made_and_marks_the_pair(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    await hospital.set_conflict_policy("personal")
    pair = await hospital.activate(await hospital.propose(await hospital.mentor(), await hospital.mentee()))
    me = Person(UUID(pair["mentor_id"]), hospital.institution_id, frozenset({"mentor"}))
    async with pairing.worker.transaction() as tx:
        await use_cases.declare_conflict(tx, me, UUID(pair["pair_id"]), "personal", tx.now)
        heard = asyncio.create_task(hospital.set_conflict_policy())
        await somebody_waits(pairing)
    await heard
    assert await _marked(hospital, pair)
