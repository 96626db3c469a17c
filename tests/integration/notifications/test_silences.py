"""Mail about a silence of the two of a pair: to both, once per silence, and to nobody else."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from shared.contracts.notifications import NotificationSent
from shared.contracts.pairing import DriftCleared, DriftRaised, RequestDeclined
from shared.testing.running import Running
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.notifications.office import DAY, Office, Someone

TEN_MINUTES = "Ten minutes this week?"


@pytest.fixture
async def office(notifications: Running, mailbox: Mailbox) -> Office:
    """A mentor in Warsaw and a mentee in Mexico City, who both read English, and an administrator of each hospital."""
    office = Office(notifications, mailbox, mentee=Someone("Luz Ibarra", "America/Mexico_City", "en"))
    await office.open()
    return office


class Silence:
    """The compact of the office's pair, with its events counted."""

    def __init__(self, office: Office) -> None:
        self.office, self.compact_id, self._version = office, uuid4(), 0

    async def raised(self, silent_since: datetime | None = None) -> DriftRaised:
        """The two were silent for 45 days."""
        since = silent_since or await self.office.now() - 45 * DAY
        return DriftRaised(**await self._facts(), silent_since=since)

    async def cleared(self) -> DriftCleared:
        """The two were in contact."""
        return DriftCleared(**await self._facts(), contact_at=await self.office.now())

    async def _facts(self) -> dict[str, Any]:
        self._version += 1
        two = (await self.office.request_says(RequestDeclined)).model_dump(exclude={"request_id", "choice_id"})
        return {**two, "pair_id": self.office.pair_id, "compact_id": self.compact_id, "version": self._version}


async def test_both_are_asked_for_ten_minutes_once_per_silence_and_told_since_when(office: Office) -> None:
    silence, since = Silence(office), datetime.fromisoformat("2026-11-24T02:00:00+00:00")
    raised = await silence.raised(since)
    await office.hear(raised, raised)
    await office.send()
    for someone, day in ((office.mentor, "Tuesday 24 November 2026"), (office.mentee, "Monday 23 November 2026")):
        [mail] = office.mails(someone)
        assert mail["Subject"] == TEN_MINUTES
        assert f"You have not met since {day}. Ten minutes this week?" in _text(mail)
    await office.step_to(await office.now() + DAY)
    await office.hear(await silence.cleared())
    await office.step_to(await office.now() + DAY)
    await office.hear(await silence.raised())
    await office.send()
    assert [office.subjects(each) for each in (office.mentor, office.mentee)] == [[TEN_MINUTES, TEN_MINUTES]] * 2


@pytest.mark.parametrize("end", ["cleared", "paused", "ended"])
@pytest.mark.parametrize("first", ["silence", "end"])
async def test_a_contact_a_pause_or_an_end_takes_it_back_in_whichever_order_it_is_heard(
    office: Office, end: str, first: str
) -> None:
    silence = Silence(office)
    raised = await silence.raised()
    await office.step_to(await office.now() + DAY / 24)
    match end:
        case "cleared":
            over = await silence.cleared()
        case "paused":
            over = await office.paused("asked")
        case _:
            over = await office.pair_ended()
    for event in (raised, over) if first == "silence" else (over, raised):
        await office.hear(event)
    await office.send()
    for someone in (office.mentor, office.mentee):
        assert await office.became(someone) == [("drift_raised", "suppressed", "cause_gone")]


async def test_a_silence_after_a_pause_is_a_new_one(office: Office) -> None:
    silence = Silence(office)
    await office.hear(await silence.raised(), await office.paused("asked"))
    await office.send()
    await office.step_to(await office.now() + DAY)
    await office.hear(await silence.raised())
    await office.send()
    assert office.subjects(office.mentor) == [TEN_MINUTES]


async def test_who_is_on_leave_is_spared(office: Office) -> None:
    await office.hear(await office.went_on_leave(office.mentee), await Silence(office).raised())
    await office.send()
    assert office.subjects(office.mentor) == [TEN_MINUTES]
    assert await office.became(office.mentee) == [("drift_raised", "suppressed", "on_leave")]


async def test_administrators_are_neither_mailed_nor_shown_that_there_was_a_mail(office: Office) -> None:
    administrator = Someone("Ines Amt", "Europe/Madrid", "en", institution_id=office.mentor.institution_id)
    await office.administers(administrator)
    await office.hear(await office.proposed(), await Silence(office).raised())
    await office.send()
    assert office.subjects(administrator) == []
    assert await _shown(office, administrator.person_id, "administrator") == ["pair_proposed"]
    assert set(await _shown(office, office.mentor.person_id, "mentor")) == {"drift_raised", "pair_proposed"}
    assert set(await _shown(office, office.mentor.person_id, "administrator")) == {"drift_raised", "pair_proposed"}
    said = [each for each in await office.service.bodies(NotificationSent) if each.person_id == office.mentor.person_id]
    assert {each.category for each in said} == {"private", "pair_proposed"}


async def _shown(office: Office, person_id: Any, role: Any) -> list[str]:
    async with office.service.client(person_id, office.mentor.institution_id, [role]) as http:
        return [item["category"] for item in (await http.get("/notifications")).json()["items"]]


def _text(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())
