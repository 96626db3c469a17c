"""Mail about a compact: to who has not signed, and to who signed first."""

from typing import Any
from uuid import uuid4

import pytest

from shared.contracts.pairing import CompactInForce, CompactOffered, CompactSigned, RequestDeclined
from shared.testing.running import Running
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.notifications.office import DAY, Office, Someone

OFFERED, IN_FORCE = "A compact waits for your signature", "Your compact is in force"


@pytest.fixture
async def office(notifications: Running, mailbox: Mailbox) -> Office:
    """A mentor and a mentee, who both read English."""
    office = Office(notifications, mailbox, mentee=Someone("Luz Ibarra", "America/Mexico_City", "en"))
    await office.open()
    return office


class Compact:
    """The compact of the office's pair, with its events counted."""

    def __init__(self, office: Office) -> None:
        self.office, self.compact_id, self._version = office, uuid4(), 0

    async def offered(self, by: Someone) -> CompactOffered:
        """One of the two offers a version."""
        return CompactOffered(**await self._facts(), number=1, offered_by=by.person_id)

    async def signed(self, by: Someone) -> CompactSigned:
        """One of the two signs it."""
        return CompactSigned(**await self._facts(), number=1, signed_by=by.person_id)

    async def in_force(self) -> CompactInForce:
        """Both signed it."""
        facts, now = await self._facts(), await self.office.now()
        days: dict[str, Any] = {"meeting_interval_days": 30, "meeting_minutes": 30, "touchpoint_interval_days": 14}
        return CompactInForce(**facts, number=1, starts_at=now, mid_term_at=now, ends_at=now + 90 * DAY, **days)

    async def _facts(self) -> dict[str, Any]:
        self._version += 1
        two = (await self.office.request_says(RequestDeclined)).model_dump(exclude={"request_id", "choice_id"})
        return {**two, "pair_id": self.office.pair_id, "compact_id": self.compact_id, "version": self._version}


async def test_who_has_not_signed_is_asked_and_who_signed_first_hears_of_the_second_signature(office: Office) -> None:
    compact = Compact(office)
    offered = await compact.offered(office.mentee)
    await office.hear(offered, offered)
    await office.send()
    assert (office.subjects(office.mentor), office.subjects(office.mentee)) == ([OFFERED], [])
    await office.hear(await compact.signed(office.mentee))
    await office.step_to(await office.now() + DAY / 24)
    await office.hear(await compact.signed(office.mentor), await compact.in_force())
    await office.send()
    assert (office.subjects(office.mentor), office.subjects(office.mentee)) == ([OFFERED], [IN_FORCE])


async def test_a_later_version_is_offered_by_a_mail_of_its_own(office: Office) -> None:
    compact = Compact(office)
    await office.hear(await compact.offered(office.mentee))
    await office.send()
    await office.hear(await compact.offered(office.mentor))
    await office.send()
    await office.hear(await compact.offered(office.mentee))
    await office.send()
    assert (office.subjects(office.mentor), office.subjects(office.mentee)) == ([OFFERED] * 2, [OFFERED])


@pytest.mark.parametrize("first", ["offered", "ended"])
async def test_nobody_is_asked_to_sign_in_a_pair_that_is_over_in_whichever_order_it_is_heard(
    office: Office, first: str
) -> None:
    offered = await Compact(office).offered(office.mentee)
    await office.step_to(await office.now() + DAY / 24)
    ended = await office.pair_ended()
    for event in (offered, ended) if first == "offered" else (ended, offered):
        await office.hear(event)
    await office.send()
    assert await office.became(office.mentor) == [("compact_offered", "suppressed", "cause_gone")]


async def test_no_administrator_is_shown_that_there_was_a_mail_about_a_compact(office: Office) -> None:
    compact = Compact(office)
    await office.hear(await compact.offered(office.mentee), await compact.signed(office.mentor))
    await office.hear(await compact.in_force())
    for someone in (office.mentor, office.mentee):
        async with office.service.client(uuid4(), someone.institution_id, ["administrator"]) as http:
            assert (await http.get("/notifications")).json()["items"] == []
