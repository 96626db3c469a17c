"""What the clock and the directory do to pairs: lapses, leave, return, departure and erasure."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.contracts.directory import PersonErased, PersonLeft, PersonReturned, PersonWentOnLeave, RoleRemoved
from shared.contracts.pairing import PairEnded, PairRecalled
from shared.testing.running import Running
from tests import signing
from tests.integration.pairing.hospital import SINCE, Hospital, code_of


async def test_a_proposal_lapses_after_seven_days_and_not_before(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id = await hospital.mentor()
    pair = await hospital.propose(mentor_id, await hospital.mentee())
    end = datetime.fromisoformat(pair["answer_by"])
    await pairing.stage.step_to(end - timedelta(seconds=1))
    await pairing.fire()
    assert await _state(hospital, pair) == "proposed"
    await pairing.stage.step_to(end)
    async with hospital.signed_in(mentor_id, "mentor") as desk:
        assert code_of(await desk.act(pair, "accept")) == (409, "proposal_lapsed")
    await pairing.fire()
    assert await _state(hospital, pair) == "lapsed"


async def test_a_pair_that_is_not_signed_ends_after_twenty_one_days_and_gives_its_place_back(
    pairing: Running,
) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id, mentee_id = await hospital.mentor(places=1), await hospital.mentee()
    pair = await hospital.propose(mentor_id, mentee_id)
    async with hospital.two_desks(pair) as (mentor, mentee):
        pair = (await mentor.act(pair, "accept")).json()
        await signing.prepare(pair["pair_id"], mentor.http, mentee.http)
        await pairing.stage.step_to(datetime.fromisoformat(pair["activate_by"]))
        assert code_of(await signing.sign(pair["pair_id"], mentee.http)) == (409, "activation_lapsed")
    await pairing.fire()
    ended = [event for event in await pairing.bodies(PairEnded) if str(event.pair_id) == pair["pair_id"]]
    assert [event.reason for event in ended] == ["not_activated"]
    await hospital.activate(await hospital.propose(mentor_id, mentee_id))


async def test_answered_and_signed_pairs_wait_for_their_compact_alone(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    pair = await hospital.activate(await hospital.propose(await hospital.mentor(), await hospital.mentee()))
    await pairing.fire()
    left = await pairing.rows("SELECT kind FROM timers WHERE subject_id = $1 ORDER BY kind", UUID(pair["pair_id"]))
    assert [row["kind"] for row in left] == ["compact_drifts", "compact_term_over"]
    assert await _state(hospital, pair) == "active"


async def test_leave_pauses_and_the_return_of_both_resumes(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id, mentee_id = await hospital.mentor(places=2), await hospital.mentee()
    pair = await hospital.activate(await hospital.propose(mentor_id, mentee_id))
    await pairing.deliver(
        hospital.about(PersonWentOnLeave, mentor_id, since=SINCE),
        hospital.about(PersonWentOnLeave, mentee_id, since=SINCE),
    )
    assert await _state(hospital, pair) == "paused"
    async with hospital.administration() as desk:
        now = await desk.show(pair)
        assert now["reason"] == "leave"
        assert code_of(await desk.act(now, "resume")) == (409, "someone_is_away")
        assert code_of(await desk.propose(mentor_id, await hospital.mentee())) == (409, "not_accepting")
        assert code_of(await desk.propose(await hospital.mentor(), mentee_id)) == (409, "mentee_away")
    await pairing.deliver(hospital.about(PersonReturned, mentor_id, since=SINCE))
    assert await _state(hospital, pair) == "paused"
    await pairing.deliver(hospital.about(PersonReturned, mentee_id, since=SINCE))
    assert await _state(hospital, pair) == "active"


async def test_who_left_or_was_erased_is_in_no_open_pair(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    for kind, reason in ((PersonLeft, "left"), (PersonErased, "erased")):
        mentor_id = await hospital.mentor(places=2)
        active = await hospital.activate(await hospital.propose(mentor_id, await hospital.mentee()))
        proposed = await hospital.propose(mentor_id, await hospital.mentee())
        facts: dict[str, Any] = {"since": SINCE} if kind is PersonLeft else {}
        await pairing.deliver(hospital.about(kind, mentor_id, **facts))
        async with hospital.administration() as desk:
            assert [(await desk.show(pair))["state"] for pair in (active, proposed)] == ["ended", "recalled"]
            assert [(await desk.show(pair))["reason"] for pair in (active, proposed)] == [reason, reason]
            assert code_of(await desk.propose(mentor_id, await hospital.mentee())) == (409, "not_accepting")


async def test_a_lost_role_ends_the_pairs_in_that_role_alone(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    both = await hospital.mentor(places=1)
    await pairing.deliver(hospital.role(both, "mentee"))
    as_mentor = await hospital.activate(await hospital.propose(both, await hospital.mentee()))
    as_mentee = await hospital.propose(await hospital.mentor(), both)
    await pairing.deliver(hospital.about(RoleRemoved, both, role="mentee"))
    assert await _state(hospital, as_mentor) == "active"
    assert await _state(hospital, as_mentee) == "recalled"
    recalled = [event for event in await pairing.bodies(PairRecalled) if str(event.pair_id) == as_mentee["pair_id"]]
    assert [event.reason for event in recalled] == ["role_removed"]


async def test_many_departures_heard_in_one_batch_all_take_effect(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentors = [await hospital.mentor(places=1) for _ in range(3)]
    pairs = [await hospital.activate(await hospital.propose(one, await hospital.mentee())) for one in mentors]
    await pairing.deliver(*(hospital.about(PersonLeft, mentor_id, since=SINCE) for mentor_id in mentors))
    assert [await _state(hospital, pair) for pair in pairs] == ["ended"] * 3
    assert await pairing.rows("SELECT reason FROM parked WHERE aggregate_id = ANY($1::uuid[])", mentors) == []


async def _state(hospital: Hospital, pair: dict[str, Any]) -> str:
    async with hospital.administration() as desk:
        return (await desk.show(pair))["state"]
