"""Many at once: never more pairs than places, shared places or caps, and no command waits for another in a circle."""

import asyncio
import os
from collections import Counter
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.directory import PersonReturned, PersonWentOnLeave
from shared.testing.running import Running
from tests.integration.pairing.hospital import SINCE, Hospital

ROUNDS = int(os.environ.get("ROUNDS", "5"))


async def test_fifty_parallel_acceptances_for_one_place_make_one_pair_time_after_time(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id = await hospital.mentor(places=1)
    proposals = [await hospital.propose(mentor_id, await hospital.mentee()) for _ in range(50)]
    async with hospital.signed_in(mentor_id, "mentor") as desk:
        for _ in range(ROUNDS):
            answers = await asyncio.gather(*(desk.act(pair, "accept") for pair in proposals))
            assert Counter(answer.json().get("code", "accepted") for answer in answers) == {
                "accepted": 1,
                "capacity_exhausted": 49,
            }
            assert await _places(pairing, mentor_id) == [1]
            (taken,) = [number for number, answer in enumerate(answers) if answer.is_success]
            ended = await desk.act(answers[taken].json(), "end")
            assert ended.is_success, ended.text
            await pairing.fire()
            proposals[taken] = await hospital.propose(mentor_id, await hospital.mentee())


async def test_parallel_acceptances_of_several_mentors_keep_the_agreements_cap(pairing: Running) -> None:
    lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(borrower, cap=3)
    mentors = [await lender.mentor(places=2, shared_places=2) for _ in range(6)]
    pairs = [await borrower.propose(one, await borrower.mentee()) for one in mentors for _ in range(2)]

    async def accept(pair: dict[str, Any]) -> str:
        async with lender.signed_in(UUID(pair["mentor_id"]), "mentor") as desk:
            return (await desk.act(pair, "accept")).json().get("code", "accepted")

    assert Counter(await asyncio.gather(*map(accept, pairs))) == {"accepted": 3, "agreement_cap": 9}


async def test_parallel_acceptances_across_the_consortium_keep_every_overall_cap(pairing: Running) -> None:
    """Each of three hospitals lends to and borrows from both others, so locks are asked for in every direction."""
    hospitals = [await Hospital.join(pairing) for _ in range(3)]
    ways = [(lender, borrower) for lender in hospitals for borrower in hospitals if lender is not borrower]
    pairs: list[tuple[Hospital, dict[str, Any]]] = []
    for lender, borrower in ways:
        await lender.lend_to(borrower)
        mentor_id = await lender.mentor(places=9, shared_places=9)
        pairs += [(lender, await borrower.propose(mentor_id, await borrower.mentee())) for _ in range(4)]
    for hospital in hospitals:
        await hospital.set_caps(lend_cap=3, borrow_cap=2)

    async def accept(lender: Hospital, pair: dict[str, Any]) -> str:
        async with lender.signed_in(UUID(pair["mentor_id"]), "mentor") as desk:
            return await desk.insist(pair, "accept")

    codes = Counter(await asyncio.gather(*(accept(lender, pair) for lender, pair in pairs)))
    assert set(codes) <= {"done", "lend_cap", "borrow_cap"}
    ledgers: list[dict[str, Any]] = []
    for hospital in hospitals:
        async with hospital.administration() as desk:
            ledgers.append(await desk.ledger())
    assert all(ledger["lent"] <= 3 and ledger["borrowed"] <= 2 for ledger in ledgers)
    assert sum(ledger["borrowed"] for ledger in ledgers) == codes["done"] == 6
    assert sum(ledger["balance"] for ledger in ledgers) == 0


async def test_acceptances_and_ends_at_once_never_overfill_a_mentor(pairing: Running) -> None:
    lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(borrower)
    mentor_id = await lender.mentor(places=2, shared_places=1)
    pairs = [await lender.propose(mentor_id, await lender.mentee()) for _ in range(6)]
    pairs += [await borrower.propose(mentor_id, await borrower.mentee()) for _ in range(6)]

    async def live(pair: dict[str, Any]) -> str:
        house = lender if pair["mentee_institution_id"] == str(lender.institution_id) else borrower
        async with lender.signed_in(mentor_id, "mentor") as desk:
            code = await desk.insist(pair, "accept")
        if code == "done":
            async with house.signed_in(UUID(pair["mentee_id"]), "mentee") as desk:
                assert await desk.insist(pair, "end") == "done"
        return code

    async def come_and_go() -> None:
        for _ in range(3):
            await pairing.deliver(lender.about(PersonWentOnLeave, mentor_id, since=SINCE))
            await pairing.deliver(lender.about(PersonReturned, mentor_id, since=SINCE))
            await pairing.fire()

    codes, _ = await asyncio.gather(asyncio.gather(*map(live, pairs)), come_and_go())
    assert "done" in codes
    assert set(codes) <= {"done", "not_accepting", "capacity_exhausted", "shared_capacity_exhausted"}
    assert await _places(pairing, mentor_id) == []


async def test_the_same_two_proposed_ten_times_at_once_have_one_proposal(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id, mentee_id = await hospital.mentor(), await hospital.mentee()
    async with hospital.administration() as desk:
        answers = await asyncio.gather(*(desk.propose(mentor_id, mentee_id) for _ in range(10)))
    assert Counter(answer.json().get("code", "proposed") for answer in answers) == {
        "proposed": 1,
        "already_paired": 9,
    }


async def test_the_database_itself_refuses_one_place_for_two_pairs(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id = await hospital.mentor(places=2)
    pairs = [await hospital.activate(await hospital.propose(mentor_id, await hospital.mentee())) for _ in range(2)]
    assert await _places(pairing, mentor_id) == [1, 2]
    with pytest.raises(asyncpg.UniqueViolationError):
        await pairing.rows("UPDATE pairs SET place = 1 WHERE pair_id = $1", UUID(pairs[1]["pair_id"]))
    with pytest.raises(asyncpg.CheckViolationError):
        await pairing.rows("UPDATE pairs SET place = NULL WHERE pair_id = $1", UUID(pairs[1]["pair_id"]))


async def _places(pairing: Running, mentor_id: UUID) -> list[int]:
    rows = await pairing.rows(
        "SELECT place FROM pairs WHERE mentor_id = $1 AND place IS NOT NULL ORDER BY place", mentor_id
    )
    return [row["place"] for row in rows]
