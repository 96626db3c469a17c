"""Not now: a mentor's reasons are the mentor's own, and a closed intake takes nobody new until it is opened."""

from uuid import UUID

from shared.contracts.directory import PersonErased, RoleRemoved
from shared.testing.running import Running
from tests.integration.pairing.asking import Mentee, Mentor, states
from tests.integration.pairing.hospital import Hospital, code_of


async def test_why_a_mentor_said_not_now_is_shown_to_nobody_else_and_deleted_with_them(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = await Mentor.join(hospital), await Mentee.join(hospital)
    request = await mentee.ask(mentor)
    assert (await mentor.answer("decline", reason="personal")).json()["reason"] == "personal"
    assert code_of(await mentor.answer("decline", reason="workload")) == (409, "request_closed")
    assert [choice["reason"] for choice in await mentor.asked()] == ["personal"]
    assert "personal" not in str(await mentee.show())
    async with hospital.administration() as desk:
        assert "personal" not in (await desk.http.get("/requests")).text
    said = await pairing.rows("SELECT payload FROM outbox WHERE aggregate_id = $1", UUID(request["request_id"]))
    assert not [row for row in said if b"personal" in row["payload"]]
    async with pairing.app.transaction(hospital.institution_id, hospital.administrator_id) as tx:
        assert await tx.fetch("SELECT FROM decline_reasons") == []
    mine = "SELECT FROM decline_reasons WHERE person_id = $1"
    assert len(await pairing.rows(mine, mentor.person_id)) == 1
    await pairing.deliver(hospital.about(PersonErased, mentor.person_id))
    assert await pairing.rows(mine, mentor.person_id) == []


async def test_a_reason_of_an_answer_that_is_refused_is_not_kept(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = await Mentor.join(hospital), await Mentee.join(hospital)
    await mentee.ask(mentor)
    assert code_of(await mentor.answer("decline", reason="because of Jane")) == (422, "malformed_request")
    await mentee.withdraw()
    assert code_of(await mentor.answer("decline", reason="personal", close_intake=True)) == (409, "request_closed")
    assert [choice["reason"] for choice in await mentor.asked()] == [None]
    assert await _accepting(mentor)


async def test_a_mentor_who_closes_intake_while_declining_takes_nobody_new_until_they_open_it(pairing: Running) -> None:
    lender, home = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(home)
    mentor, other = await Mentor.join(lender, 9, 9), await Mentor.join(home)
    asking, waiting, near = await Mentee.join(home), await Mentee.join(home), await Mentee.join(lender)
    await asking.ask(mentor, other)
    await waiting.ask(mentor, other)
    await near.ask(mentor)
    pair = await lender.propose(mentor.person_id, await lender.mentee())
    [choice] = await mentor.asked(by=asking)
    assert (await mentor.answer("decline", choice, close_intake=True)).json()["state"] == "declined"
    [late] = await mentor.asked(by=waiting)
    assert code_of(await mentor.answer("accept", late)) == (409, "not_accepting")
    await pairing.fire()
    assert states(await asking.show()) == ["open", "declined", "asked"]
    assert states(await waiting.show()) == ["open", "passed_over", "asked"]
    assert (await waiting.show())["choices"][0]["reason"] == "not_accepting"
    assert states(await near.show()) == ["exhausted", "passed_over"]
    assert await _listed(mentor, lender) == await _listed(mentor, home) == []
    for hospital in (lender, home):
        newcomer = await Mentee.join(hospital)
        assert code_of(await newcomer.send(mentor)) == (409, "not_accepting")
        async with hospital.administration() as desk:
            refused = await desk.propose(mentor.person_id, newcomer.person_id)
            assert code_of(refused) == (409, "not_accepting")
    async with lender.signed_in(mentor.person_id, "mentor") as desk:
        assert code_of(await desk.act(pair, "accept")) == (409, "not_accepting")
        assert (await desk.http.post("/intake/open")).json()["accepting"] is True
        await pairing.fire()
        assert (await desk.act(pair, "accept")).status_code == 200
    assert await _listed(mentor, lender) == await _listed(mentor, home) == [str(mentor.person_id)]


async def test_intake_that_was_opened_again_at_once_passes_nobody_over(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = await Mentor.join(hospital), await Mentee.join(hospital)
    await mentee.ask(mentor)
    async with hospital.signed_in(mentor.person_id, "mentor") as desk:
        for act in ("close", "close", "open"):
            assert (await desk.http.post(f"/intake/{act}")).json()["accepting"] is (act == "open")
    await pairing.fire()
    assert states(await mentee.show()) == ["open", "asked"]


async def test_who_is_no_mentor_has_no_intake_and_a_role_given_again_begins_open(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = await Mentor.join(hospital), await Mentee.join(hospital)
    async with hospital.signed_in(mentee.person_id, "mentor") as desk:
        assert code_of(await desk.http.get("/intake")) == (404, "intake_not_found")
        assert code_of(await desk.http.post("/intake/close")) == (404, "intake_not_found")
    async with hospital.signed_in(mentor.person_id, "mentor") as desk:
        assert (await desk.http.post("/intake/close")).json()["accepting"] is False
    await pairing.deliver(hospital.about(RoleRemoved, mentor.person_id, role="mentor"))
    await pairing.deliver(hospital.role(mentor.person_id, "mentor", places=1))
    assert await _accepting(mentor)


async def _accepting(mentor: Mentor) -> bool:
    async with mentor.hospital.signed_in(mentor.person_id, "mentor") as desk:
        return (await desk.http.get("/intake")).raise_for_status().json()["accepting"]


async def _listed(mentor: Mentor, hospital: Hospital) -> list[str]:
    async with hospital.administration() as desk:
        return [mentor_id for mentor_id in await desk.mentor_ids() if mentor_id == str(mentor.person_id)]
