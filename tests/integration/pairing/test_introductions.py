"""Introductions over HTTP: names appear to both at the second yes, and until the end a no reads as silence."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts.directory import PersonErased, PersonLeft, RoleRemoved
from shared.contracts.pairing import IntroductionConsented
from shared.testing.running import Running
from tests.integration.pairing.hospital import SINCE, Hospital, code_of
from tests.integration.pairing.introducing import FIELD, Somebody, Three

OFFERED, CONSENTED, CLOSED = [f"osler.pairing.introduction_{what}.v1" for what in ("offered", "consented", "closed")]


async def _said(pairing: Running, three: Three) -> list[str]:
    return await pairing.said(UUID((await three.mentor.introduction())["introduction_id"]))


async def _let_time_run_out(pairing: Running, three: Three) -> None:
    end = datetime.fromisoformat((await three.mentor.introduction())["answer_by"])
    await pairing.stage.step_to(end)
    await pairing.fire()


async def test_names_appear_to_both_at_the_second_yes_and_nowhere_before(pairing: Running) -> None:
    three = await Three.asked(pairing)
    for consents in (three.colleague, three.mentee):
        mentor, mentee, colleague = await three.seen()
        assert [each["state"] for each in (mentor, mentee, colleague)] == ["waiting"] * 3
        assert (mentee["colleague_id"], mentee["colleague_institution_id"]) == (None, None)
        assert (colleague["mentee_id"], colleague["mentee_institution_id"]) == (None, None)
        assert not [each for each in three.introduction_ids[2:] if each in str(mentee)]
        assert not [each for each in three.introduction_ids[:2] if each in str(colleague)]
        assert await _said(pairing, three) == [OFFERED]
        (await consents.answer(consents=True)).raise_for_status()
    for seen in await three.seen():
        assert seen["state"] == "connected"
        assert (seen["mentee_id"], seen["colleague_id"]) == (three.introduction_ids[0], three.introduction_ids[2])
    assert await _said(pairing, three) == [OFFERED, CONSENTED]
    consented = [
        each for each in await pairing.bodies(IntroductionConsented) if each.mentor_id == three.mentor.person_id
    ]
    assert [each.colleague_id for each in consented] == [three.colleague.person_id]
    await _let_time_run_out(pairing, three)
    assert await _said(pairing, three) == [OFFERED, CONSENTED]


async def test_a_half_consent_changes_nothing_that_anybody_else_is_shown(pairing: Running) -> None:
    three = await Three.asked(pairing)
    mentor, mentee, _ = await three.seen()
    headers = dict((await three.mentor.get(f"/introductions/{mentor['introduction_id']}")).headers)
    (await three.colleague.answer(consents=True)).raise_for_status()
    await pairing.fire()
    assert (await three.seen())[:2] == [mentor, mentee]
    after = dict((await three.mentor.get(f"/introductions/{mentor['introduction_id']}")).headers)
    told = {"etag", "content-length", "last-modified"}
    assert {name: headers[name] for name in told & headers.keys()} == {
        name: after[name] for name in told & after.keys()
    }
    assert await _said(pairing, three) == [OFFERED]


@pytest.mark.parametrize("who", ["mentee", "colleague"])
async def test_a_no_reads_as_silence_for_fourteen_days_and_then_for_all_as_did_not_come_about(
    pairing: Running, who: str
) -> None:
    silent, refused = await Three.asked(pairing), await Three.asked(pairing)
    no: Somebody = getattr(refused, who)
    other = refused.colleague if who == "mentee" else refused.mentee
    same_in_silence = silent.colleague if who == "mentee" else silent.mentee
    (await no.answer(consents=False)).raise_for_status()
    (await other.answer(consents=True)).raise_for_status()
    (await same_in_silence.answer(consents=True)).raise_for_status()
    assert _without_ids(await other.introduction()) == _without_ids(await same_in_silence.introduction())
    assert _without_ids(await refused.mentor.introduction()) == _without_ids(await silent.mentor.introduction())
    assert (await no.introduction())["answer"] == "no"
    assert code_of(await no.answer(consents=True)) == (409, "introduction_answered")
    await _let_time_run_out(pairing, refused)
    ends = [_without_ids(each) for each in await refused.seen()]
    for each, as_in_silence in ((other, same_in_silence), (refused.mentor, silent.mentor)):
        assert _without_ids(await each.introduction()) == _without_ids(await as_in_silence.introduction())
    assert {(each["state"], each["answer"]) for each in ends} == {("did_not_come_about", None)}
    assert await _said(pairing, refused) == await _said(pairing, silent) == [OFFERED, CLOSED]
    rows = await pairing.rows(
        "SELECT answer FROM introduction_sides WHERE person_id = ANY($1)", [no.person_id, other.person_id]
    )
    assert [row["answer"] for row in rows] == [None, None]
    assert code_of(await other.answer(consents=False)) == (409, "introduction_closed")


def _without_ids(seen: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in seen.items() if not name.endswith("_id")}


async def test_an_answer_at_the_end_of_fourteen_days_is_late_before_the_clock_fires(pairing: Running) -> None:
    three = await Three.asked(pairing)
    (await three.mentee.answer(consents=True)).raise_for_status()
    end = datetime.fromisoformat((await three.mentor.introduction())["answer_by"])
    await pairing.stage.step_to(end)
    assert code_of(await three.colleague.answer(consents=True)) == (409, "introduction_closed")
    await pairing.stage.step_to(end + timedelta(days=3))
    await pairing.fire()
    assert (await three.mentee.introduction())["state"] == "did_not_come_about"


async def test_two_yeses_at_once_connect_once(pairing: Running) -> None:
    for _ in range(5):
        three = await Three.asked(pairing)
        answers = await asyncio.gather(three.mentee.answer(consents=True), three.colleague.answer(consents=True))
        assert {answer.status_code for answer in answers} == {200}
        assert await _said(pairing, three) == [OFFERED, CONSENTED]


async def test_no_administrator_and_no_stranger_sees_an_introduction_or_its_answers(pairing: Running) -> None:
    three = await Three.asked(pairing)
    (await three.mentee.answer(consents=False)).raise_for_status()
    introduction_id = (await three.mentor.introduction())["introduction_id"]
    path = f"/introductions/{introduction_id}"
    for each in (three.mentor, three.mentee, three.colleague):
        administrator = Somebody(each.hospital, each.hospital.administrator_id, "administrator")
        assert code_of(await administrator.get(path)) == (403, "forbidden")
        stranger = Somebody(each.hospital, await each.hospital.mentor())
        assert code_of(await stranger.get(path)) == (404, "introduction_not_found")
        for who in (administrator, stranger):
            async with pairing.app.transaction(each.hospital.institution_id, who.person_id) as tx:
                assert await tx.fetch("SELECT FROM introductions") == []
                assert await tx.fetch("SELECT FROM introduction_sides") == []
    async with pairing.app.transaction(three.mentor.hospital.institution_id, three.mentor.person_id) as tx:
        assert await tx.fetch("SELECT FROM introduction_sides") == []
    records = await pairing.rows("SELECT path FROM audit_records WHERE path LIKE $1", f"%{introduction_id}%")
    assert records == []


async def test_what_the_mentor_takes_back_did_not_come_about_for_anybody(pairing: Running) -> None:
    three = await Three.asked(pairing)
    (await three.mentee.answer(consents=True)).raise_for_status()
    seen = await three.mentor.introduction()
    (await three.mentor.withdraw()).raise_for_status()
    assert {each["state"] for each in await three.seen()} == {"did_not_come_about"}
    assert code_of(await three.mentor.withdraw()) == (409, "introduction_closed")
    path = f"/introductions/{seen['introduction_id']}"
    assert code_of(await three.mentor.post(f"{path}/withdraw", None, seen["revision"])) == (412, "stale_revision")
    assert code_of(await three.colleague.answer(consents=True)) == (409, "introduction_closed")
    await _let_time_run_out(pairing, three)
    assert await _said(pairing, three) == [OFFERED, CLOSED]


async def test_each_step_is_one_of_the_three_and_nobody_takes_anothers(pairing: Running) -> None:
    three = await Three.asked(pairing)
    seen = await three.mentor.introduction()
    path = f"/introductions/{seen['introduction_id']}"
    assert code_of(await three.mentor.post(f"{path}/answer", {"consents": True}, 1)) == (403, "not_your_step")
    assert code_of(await three.colleague.post(f"{path}/withdraw", None, 1)) == (403, "not_your_step")
    assert code_of(await three.colleague.post(f"{path}/answer", {"consents": True}, 0)) == (412, "stale_revision")
    assert (await three.seen())[0] == seen


async def test_fields_are_shown_to_mentees_at_home_and_where_the_mentor_is_lent(pairing: Running) -> None:
    lender, home = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(home)
    mentor = Somebody(lender, await lender.mentor(2, 2))
    await mentor.list_fields(FIELD, "Rural practice", FIELD)
    for hospital in (lender, home):
        mentee = Somebody(hospital, await hospital.mentee(), "mentee")
        listed = {each["mentor_id"]: each["introduces_in"] for each in await mentee.items("/mentors")}
        assert listed[str(mentor.person_id)] == [FIELD, "Rural practice"]
    assert (await mentor.get("/introduction-fields")).json()["fields"] == [FIELD, "Rural practice"]
    assert code_of(await mentor.put("/introduction-fields", {"fields": ["x" * 81]})) == (422, "malformed_request")
    assert code_of(await mentor.put("/introduction-fields", {"fields": ["x"] * 11})) == (422, "malformed_request")
    await pairing.deliver(lender.about(RoleRemoved, mentor.person_id, role="mentor"))
    assert code_of(await mentor.get("/introduction-fields")) == (404, "no_mentor")
    assert code_of(await mentor.put("/introduction-fields", {"fields": [FIELD]})) == (404, "no_mentor")
    await pairing.deliver(lender.role(mentor.person_id, "mentor", places=1, shared_places=1))
    assert (await mentor.get("/introduction-fields")).json()["fields"] == []


async def test_a_mentee_asks_and_one_press_of_the_mentor_asks_both(pairing: Running) -> None:
    lender, home = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(home)
    mentor = Somebody(lender, await lender.mentor(2, 2))
    mentee, colleague = Somebody(home, await home.mentee(), "mentee"), Somebody(home, await home.mentor())
    await mentor.list_fields(FIELD)
    assert code_of(await mentor.offer(mentee, colleague)) == (404, "not_your_mentee")
    wish = {"mentor_id": str(mentor.person_id), "field": FIELD}
    assert code_of(await mentee.post("/introduction-wishes", wish | {"field": "Golf"})) == (409, "field_not_listed")
    assert code_of(await mentee.post("/introduction-wishes", wish | {"mentor_id": str(uuid4())})) == (
        409,
        "field_not_listed",
    )
    (await mentee.post("/introduction-wishes", wish)).raise_for_status()
    assert code_of(await mentee.post("/introduction-wishes", wish)) == (409, "wish_open")
    [asked] = await mentor.items("/introduction-wishes")
    assert (asked["mentee_id"], asked["field"], asked["introduction_id"]) == (str(mentee.person_id), FIELD, None)
    offered = (await mentor.offer(mentee, colleague)).raise_for_status().json()
    for each in (mentor, mentee):
        [answered] = await each.items("/introduction-wishes")
        assert answered["introduction_id"] == offered["introduction_id"]
    assert (await colleague.introduction())["field"] == FIELD
    (await mentee.post("/introduction-wishes", wish)).raise_for_status()


async def test_a_wish_that_nobody_answered_is_over_after_fourteen_days(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor, mentee = Somebody(hospital, await hospital.mentor()), Somebody(hospital, await hospital.mentee(), "mentee")
    await mentor.list_fields(FIELD)
    wish = {"mentor_id": str(mentor.person_id), "field": FIELD}
    asked = (await mentee.post("/introduction-wishes", wish)).raise_for_status().json()
    await pairing.stage.step_to(datetime.fromisoformat(asked["answer_by"]))
    colleague = Somebody(hospital, await hospital.mentor())
    assert code_of(await mentor.offer(mentee, colleague)) == (404, "not_your_mentee")
    (await mentee.post("/introduction-wishes", wish)).raise_for_status()
    not_a_mentee = {"mentor_id": str(mentor.person_id), "field": FIELD}
    assert code_of(
        await Somebody(hospital, colleague.person_id, "mentee").post("/introduction-wishes", not_a_mentee)
    ) == (
        404,
        "mentee_not_found",
    )
    assert code_of(await Somebody(hospital, mentor.person_id, "mentee").post("/introduction-wishes", wish)) == (
        422,
        "same_person",
    )


async def test_a_colleague_is_whom_an_agreement_lets_the_mentee_meet(pairing: Running) -> None:
    three = await Three.meet(pairing)
    elsewhere = await Hospital.join(pairing)
    stranger = Somebody(elsewhere, await elsewhere.mentor())
    unknown = Somebody(elsewhere, uuid4())
    assert code_of(await three.mentor.offer(three.mentee, stranger)) == (404, "colleague_not_found")
    assert code_of(await three.mentor.offer(three.mentee, unknown)) == (404, "colleague_not_found")
    administrator = Somebody(elsewhere, three.mentee.hospital.administrator_id)
    assert code_of(await three.mentor.offer(three.mentee, administrator)) == (404, "colleague_not_found")
    for hospital in (three.mentor.hospital, three.mentee.hospital):  # the mentor's own, and the mentee's own
        (await three.mentor.offer(three.mentee, Somebody(hospital, await hospital.mentor()))).raise_for_status()
    await elsewhere.lend_to(three.mentee.hospital)
    (await three.mentor.offer(three.mentee, stranger)).raise_for_status()


async def test_what_cannot_be_offered_is_refused_and_asks_nobody(pairing: Running) -> None:
    three = await Three.asked(pairing)
    assert code_of(await three.mentor.offer(three.mentee, three.colleague)) == (409, "introduction_open")
    assert code_of(await three.mentor.offer(three.mentee, three.colleague, "Golf")) == (409, "field_not_listed")
    assert code_of(await three.mentor.offer(three.mentee, three.mentor)) == (422, "same_person")
    assert code_of(await three.mentor.offer(three.mentee, three.mentee)) == (422, "same_person")
    assert code_of(
        await Somebody(three.mentee.hospital, three.mentee.person_id).offer(three.mentee, three.colleague)
    ) == (
        404,
        "no_mentor",
    )
    assert len(await three.colleague.items("/introductions")) == 1


@pytest.mark.parametrize("who", ["mentor", "mentee", "colleague"])
async def test_who_leaves_is_introduced_to_nobody(pairing: Running, who: str) -> None:
    three = await Three.asked(pairing)
    gone: Somebody = getattr(three, who)
    stay = [each for each in (three.mentor, three.mentee, three.colleague) if each is not gone]
    await pairing.deliver(gone.hospital.about(PersonLeft, gone.person_id, since=SINCE))
    for each in stay:
        assert (await each.introduction())["state"] == "did_not_come_about"
    introduction_id = UUID((await stay[0].introduction())["introduction_id"])
    assert await pairing.said(introduction_id) == [OFFERED, CLOSED]


async def test_nothing_stays_of_the_words_of_a_mentor_who_was_erased(pairing: Running) -> None:
    three = await Three.asked(pairing)
    for each in (three.mentee, three.colleague):
        (await each.answer(consents=True)).raise_for_status()
    wish = {"mentor_id": str(three.mentor.person_id), "field": "Rural practice"}
    (await three.mentee.post("/introduction-wishes", wish)).raise_for_status()
    await pairing.deliver(three.mentor.hospital.about(PersonErased, three.mentor.person_id))
    for table in ("people", "mentor_cards", "introductions", "introduction_sides", "introduction_wishes"):
        rows = await _rows_about(pairing, table, three.mentor.person_id)
        assert not [row for row in rows if FIELD in row or "Rural practice" in row], table
    assert (await three.mentee.introduction())["state"] == "connected"


async def test_no_answer_that_is_kept_for_somebody_else_quotes_who_was_erased(pairing: Running) -> None:
    three = await Three.asked(pairing)
    mentor, mentee = three.mentor, three.mentee
    circle = {"kind": "mentor", "topic": "Journal club", "person_ids": [str(mentee.person_id)]}
    formed = (await mentor.post("/circles", circle)).raise_for_status().json()
    week = (datetime.fromisoformat((await mentor.introduction())["offered_at"]) + timedelta(days=7)).isoformat()
    offer = {"kind": "role", "title": "Chief resident", "deadline": week, "mentee_ids": [str(mentee.person_id)]}
    offered = (await mentor.post("/opportunities", offer)).raise_for_status().json()
    introduction = await mentee.introduction()
    path = f"/opportunities/{offered['opportunity_id']}"
    asked: list[tuple[str, dict[str, Any] | None]] = [
        (f"/introductions/{introduction['introduction_id']}/answer", {"consents": True}),
        ("/introduction-wishes", {"mentor_id": str(mentor.person_id), "field": FIELD}),
        (f"/circles/{formed['circle_id']}/join", None),
        (f"{path}/save", None),
        (f"{path}/drop", None),
    ]
    async with mentee.hospital.signed_in(mentee.person_id, "mentee") as desk:
        for number, (what, body) in enumerate(asked):
            headers = {"Idempotency-Key": f"press-{number}", "If-Match": f'"{introduction["revision"]}"'}
            (await desk.http.post(what, json=body, headers=headers)).raise_for_status()
    assert len(await _kept_for(pairing, mentee, mentor)) == len(asked)
    await pairing.deliver(mentor.hospital.about(PersonErased, mentor.person_id))
    assert await _kept_for(pairing, mentee, mentor) == []


async def _kept_for(pairing: Running, reader: Somebody, about: Somebody) -> list[str]:
    rows = await pairing.rows("SELECT body FROM idempotency_keys WHERE person_id = $1", reader.person_id)
    kept = [row["body"].decode() for row in rows if row["body"] is not None]
    return [text for text in kept if str(about.person_id) in text]


async def _rows_about(pairing: Running, table: str, person_id: UUID) -> list[str]:
    rows = {
        "people": await pairing.rows("SELECT to_jsonb(t)::text AS row FROM people t"),
        "mentor_cards": await pairing.rows("SELECT to_jsonb(t)::text AS row FROM mentor_cards t"),
        "introductions": await pairing.rows("SELECT to_jsonb(t)::text AS row FROM introductions t"),
        "introduction_sides": await pairing.rows("SELECT to_jsonb(t)::text AS row FROM introduction_sides t"),
        "introduction_wishes": await pairing.rows("SELECT to_jsonb(t)::text AS row FROM introduction_wishes t"),
    }
    return [row["row"] for row in rows[table] if str(person_id) in row["row"]]
