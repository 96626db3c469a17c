"""A mentee asks mentors one after the other: who is asked, how it goes on, and what each may see of it."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared.contracts.directory import (
    AgreementEnded,
    AgreementNoticeGiven,
    DirectoryEvent,
    PersonErased,
    PersonLeft,
    PersonReturned,
    PersonWentOnLeave,
    RoleRemoved,
)
from shared.contracts.event import Role
from shared.contracts.pairing import PairAccepted, RequestPassedOver, RequestWithdrawn
from shared.testing.running import Running
from tests import signing
from tests.integration.pairing.asking import Mentee, Mentor, answer_by, states
from tests.integration.pairing.hospital import SINCE, Hospital, code_of, tell

REQUEST = "osler.pairing.request_"


async def test_the_first_mentor_is_asked_at_once_and_a_yes_begins_an_accepted_pair(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    first, second, mentee = await Mentor.join(hospital), await Mentor.join(hospital), await Mentee.join(hospital)
    request = await mentee.ask(first, second)
    assert states(request) == ["open", "asked", "not_asked"]
    response = await first.answer("accept")
    assert response.status_code == 200, response.text
    choice = response.json()
    assert (choice["state"], response.headers["ETag"]) == ("accepted", '"2"')
    request = await mentee.show()
    assert states(request) == ["accepted", "accepted", "not_asked"]
    assert request["choices"][0]["pair_id"] == choice["pair_id"]
    async with hospital.signed_in(mentee.person_id, "mentee") as desk:
        pair = await desk.show(choice)
        assert (pair["state"], pair["revision"], pair["mentor_id"]) == ("accepted", 1, str(first.person_id))
    async with hospital.two_desks(pair) as (asked, asking):
        assert (await signing.activate(pair["pair_id"], asked.http, asking.http))["state"] == "active"
    assert await second.asked() == []
    assert await pairing.said(UUID(request["request_id"])) == [f"{REQUEST}sent.v1", f"{REQUEST}accepted.v1"]
    assert await pairing.said(UUID(choice["pair_id"])) == [
        "osler.pairing.pair_accepted.v1",
        "osler.pairing.pair_activated.v1",
    ]
    assert await _timers(pairing, request["request_id"]) == []
    assert await _places(pairing, first) == 1


async def test_a_no_asks_the_next_at_once_and_the_last_one_exhausts_the_request(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentors = [await Mentor.join(hospital) for _ in range(3)]
    mentee = await Mentee.join(hospital)
    request = await mentee.ask(*mentors)
    for number, mentor in enumerate(mentors, start=1):
        assert (await mentor.answer("decline")).json()["state"] == "declined"
        request = await mentee.show()
        asked = ["asked"] if number < 3 else []
        waiting = ["not_asked"] * (2 - number)
        assert states(request)[1:] == ["declined"] * number + asked + waiting
    assert request["state"] == "exhausted"
    assert request["closed_at"] is not None
    said = [kind.removeprefix(REQUEST) for kind in await pairing.said(UUID(request["request_id"]))]
    assert said == [*["sent.v1", "declined.v1"] * 3, "exhausted.v1"]
    assert await _timers(pairing, request["request_id"]) == []
    assert states(await mentee.ask(mentors[0]))[0] == "open"


async def test_each_has_seventy_two_hours_and_a_later_answer_is_refused_whether_or_not_the_clock_fired(
    pairing: Running,
) -> None:
    hospital = await Hospital.join(pairing)
    first, second, mentee = await Mentor.join(hospital), await Mentor.join(hospital), await Mentee.join(hospital)
    end = answer_by(await mentee.ask(first, second))
    [choice] = await first.asked()
    await pairing.stage.step_to(end - timedelta(seconds=1))
    await pairing.fire()
    assert states(await mentee.show()) == ["open", "asked", "not_asked"]
    await pairing.stage.step_to(end)
    assert code_of(await first.answer("accept", choice)) == (409, "request_lapsed")
    assert code_of(await first.answer("decline", choice)) == (409, "request_lapsed")
    await pairing.fire()
    assert code_of(await first.answer("accept", choice)) == (409, "request_lapsed")
    request = await mentee.show()
    assert states(request) == ["open", "lapsed", "asked"]
    assert answer_by(request) == end + timedelta(hours=72)
    await pairing.stage.step_to(answer_by(request))
    await pairing.fire()
    assert states(await mentee.show()) == ["exhausted", "lapsed", "lapsed"]


async def test_the_next_mentor_may_be_of_any_hospital_whoever_or_whatever_said_no(pairing: Running) -> None:
    """Whom a request asks next is behind the wall of the hospital whose mentor answered, and of time itself."""
    home, near, far = [await Hospital.join(pairing) for _ in range(3)]
    for lender in (near, far):
        await lender.lend_to(home)
    lent = [await Mentor.join(lender, 2, 2) for lender in (near, far, near, far)]
    own, mentee = await Mentor.join(home), await Mentee.join(home)
    await mentee.ask(lent[0], lent[1], own, lent[2], lent[3])
    assert (await lent[0].answer("decline")).status_code == 200
    assert (await lent[1].answer("decline")).status_code == 200
    assert (await own.answer("decline")).status_code == 200
    await pairing.stage.step_to(answer_by(await mentee.show()))
    await pairing.fire()
    assert states(await mentee.show()) == ["open", "declined", "declined", "declined", "lapsed", "asked"]
    choice = (await lent[3].answer("accept")).raise_for_status().json()
    async with far.administration() as desk:
        assert (await desk.ledger())["lent"] == 1
        assert (await desk.show(choice))["mentee_institution_id"] == str(home.institution_id)
    assert await pairing.rows("SELECT reason FROM timers WHERE attempts > 0") == []


async def test_a_bad_list_is_refused_and_leaves_no_trace(pairing: Running) -> None:
    hospital, elsewhere = await Hospital.join(pairing), await Hospital.join(pairing)
    mentor, mentee, full = await Mentor.join(hospital), await Mentee.join(hospital), await Mentor.join(hospital)
    await hospital.activate(await hospital.propose(full.person_id, await hospital.mentee()))
    known = await hospital.propose((await Mentor.join(hospital)).person_id, mentee.person_id)
    before = await pairing.said()
    for mentors, refusal in (
        ([mentor, mentor], (422, "duplicate_choice")),
        ([mentor, mentee.person_id], (422, "same_person")),
        ([mentor, uuid4()], (409, "no_agreement")),
        ([mentor, await Mentor.join(elsewhere, 2, 2)], (409, "no_agreement")),
        ([mentor, full], (409, "capacity_exhausted")),
        ([mentor, UUID(known["mentor_id"])], (409, "already_paired")),
        ([mentor, await hospital.mentee()], (409, "not_accepting")),
        ([], (422, "malformed_request")),
        ([uuid4() for _ in range(6)], (422, "malformed_request")),
    ):
        answer = await mentee.send(*mentors)
        assert code_of(answer) == refusal
        if refusal[1] != "malformed_request":
            assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/mentor_ids/1"]
    async with hospital.signed_in(hospital.administrator_id, "mentee") as desk:
        body = {"mentor_ids": [str(mentor.person_id)]}
        assert code_of(await desk.http.post("/requests", json=body)) == (404, "mentee_not_found")
    await pairing.deliver(hospital.about(PersonWentOnLeave, mentee.person_id, since=SINCE))
    assert code_of(await mentee.send(mentor)) == (409, "mentee_away")
    assert await pairing.said() == before
    assert await pairing.rows("SELECT FROM requests WHERE mentee_id = $1", mentee.person_id) == []
    assert await mentor.asked() == []


async def test_a_mentee_has_one_open_request_also_when_two_are_sent_at_once(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = await Mentor.join(hospital), await Mentee.join(hospital)
    await mentee.ask(mentor)
    assert code_of(await mentee.send(mentor)) == (409, "request_open")
    assert (await mentee.withdraw()).json()["state"] == "withdrawn"
    assert states(await mentee.ask(mentor)) == ["open", "asked"]


async def test_the_mentee_withdraws_while_it_is_open_and_not_after(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = await Mentor.join(hospital), await Mentee.join(hospital)
    request = await mentee.ask(mentor)
    [choice] = await mentor.asked()
    assert code_of(await mentee.withdraw(request | {"revision": 7})) == (412, "stale_revision")
    withdrawn = (await mentee.withdraw(request)).json()
    assert (states(withdrawn), withdrawn["reason"]) == (["withdrawn", "withdrawn"], "asked")
    assert code_of(await mentee.withdraw()) == (409, "request_closed")
    assert code_of(await mentor.answer("accept", choice)) == (412, "stale_revision")
    assert code_of(await mentor.answer("accept")) == (409, "request_closed")
    assert code_of(await mentor.answer("decline")) == (409, "request_closed")
    assert await _timers(pairing, request["request_id"]) == []


async def test_a_yes_that_finds_no_place_is_refused_and_the_choice_stays_open(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, first, second = await Mentor.join(hospital), await Mentee.join(hospital), await Mentee.join(hospital)
    await first.ask(mentor)
    [choice] = await mentor.asked()
    await second.ask(mentor)
    [other] = await mentor.asked(by=second)
    pair = (await mentor.answer("accept", other)).raise_for_status().json()
    assert code_of(await mentor.answer("accept", choice)) == (409, "capacity_exhausted")
    assert states(await first.show()) == ["open", "asked"]
    async with hospital.administration() as desk:
        await desk.act(await desk.show(pair), "end", reason="rotation")
    assert (await mentor.answer("accept", choice)).json()["state"] == "accepted"


async def test_a_yes_is_refused_by_the_first_code_that_holds(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = await Mentor.join(hospital), await Mentee.join(hospital)
    await mentee.ask(mentor)
    await hospital.propose(mentor.person_id, mentee.person_id)
    assert code_of(await mentor.answer("accept")) == (409, "already_paired")
    await pairing.deliver(hospital.role(mentor.person_id, "mentor", places=0))
    assert code_of(await mentor.answer("accept")) == (409, "already_paired")
    await pairing.stage.step_to(answer_by(await mentee.show()))
    assert code_of(await mentor.answer("accept")) == (409, "request_lapsed")


@pytest.mark.parametrize("cause", ["left", "erased", "on_leave", "role_removed"])
@pytest.mark.parametrize("lent", [False, True])
async def test_a_mentor_who_takes_nobody_any_more_is_passed_over_at_once(
    cause: str, pairing: Running, *, lent: bool
) -> None:
    home, house = await Hospital.join(pairing), await Hospital.join(pairing)
    await house.lend_to(home)
    of = house if lent else home
    first, second = await Mentor.join(of, 2, 2), await Mentor.join(home)
    waiting, mentee = await Mentee.join(home), await Mentee.join(home)
    request = await mentee.ask(first, second)
    await waiting.ask(second, first)
    await pairing.deliver(_gone(of, first.person_id, cause, "mentor"))
    request = await mentee.show()
    assert states(request) == ["open", "passed_over", "asked"]
    assert request["choices"][0]["reason"] == "not_accepting"
    assert states(await waiting.show()) == ["open", "asked", "not_asked"]
    [choice] = await second.asked(by=waiting)
    await second.answer("decline", choice)
    request = await waiting.show()
    assert states(request) == ["exhausted", "declined", "passed_over"]
    [over] = [event for event in await pairing.bodies(RequestPassedOver) if str(event.request_id) in str(request)]
    assert over.institution_ids == (home.institution_id,)  # the mentor was never asked, so nobody there hears of it


async def test_notice_and_the_end_of_an_agreement_pass_over_whom_it_lent(pairing: Running) -> None:
    for kind, code in ((AgreementNoticeGiven, "agreement_ending"), (AgreementEnded, "no_agreement")):
        lender, home = await Hospital.join(pairing), await Hospital.join(pairing)
        agreement_id = await lender.lend_to(home)
        lent, own, mentee = await Mentor.join(lender, 2, 2), await Mentor.join(home), await Mentee.join(home)
        await mentee.ask(lent, own)
        facts = {"ends_at": SINCE + timedelta(days=900)} if kind is AgreementNoticeGiven else {"reason": "mutual"}
        sides = {"lender_institution_id": lender.institution_id, "borrower_institution_id": home.institution_id}
        ids = (lender.institution_id, home.institution_id)
        await pairing.deliver(tell(kind, *ids, agreement_id=agreement_id, **sides, **facts))
        request = await mentee.show()
        assert states(request) == ["open", "passed_over", "asked"]
        assert request["choices"][0]["reason"] == code


async def test_a_second_agreement_in_force_keeps_a_lent_mentor_asked(pairing: Running) -> None:
    lender, home = await Hospital.join(pairing), await Hospital.join(pairing)
    agreement_id = await lender.lend_to(home)
    await lender.lend_to(home)
    lent, mentee = await Mentor.join(lender, 2, 2), await Mentee.join(home)
    await mentee.ask(lent)
    sides = {"lender_institution_id": lender.institution_id, "borrower_institution_id": home.institution_id}
    ids = (lender.institution_id, home.institution_id)
    await pairing.deliver(tell(AgreementEnded, *ids, agreement_id=agreement_id, **sides, reason="mutual"))
    assert states(await mentee.show()) == ["open", "asked"]


async def test_a_mentor_who_is_full_or_paired_by_their_turn_is_passed_over_and_the_mentee_sees_why(
    pairing: Running,
) -> None:
    hospital = await Hospital.join(pairing)
    mentors, mentee = [await Mentor.join(hospital) for _ in range(4)], await Mentee.join(hospital)
    await mentee.ask(*mentors)
    await hospital.activate(await hospital.propose(mentors[1].person_id, await hospital.mentee()))
    await hospital.propose(mentors[2].person_id, mentee.person_id)
    await mentors[0].answer("decline")
    request = await mentee.show()
    assert states(request) == ["open", "declined", "passed_over", "passed_over", "asked"]
    assert [choice["reason"] for choice in request["choices"]] == [None, "capacity_exhausted", "already_paired", None]


async def test_a_mentee_who_is_gone_asks_nobody_any_more(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor = await Mentor.join(hospital)
    for reason in ("left", "erased", "role_removed"):
        mentee = await Mentee.join(hospital)
        request = await mentee.ask(mentor)
        await pairing.deliver(_gone(hospital, mentee.person_id, reason, "mentee"))
        withdrawn = [
            event for event in await pairing.bodies(RequestWithdrawn) if str(event.request_id) == request["request_id"]
        ]
        assert [event.reason for event in withdrawn] == [reason]
        assert [choice["state"] for choice in await mentor.asked(by=mentee)] == ["withdrawn"]
        assert await _timers(pairing, request["request_id"]) == []


async def test_a_mentee_who_signs_with_another_mentor_withdraws_by_it_and_an_unsigned_pair_does_not(
    pairing: Running,
) -> None:
    hospital = await Hospital.join(pairing)
    asked, other, mentee = await Mentor.join(hospital), await Mentor.join(hospital), await Mentee.join(hospital)
    await mentee.ask(asked)
    pair = await hospital.propose(other.person_id, mentee.person_id)
    async with hospital.signed_in(other.person_id, "mentor") as desk:
        pair = (await desk.act(pair, "accept")).json()
    assert states(await mentee.show()) == ["open", "asked"]
    async with hospital.two_desks(pair) as (found, asking):
        await signing.activate(pair["pair_id"], found.http, asking.http)
    request = await mentee.show()
    assert (states(request), request["reason"]) == (["withdrawn", "withdrawn"], "paired")


async def test_a_yes_to_a_mentee_on_leave_begins_a_pair_that_waits_for_the_return(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = await Mentor.join(hospital), await Mentee.join(hospital)
    await mentee.ask(mentor)
    await pairing.deliver(hospital.about(PersonWentOnLeave, mentee.person_id, since=SINCE))
    assert states(await mentee.show()) == ["open", "asked"]
    pair = (await mentor.answer("accept")).raise_for_status().json()
    async with hospital.signed_in(mentee.person_id, "mentee") as desk:
        pair = await desk.show(pair)
    async with hospital.two_desks(pair) as (yes, away):
        await signing.prepare(pair["pair_id"], yes.http, away.http)
        assert code_of(await signing.sign(pair["pair_id"], away.http)) == (409, "someone_is_away")
        await pairing.deliver(hospital.about(PersonReturned, mentee.person_id, since=SINCE))
        assert (await signing.sign(pair["pair_id"], away.http)).status_code == 200


async def test_a_mentor_sees_that_they_are_asked_and_nothing_of_the_others(pairing: Running) -> None:
    hospital, other = await Hospital.join(pairing), await Hospital.join(pairing)
    first, second, mentee = await Mentor.join(hospital), await Mentor.join(hospital), await Mentee.join(hospital)
    request = await mentee.ask(first, second)
    assert await second.asked() == []
    await first.answer("decline")
    for mentor, stranger in ((first, second), (second, first)):
        [choice] = await mentor.asked()
        text = str(choice)
        assert not [word for word in (request["request_id"], str(stranger.person_id), "rank") if word in text]
        assert choice["revision"] <= 2
        for hidden_from in (stranger.person_id, mentee.person_id, uuid4()):
            async with hospital.signed_in(hidden_from, "mentor") as desk:
                answer = await desk.http.get(f"/choices/{choice['choice_id']}")
            assert code_of(answer) == (404, "choice_not_found")
        async with other.signed_in(uuid4(), "mentor") as desk:
            assert code_of(await desk.http.get(f"/choices/{choice['choice_id']}")) == (404, "choice_not_found")


async def test_a_choice_that_waits_for_its_turn_is_there_for_nobody_of_the_mentors_house(pairing: Running) -> None:
    lender, home = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(home)
    lent, own, mentee = await Mentor.join(lender, 2, 2), await Mentor.join(home), await Mentee.join(home)
    request = await mentee.ask(own, lent)
    [row] = await pairing.rows("SELECT choice_id FROM choices WHERE mentor_id = $1", lent.person_id)
    async with lender.signed_in(lent.person_id, "mentor", "administrator") as desk:
        assert code_of(await desk.http.get(f"/choices/{row['choice_id']}")) == (404, "choice_not_found")
        assert code_of(await desk.http.get(f"/requests/{request['request_id']}")) == (404, "request_not_found")
        assert (await desk.http.get("/requests")).json()["items"] == []


async def test_administrators_see_their_own_mentees_requests_without_reasons(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    first, second, mentee = await Mentor.join(hospital), await Mentor.join(hospital), await Mentee.join(hospital)
    request = await mentee.ask(first, second)
    await pairing.deliver(hospital.about(PersonLeft, first.person_id, since=SINCE))
    async with hospital.administration() as desk:
        [seen] = (await desk.http.get("/requests?state=open")).json()["items"]
        assert seen == (await desk.http.get(f"/requests/{request['request_id']}")).json()
        refused = await desk.http.post(f"/requests/{request['request_id']}/withdraw", headers={"If-Match": '"3"'})
        assert code_of(refused) == (403, "forbidden")
    assert states(seen) == ["open", "passed_over", "asked"]
    assert [choice["reason"] for choice in seen["choices"]] == [None, None]


async def test_the_events_of_a_yes_carry_what_readers_of_pairs_need(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = await Mentor.join(hospital), await Mentee.join(hospital)
    await mentee.ask(mentor)
    pair_id = (await mentor.answer("accept")).json()["pair_id"]
    [accepted] = [event for event in await pairing.bodies(PairAccepted) if str(event.pair_id) == pair_id]
    assert (accepted.version, accepted.mentor_id, accepted.mentee_id) == (1, mentor.person_id, mentee.person_id)
    assert accepted.activate_by == accepted.occurred_at + timedelta(days=21)


def _gone(hospital: Hospital, person_id: UUID, how: str, role: Role) -> DirectoryEvent:
    match how:
        case "left":
            return hospital.about(PersonLeft, person_id, since=SINCE)
        case "erased":
            return hospital.about(PersonErased, person_id)
        case "on_leave":
            return hospital.about(PersonWentOnLeave, person_id, since=SINCE)
        case _:
            return hospital.about(RoleRemoved, person_id, role=role)


async def _timers(pairing: Running, request_id: str) -> list[str]:
    rows = await pairing.rows("SELECT kind FROM timers WHERE subject_id = $1", UUID(request_id))
    return [row["kind"] for row in rows]


async def _places(pairing: Running, mentor: Mentor) -> int:
    rows = await pairing.rows("SELECT FROM pairs WHERE mentor_id = $1 AND place IS NOT NULL", mentor.person_id)
    return len(rows)
