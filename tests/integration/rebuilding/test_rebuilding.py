"""Services that lose their tables get them back from the log, and nobody hears of it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from shared.platform.members import find_member
from shared.platform.outbox import route
from tests.integration.notifications.office import DAY, Someone
from tests.integration.rebuilding.hospital import Hospital

_SAYS = ("osler.feedback", "osler.notifications", "osler.console")


async def test_emptied_services_are_built_again_from_the_log_without_a_mail_or_a_word(hospital: Hospital) -> None:
    start = await hospital.now() + 3 * DAY
    async with hospital.at_work():
        await _come_together(hospital)
        await _make_appointments(hospital)
        await hospital.meet()
        await hospital.answer(hospital.mentor)
        before, mails, said = await hospital.state(), _mails(hospital), [await hospital.ends(topic) for topic in _SAYS]
    _expect_much_of_everything(before)
    await hospital.empty()
    async with hospital.at_work():
        await hospital.rest()
        assert await hospital.state() == before
        assert _mails(hospital) == mails
        assert [await hospital.ends(topic) for topic in _SAYS] == said
        await _expect_life_to_go_on(hospital, start + 6 * DAY)


async def test_whoever_administered_at_the_time_was_told_of_a_conflict_in_any_life(hospital: Hospital) -> None:
    ines, jo = (Someone(name, "Europe/Madrid", "en") for name in ("Ines Amt", "Jo Amt"))
    ines, jo = (replace(each, institution_id=hospital.mentor.institution_id) for each in (ines, jo))
    async with hospital.at_work():
        await _come_together(hospital)
        await hospital.administers(ines)
        await hospital.hear(await hospital.conflict_raised())
        await hospital.administers(jo)
        await hospital.hear(await hospital.administers_no_more(ines))
        assert [len(hospital.mails(each)) for each in (ines, jo)] == [1, 0]
        before, mails, said = await hospital.state(), _mails(hospital), await hospital.ends("osler.notifications")
    await hospital.empty()
    async with hospital.at_work():
        await hospital.rest()
        assert await hospital.state() == before
        assert _mails(hospital) == mails
        assert await hospital.ends("osler.notifications") == said


async def test_a_pair_is_not_asked_again_when_another_meeting_is_the_third_that_is_heard(hospital: Hospital) -> None:
    """A meeting that was moved is held in a later step of the batch than one that was not."""
    start = await hospital.now() + 3 * DAY
    async with hospital.at_work():
        await _come_together(hospital)
        for moves in (1, 0, 0):
            hospital.meeting_id = uuid4()
            await hospital.hear(await hospital.meeting_proposed(start), await hospital.scheduled(start))
            for day in range(moves):
                await hospital.hear(await hospital.moved(start + day * DAY))
            await hospital.step_to(await hospital.now() + DAY / 24)
            await hospital.hear(await hospital.held())
        before, said = await _requests(hospital), await hospital.ends("osler.feedback")
        assert len(before) == 1
    await hospital.empty()
    async with hospital.at_work():
        await hospital.rest()
        assert await _requests(hospital) == before
        assert await hospital.ends("osler.feedback") == said


async def test_a_pair_that_ended_while_feedback_was_away_is_asked_no_more(hospital: Hospital) -> None:
    async with hospital.at_work():
        await _come_together(hospital)
        await hospital.meet()
        said = await hospital.ends("osler.feedback")
    ended_at = await hospital.now() + DAY
    await hospital.stage.step_to(ended_at)
    await hospital.say(await hospital.ended())
    await hospital.stage.step_to(ended_at + DAY)
    await hospital.empty()
    async with hospital.at_work():
        await hospital.rest()
        (request,) = await hospital.feedback.rows("SELECT state, over_at, version FROM feedback_requests")
        assert tuple(request) == ("withdrawn", ended_at, 2)
        assert not await hospital.feedback.rows("SELECT FROM timers")
        assert await hospital.ends("osler.feedback") == said + 1
        (seen,) = await hospital.console.rows("SELECT state FROM feedback_requests")
        assert seen["state"] == "withdrawn"


async def test_somebody_who_was_erased_and_hired_again_is_two_people_in_any_life(hospital: Hospital) -> None:
    old, key = hospital.mentor, uuid4().hex
    new = Someone(old.name, old.zone, old.locale, _beside(old.person_id), old.institution_id)
    async with hospital.at_work():
        await hospital.hear(await hospital.joined_the_consortium(old))
        for someone in (old, new):
            joined = await hospital.joined(someone)
            await hospital.hear(joined.model_copy(update={"sign_in_key": key}), await hospital.contact(someone))
            if someone is old:
                await hospital.hear(await hospital.erased(old), await hospital.contact_erased(old))
        before = await hospital.state()
        await _expect_one_to_sign_in(hospital, new, key)
    await hospital.empty()
    async with hospital.at_work():
        await hospital.rest()
        assert await hospital.state() == before
        await _expect_one_to_sign_in(hospital, new, key)


def _beside(person_id: UUID) -> UUID:
    """A person whose events share a partition with this one's, so that both come in one batch."""
    own = route("osler.directory", person_id)
    return next(other for other in iter(uuid4, None) if route("osler.directory", other)[1] == own[1])


