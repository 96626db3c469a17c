"""Conflicts of interest as a standing rule: at listing, proposal and yes, and on every later change of a person."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.pairing import use_cases
from shared.contracts.directory import PersonErased, PersonReturned, PersonWentOnLeave, RoleAssigned
from shared.contracts.event import Role
from shared.contracts.pairing import ConflictRaised, ConflictResolved, PairPaused, PairResumed
from shared.platform.http import Revision
from shared.platform.members import Person
from shared.testing.running import Running
from tests import signing
from tests.integration.pairing.asking import Mentee, Mentor, states
from tests.integration.pairing.hospital import SINCE, Hospital, code_of
from tests.integration.pairing.waiting import somebody_waits

MEDICINE = "internal_medicine"


@asynccontextmanager
async def a_couple(pairing: Running) -> AsyncGenerator[tuple[Hospital, dict[str, Any]]]:
    """An active home pair, whose mentee is of a programme."""
    hospital = await Hospital.join(pairing)
    pair = await hospital.propose(await hospital.mentor(places=2), await hospital.mentee(MEDICINE))
    yield hospital, await hospital.activate(pair)


async def _seen(hospital: Hospital, pair: dict[str, Any]) -> dict[str, Any]:
    async with hospital.administration() as desk:
        return await desk.show(pair)


async def _said(pairing: Running, pair: dict[str, Any], kind: type[Any]) -> list[Any]:
    return [event for event in await pairing.bodies(kind) if str(event.pair_id) == pair["pair_id"]]


async def _now(pairing: Running) -> datetime:
    async with pairing.worker.transaction() as tx:
        return tx.now


@pytest.mark.parametrize("duty", ["director", "committee_member", "evaluator"])
async def test_who_judges_a_mentee_is_neither_listed_nor_proposed(pairing: Running, duty: str) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id, mentee_id = await hospital.mentor(), await hospital.mentee(MEDICINE)
    await hospital.assign_duty(mentor_id, duty, MEDICINE)
    async with hospital.administration() as desk:
        assert code_of(await desk.propose(mentor_id, mentee_id)) == (409, "conflict_of_interest")
        assert str(mentor_id) in await desk.mentor_ids()
        assert str(mentor_id) not in await desk.mentor_ids(mentee_id)
        (await desk.propose(mentor_id, await hospital.mentee("surgery"))).raise_for_status()


async def test_a_coach_is_only_warned_of(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id, mentee_id = await hospital.mentor(), await hospital.mentee(MEDICINE)
    await hospital.assign_duty(mentor_id, "coach", MEDICINE)
    pair = await hospital.activate(await hospital.propose(mentor_id, mentee_id))
    async with hospital.administration() as desk:
        assert str(mentor_id) not in await desk.mentor_ids()  # the one place is taken
        [ground] = (await desk.http.get(f"/pairs/{pair['pair_id']}/conflicts")).json()["items"]
    assert (ground["kind"], ground["blocks"]) == ("coach", False)
    assert (await _seen(hospital, pair))["coi_review_by"] is None


async def test_a_duty_of_another_hospital_says_nothing(pairing: Running) -> None:
    hospital, other = await Hospital.join(pairing), await Hospital.join(pairing)
    await other.lend_to(hospital)
    mentor_id = await other.mentor(places=1, shared_places=1)
    await other.assign_duty(mentor_id, "director", MEDICINE)
    (await _proposed(hospital, mentor_id, await hospital.mentee(MEDICINE))).raise_for_status()


async def _proposed(hospital: Hospital, mentor_id: UUID, mentee_id: UUID) -> Any:
    async with hospital.administration() as desk:
        return await desk.propose(mentor_id, mentee_id)


async def test_a_mentor_who_came_to_judge_since_the_proposal_cannot_say_yes(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id = await hospital.mentor()
    pair = await hospital.propose(mentor_id, await hospital.mentee(MEDICINE))
    await hospital.assign_duty(mentor_id, "evaluator", MEDICINE)
    assert (await _seen(hospital, pair))["coi_review_by"] is None  # a proposal holds nothing that could rest
    async with hospital.signed_in(mentor_id, "mentor") as desk:
        assert code_of(await desk.act(pair, "accept")) == (409, "conflict_of_interest")
        await hospital.remove_duty(mentor_id, "evaluator", MEDICINE)
        (await desk.act(pair, "accept")).raise_for_status()


@pytest.mark.parametrize("how", ["duty", "programme"])
async def test_a_later_change_marks_the_pair_at_once_and_it_rests_after_fourteen_days(
    pairing: Running, how: str
) -> None:
    async with a_couple(pairing) as (hospital, pair):
        mentor_id, mentee_id = UUID(pair["mentor_id"]), UUID(pair["mentee_id"])
        before = await _now(pairing)
        if how == "duty":
            await hospital.assign_duty(mentor_id, "director", MEDICINE)
        else:
            await hospital.assign_duty(mentor_id, "director", "surgery")
            await pairing.deliver(hospital.about(RoleAssigned, mentee_id, role="mentee", programme="surgery"))
        review_by = before + timedelta(days=14)
        marked = await _seen(hospital, pair)
        assert (marked["state"], datetime.fromisoformat(marked["coi_review_by"])) == ("active", review_by)
        [raised] = await _said(pairing, pair, ConflictRaised)
        assert (raised.source, raised.review_by) == ("duty", review_by)
        await pairing.stage.step_to(review_by - timedelta(seconds=1))
        await pairing.fire()
        assert (await _seen(hospital, pair))["state"] == "active"
        await pairing.stage.step_to(review_by)
        await pairing.fire()
        rested = await _seen(hospital, pair)
        assert (rested["state"], rested["reason"]) == ("paused", "conflict_unresolved")
        assert len(await _said(pairing, pair, PairPaused)) == 1
        async with hospital.administration() as desk:
            assert code_of(await desk.act(rested, "resume")) == (409, "conflict_of_interest")


async def test_the_end_of_the_duty_resolves_it_and_the_pair_goes_on(pairing: Running) -> None:
    async with a_couple(pairing) as (hospital, pair):
        mentor_id = UUID(pair["mentor_id"])
        await hospital.assign_duty(mentor_id, "committee_member", MEDICINE)
        await hospital.assign_duty(mentor_id, "evaluator", MEDICINE)  # a second ground raises nothing anew
        [raised] = await _said(pairing, pair, ConflictRaised)
        await pairing.stage.step_to(raised.review_by)
        await pairing.fire()
        await hospital.remove_duty(mentor_id, "evaluator", MEDICINE)
        assert (await _seen(hospital, pair))["state"] == "paused"
        await hospital.remove_duty(mentor_id, "committee_member", MEDICINE)
        resumed = await _seen(hospital, pair)
        assert (resumed["state"], resumed["coi_review_by"]) == ("active", None)
        assert [event.how for event in await _said(pairing, pair, ConflictResolved)] == ["role_ended"]
        assert len(await _said(pairing, pair, PairResumed)) == 1


async def test_a_conflict_that_was_resolved_in_time_pauses_nothing(pairing: Running) -> None:
    async with a_couple(pairing) as (hospital, pair):
        await hospital.assign_duty(UUID(pair["mentor_id"]), "director", MEDICINE)
        review_by = datetime.fromisoformat((await _seen(hospital, pair))["coi_review_by"])
        await hospital.remove_duty(UUID(pair["mentor_id"]), "director", MEDICINE)
        left = await pairing.rows("SELECT kind FROM timers WHERE subject_id = $1 ORDER BY kind", UUID(pair["pair_id"]))
        assert [row["kind"] for row in left] == ["compact_drifts", "compact_term_over"]
        await pairing.stage.step_to(review_by)
        await pairing.fire()
        assert (await _seen(hospital, pair))["state"] == "active"


async def test_a_recorded_recusal_resolves_what_stands_and_not_what_comes_later(pairing: Running) -> None:
    async with a_couple(pairing) as (hospital, pair):
        mentor_id = UUID(pair["mentor_id"])
        await hospital.assign_duty(mentor_id, "evaluator", MEDICINE)
        async with hospital.signed_in(mentor_id, "mentor") as desk:
            marked = await desk.show(pair)
            assert (await desk.act(marked, "recuse", reason="others_decide")).status_code == 403
        async with hospital.administration() as desk:
            stale = await desk.act(marked | {"revision": marked["revision"] - 1}, "recuse", reason="others_decide")
            assert code_of(stale) == (412, "stale_revision")
            recused = (await desk.act(marked, "recuse", reason="others_decide")).raise_for_status().json()
            assert recused["coi_review_by"] is None
            assert code_of(await desk.act(recused, "recuse", reason="others_decide")) == (409, "no_conflict")
            [ground] = (await desk.http.get(f"/pairs/{pair['pair_id']}/conflicts")).json()["items"]
            assert (ground["kind"], ground["blocks"], ground["recusal_reason"]) == ("evaluator", False, "others_decide")
        await hospital.assign_duty(mentor_id, "director", MEDICINE)
        assert (await _seen(hospital, pair))["coi_review_by"] is not None
        assert [event.how for event in await _said(pairing, pair, ConflictResolved)] == ["recused"]


async def test_a_pair_that_is_not_signed_waits_until_the_conflict_is_resolved(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id, mentee_id = await hospital.mentor(), await hospital.mentee(MEDICINE)
    pair = await hospital.propose(mentor_id, mentee_id)
    async with hospital.two_desks(pair) as (mentor, mentee):
        (await mentor.act(pair, "accept")).raise_for_status()
        await hospital.assign_duty(mentor_id, "director", MEDICINE)
        await signing.prepare(pair["pair_id"], mentor.http, mentee.http)
        assert code_of(await signing.sign(pair["pair_id"], mentee.http)) == (409, "conflict_of_interest")
        await hospital.remove_duty(mentor_id, "director", MEDICINE)
        (await signing.sign(pair["pair_id"], mentee.http)).raise_for_status()


async def test_leave_over_the_end_of_the_review_does_not_bring_the_pair_back(pairing: Running) -> None:
    async with a_couple(pairing) as (hospital, pair):
        mentor_id, mentee_id = UUID(pair["mentor_id"]), UUID(pair["mentee_id"])
        await hospital.assign_duty(mentor_id, "director", MEDICINE)
        await pairing.deliver(hospital.about(PersonWentOnLeave, mentee_id, since=SINCE))
        await pairing.stage.step_to(datetime.fromisoformat((await _seen(hospital, pair))["coi_review_by"]))
        await pairing.fire()
        await pairing.deliver(hospital.about(PersonReturned, mentee_id, since=SINCE))
        assert (await _seen(hospital, pair))["state"] == "paused"
        await hospital.remove_duty(mentor_id, "director", MEDICINE)
        assert (await _seen(hospital, pair))["state"] == "active"


@pytest.mark.parametrize("role", ["mentor", "mentee"])
async def test_what_one_of_the_two_declares_holds_until_it_is_withdrawn(pairing: Running, role: Role) -> None:
    async with a_couple(pairing) as (hospital, pair):
        other: Role = "mentee" if role == "mentor" else "mentor"
        path = f"/pairs/{pair['pair_id']}/conflicts"
        async with hospital.signed_in(UUID(pair[f"{role}_id"]), role) as desk:
            declared = (await desk.http.post(path, json={"kind": "family"})).raise_for_status().json()
            again = (await desk.http.post(path, json={"kind": "family"})).raise_for_status().json()
        assert declared == again
        [raised] = await _said(pairing, pair, ConflictRaised)
        assert raised.source == "declared"
        async with hospital.signed_in(UUID(pair[f"{other}_id"]), other) as desk:
            [ground] = (await desk.http.get(path)).json()["items"]
            assert ground["conflict_id"] == declared["conflict_id"]
            refused = await desk.http.post(f"/conflicts/{declared['conflict_id']}/withdraw")
            assert code_of(refused) == (403, "not_your_step")
        async with hospital.administration() as desk:
            ended = (await desk.act(await desk.show(pair), "end", reason="mistake")).raise_for_status().json()
            assert ended["coi_review_by"] is None
            mentor_id, mentee_id = UUID(pair["mentor_id"]), UUID(pair["mentee_id"])
            assert code_of(await desk.propose(mentor_id, mentee_id)) == (409, "conflict_of_interest")
            assert str(mentor_id) not in await desk.mentor_ids(mentee_id)
            (await desk.http.post(f"/conflicts/{declared['conflict_id']}/withdraw")).raise_for_status()
            twice = await desk.http.post(f"/conflicts/{declared['conflict_id']}/withdraw")
            assert code_of(twice) == (404, "conflict_not_found")
            (await desk.propose(mentor_id, mentee_id)).raise_for_status()


async def test_a_conflict_of_a_cross_pair_is_seen_by_both_hospitals_and_no_third(pairing: Running) -> None:
    hospital, lender, third = [await Hospital.join(pairing) for _ in range(3)]
    await lender.lend_to(hospital)
    mentor_id = await lender.mentor(places=1, shared_places=1)
    pair = await hospital.activate(await hospital.propose(mentor_id, await hospital.mentee()), lender)
    path = f"/pairs/{pair['pair_id']}/conflicts"
    async with lender.signed_in(mentor_id, "mentor") as desk:
        declared = (await desk.http.post(path, json={"kind": "financial"})).raise_for_status().json()
    for who in (hospital, lender):
        async with who.administration() as desk:
            assert [one["kind"] for one in (await desk.http.get(path)).json()["items"]] == ["financial"]
    async with third.administration() as desk:
        assert code_of(await desk.http.get(path)) == (404, "pair_not_found")
        assert code_of(await desk.http.post(path, json={"kind": "family"})) == (404, "pair_not_found")
        hidden = await desk.http.post(f"/conflicts/{declared['conflict_id']}/withdraw")
        assert code_of(hidden) == (404, "conflict_not_found")


async def test_an_erasure_takes_what_was_known_of_duties(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id = await hospital.mentor()
    await hospital.assign_duty(mentor_id, "director", MEDICINE)
    await pairing.deliver(hospital.about(PersonErased, mentor_id))
    assert await pairing.rows("SELECT FROM duties WHERE person_id = $1", mentor_id) == []


async def test_a_yes_waits_for_a_duty_that_is_being_heard_of_and_is_refused(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id = await hospital.mentor()
    pair = await hospital.propose(mentor_id, await hospital.mentee(MEDICINE))
    async with hospital.signed_in(mentor_id, "mentor") as desk:
        async with pairing.aside() as tx:
            await use_cases.take_up_duty(tx, hospital.institution_id, mentor_id, MEDICINE, "director", tx.now)
            yes = asyncio.create_task(desk.act(pair, "accept"))
            await somebody_waits(pairing)
        assert code_of(await yes) == (409, "conflict_of_interest")


async def test_a_duty_waits_for_a_yes_that_is_being_given_and_marks_the_pair(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id = await hospital.mentor()
    pair = await hospital.propose(mentor_id, await hospital.mentee(MEDICINE))
    me = Person(mentor_id, hospital.institution_id, frozenset({"mentor"}))
    async with pairing.worker.transaction() as tx:
        await use_cases.accept_pair(tx, me, UUID(pair["pair_id"]), Revision(pair["revision"]), tx.now)
        heard = asyncio.create_task(hospital.assign_duty(mentor_id, "director", MEDICINE))
        await somebody_waits(pairing)
    await heard
    assert (await _seen(hospital, pair))["coi_review_by"] is not None


async def test_a_yes_waits_for_the_mentees_new_programme_and_is_refused(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id, mentee_id = await hospital.mentor(), await hospital.mentee()
    await hospital.assign_duty(mentor_id, "evaluator", MEDICINE)
    pair = await hospital.propose(mentor_id, mentee_id)
    async with hospital.signed_in(mentor_id, "mentor") as desk:
        async with pairing.aside() as tx:
            await use_cases.assign_mentee(tx, hospital.institution_id, mentee_id, MEDICINE, tx.now)
            yes = asyncio.create_task(desk.act(pair, "accept"))
            await somebody_waits(pairing)
        assert code_of(await yes) == (409, "conflict_of_interest")


async def test_a_yes_and_a_declaration_in_the_same_moment_never_leave_an_unmarked_pair(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    for _ in range(25):
        mentor_id, mentee_id = await hospital.mentor(), await hospital.mentee()
        pair = await hospital.propose(mentor_id, mentee_id)
        path = f"/pairs/{pair['pair_id']}/conflicts"
        async with hospital.signed_in(mentor_id, "mentor") as one, hospital.signed_in(mentee_id, "mentee") as other:
            _, said = await asyncio.gather(one.act(pair, "accept"), other.http.post(path, json={"kind": "family"}))
            assert said.status_code == 201
            seen = await one.show(pair)
        assert (seen["state"] == "accepted") == (seen["coi_review_by"] is not None)


async def test_a_request_names_nobody_in_conflict_and_passes_over_who_comes_to_be(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    first, second, mentee = await Mentor.join(hospital), await Mentor.join(hospital), await Mentee.join(hospital)
    await pairing.deliver(hospital.about(RoleAssigned, mentee.person_id, role="mentee", programme=MEDICINE))
    await hospital.assign_duty(first.person_id, "director", MEDICINE)
    assert code_of(await mentee.send(first, second)) == (409, "conflict_of_interest")
    async with hospital.signed_in(mentee.person_id, "mentee") as desk:
        assert await desk.mentor_ids() == [str(second.person_id)]
        assert await desk.mentor_ids(await hospital.mentee()) == [str(second.person_id)]  # nobody asks for another
    await hospital.remove_duty(first.person_id, "director", MEDICINE)
    await mentee.ask(first, second)
    await hospital.assign_duty(second.person_id, "coach", MEDICINE)
    await hospital.assign_duty(first.person_id, "evaluator", MEDICINE)
    request = await mentee.show()
    assert states(request) == ["open", "passed_over", "asked"]
    assert request["choices"][0]["reason"] == "conflict_of_interest"
    assert code_of(await first.answer("accept")) == (409, "request_closed")
    await hospital.assign_duty(second.person_id, "committee_member", MEDICINE)
    assert states(await mentee.show()) == ["exhausted", "passed_over", "passed_over"]
