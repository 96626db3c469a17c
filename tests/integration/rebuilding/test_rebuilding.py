"""Two services that lose their tables get them back from the log, and nobody hears of it."""

from datetime import datetime
from uuid import uuid4

from tests.integration.notifications.office import DAY, Someone
from tests.integration.rebuilding.hospital import Hospital

_SAYS = ("osler.feedback", "osler.notifications")


async def test_two_emptied_services_are_built_again_from_the_log_without_a_mail_or_a_word(hospital: Hospital) -> None:
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


async def _come_together(hospital: Hospital) -> None:
    gone = Someone("Jan Gone", "Europe/Warsaw", "en-GB")
    await hospital.hear(await hospital.joined_the_consortium())
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