async def _expect_one_to_sign_in(hospital: Hospital, someone: Someone, key: str) -> None:
    for service in (hospital.feedback, hospital.service, hospital.console):
        async with service.app.transaction() as tx:
            found = await find_member(tx, key)
        assert found is not None
        assert found.person_id == someone.person_id
    named = await hospital.console.rows("SELECT person_id FROM people WHERE name IS NOT NULL")
    assert [row["person_id"] for row in named] == [someone.person_id]


async def _requests(hospital: Hospital) -> list[tuple[object, ...]]:
    rows = await hospital.feedback.rows("SELECT request_id, state, asked_at, closes_at, version FROM feedback_requests")
    return [tuple(row) for row in rows]


async def _come_together(hospital: Hospital) -> None:
    gone = Someone("Jan Gone", "Europe/Warsaw", "en-GB", institution_id=hospital.mentor.institution_id)
    for someone in (hospital.mentor, hospital.mentee):
        await hospital.hear(await hospital.joined_the_consortium(someone))
    await hospital.open()
    await hospital.hear(await hospital.joined(gone), await hospital.contact(gone), await hospital.erased(gone))
    await hospital.hear(await hospital.contact_erased(gone))
    await hospital.hear(await hospital.proposed(), await hospital.accepted(), await hospital.activated())


async def _make_appointments(hospital: Hospital) -> None:
    """One that is reminded of and then moved, one that is cancelled before, and one with too little time left."""
    start, first = await hospital.now() + 3 * DAY, hospital.meeting_id
    hospital.mailbox.answers[hospital.mentee.email] = ["554 no such mailbox"]
    await hospital.hear(await hospital.meeting_proposed(start), await hospital.scheduled(start))
    hospital.meeting_id = uuid4()
    await hospital.hear(await hospital.meeting_proposed(start + DAY), await hospital.scheduled(start + DAY))
    await hospital.hear(await hospital.cancelled())
    await hospital.step_to(start - DAY)
    hospital.meeting_id = first
    await hospital.hear(await hospital.moved(start + 7 * DAY))
    hospital.meeting_id = uuid4()
    late = start - DAY / 2
    await hospital.hear(await hospital.meeting_proposed(late), await hospital.scheduled(late))


def _expect_much_of_everything(state: dict[str, list[str]]) -> None:
    messages = "\n".join(state["notifications.messages"])
    assert all(f'"state": "{word}"' in messages for word in ("sent", "failed", "suppressed"))
    assert all(f'"category": "{word}"' in messages for word in ("meeting_reminder", "feedback_requested"))
    assert state["notifications.timers"]
    assert '"reveal_due"' in state["feedback.timers"][0]
    assert not state["notifications.past"] + state["feedback.past"]


async def _expect_life_to_go_on(hospital: Hospital, next_reminder: datetime) -> None:
    """The mentee's answer reveals the request, as its next version, and the reminder that was to come comes."""
    await hospital.answer(hospital.mentee)
    (request,) = await hospital.feedback.rows("SELECT state, version FROM feedback_requests")
    assert tuple(request) == ("revealed", 4)
    so_far = len(hospital.subjects(hospital.mentor))
    await hospital.step_to(next_reminder)
    assert hospital.subjects(hospital.mentor)[so_far:] == ["Reminder: you have a meeting"]


def _mails(hospital: Hospital) -> dict[str, list[str]]:
    return {address: [str(mail["Subject"]) for mail in mails] for address, mails in hospital.mailbox.mails.items()}
