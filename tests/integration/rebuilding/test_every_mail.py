"""Mails that two aggregates, two topics or whoever administered then have part in are settled once in any life."""

from dataclasses import replace
from uuid import uuid4

from shared.contracts.asides import ConcernReached
from shared.contracts.event import Event
from shared.contracts.pairing import FirstYearAccepted, FirstYearOffered, RequestPassedOver
from tests.integration.notifications.office import DAY, Someone
from tests.integration.notifications.test_asides import Introduction, aside
from tests.integration.notifications.test_leavings import asked, notice
from tests.integration.notifications.test_of_one import say
from tests.integration.notifications.test_signatures import Compact
from tests.integration.notifications.test_silences import Silence
from tests.integration.notifications.test_turns import exhausted
from tests.integration.rebuilding.hospital import Hospital


async def test_an_emptied_service_mails_nobody_about_what_it_hears_again(hospital: Hospital) -> None:
    ines, jo = (Someone(name, "Europe/Madrid", "en") for name in ("Ines Amt", "Jo Amt"))
    ines, jo = (replace(each, institution_id=hospital.mentee.institution_id) for each in (ines, jo))
    async with hospital.at_work():
        for someone in (hospital.mentor, hospital.mentee):
            await hospital.hear(await hospital.joined_the_consortium(someone))
        await hospital.open()
        await hospital.administers(ines)
        await _live(hospital, ines)
        await hospital.administers(jo)
        await hospital.hear(await hospital.administers_no_more(ines))
        before, mails, said = await hospital.state(), _mails(hospital), await hospital.ends("osler.notifications")
        assert len(before["notifications.messages"]) > 15
        assert hospital.subjects(jo) == []
    await hospital.empty()
    async with hospital.at_work():
        await hospital.rest()
        assert await hospital.state() == before
        assert _mails(hospital) == mails
        assert await hospital.ends("osler.notifications") == said


async def _live(hospital: Hospital, colleague: Someone) -> None:
    """A silence that a pause ends, a notice with its reminder, a request, asides, a compact and an offer."""
    introduction = Introduction(hospital, hospital.mentee, colleague)
    hospitals = hospital.mentor.institution_id, hospital.mentee.institution_id
    await hospital.say(await hospital.proposed(), await hospital.accepted(), await hospital.activated())
    await hospital.say(await Compact(hospital).offered(hospital.mentee), await Silence(hospital).raised())
    await hospital.say(*await introduction.asked(), await aside(hospital, ConcernReached, hospital.mentor, uuid4()))
    await hospital.say(await notice(*hospitals, hospital), await asked(hospital))
    offer_id = uuid4()
    for version, kind in enumerate((FirstYearOffered, FirstYearAccepted), start=1):
        await hospital.say(await say(hospital, kind, offer_id, version))
    await hospital.hear(*await _given_up(hospital))
    await hospital.step_to(await hospital.now() + 2 * DAY)
    await hospital.hear(*await introduction.over(), await hospital.paused("asked"))
    await hospital.step_to(await hospital.now() + 7 * DAY)
    await hospital.hear(await hospital.pair_ended("notice"))


async def _given_up(hospital: Hospital) -> list[Event]:
    """A request passes a mentor over, and nobody is left."""
    hospital.request_id, hospital.choice_id = uuid4(), uuid4()
    return [await hospital.request_says(RequestPassedOver, reason="no_agreement"), await exhausted(hospital)]


def _mails(hospital: Hospital) -> dict[str, list[str]]:
    arrived = hospital.mailbox.mails.items()
    return {address: [str(mail["Subject"]) for mail in mails] for address, mails in arrived if mails}
