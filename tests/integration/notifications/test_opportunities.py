"""Mail about opportunities: 7 days and 1 day before the deadline, at nine where the person is, to who follows it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from shared.contracts.pairing import OpportunityDropped, OpportunityOffered, OpportunitySaved, OpportunityWithdrawn
from shared.testing.running import Running
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.notifications.office import DAY, Office, Someone

WEEK, TOMORROW = "Reminder: a deadline in seven days", "Reminder: a deadline tomorrow"
MOMENT = timedelta(seconds=1)


@pytest.fixture
async def office(notifications: Running, mailbox: Mailbox) -> Office:
    """A mentor in Warsaw, and a mentee in Mexico City who reads English."""
    office = Office(notifications, mailbox, mentee=Someone("Luz Ibarra", "America/Mexico_City", "en"))
    await office.open()
    return office


class Offer:
    """An opportunity that the office's mentor offers, with its events counted."""

    def __init__(self, office: Office, deadline_at: datetime) -> None:
        self.office, self.deadline_at = office, deadline_at
        self.opportunity_id, self._version = uuid4(), 0

    @classmethod
    async def far_off(cls, office: Office, days: int = 30) -> "Offer":
        """One whose deadline is at three in the afternoon in Warsaw, so many days from now."""
        day = (await office.now() + days * DAY).astimezone(ZoneInfo("Europe/Warsaw")).date()
        local = datetime(day.year, day.month, day.day, 15, tzinfo=ZoneInfo("Europe/Warsaw"))
        return cls(office, local.astimezone(UTC))

    async def offered(self) -> OpportunityOffered:
        """It is offered to the mentee."""
        return OpportunityOffered(**await self._of(), kind="conference", deadline_at=self.deadline_at)

    async def saved(self) -> OpportunitySaved:
        """The mentee saves it."""
        return OpportunitySaved(**await self._of(), kind="conference", deadline_at=self.deadline_at)

    async def dropped(self) -> OpportunityDropped:
        """The mentee drops it."""
        return OpportunityDropped(**await self._of())

    async def withdrawn(self) -> OpportunityWithdrawn:
        """The mentor takes it back."""
        return OpportunityWithdrawn(**await self._facts(), mentee_ids=(self.office.mentee.person_id,))

    def nine_before(self, days: int) -> datetime:
        """Nine in the morning for the mentee, so many days before the deadline's day."""
        zone = ZoneInfo(self.office.mentee.zone)
        day = self.deadline_at.astimezone(zone).date() - days * DAY
        return datetime(day.year, day.month, day.day, 9, tzinfo=zone).astimezone(UTC)

    async def _of(self) -> dict[str, Any]:
        mentee = self.office.mentee
        named = {"mentee_id": mentee.person_id, "mentee_institution_id": mentee.institution_id}
        return await self._facts() | named

    async def _facts(self) -> dict[str, Any]:
        self._version += 1
        mentor = self.office.mentor
        return {
            "version": self._version,
            "occurred_at": await self.office.now(),
            "institution_ids": (mentor.institution_id, self.office.mentee.institution_id),
            "opportunity_id": self.opportunity_id,
            "offered_by": mentor.person_id,
            "offering_institution_id": mentor.institution_id,
        }


async def _at(office: Office, instant: datetime) -> list[str]:
    """What the mentee has got when it is that time, and the sender has looked."""
    await office.step_to(instant)
    await office.retry_now()
    await office.send()
    return office.subjects(office.mentee)


@pytest.mark.parametrize("zone", ["Europe/Warsaw", "America/Mexico_City", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("how", ["offered", "saved"])
async def test_a_mentee_is_reminded_at_nine_of_their_own_time_seven_days_and_one_day_before(
    notifications: Running, mailbox: Mailbox, zone: str, how: str
) -> None:
    office = Office(notifications, mailbox, mentee=Someone("Luz Ibarra", zone, "en"))
    await office.open()
    offer = await Offer.far_off(office)
    said = await (offer.offered() if how == "offered" else offer.saved())
    await office.hear(said, said)
    assert await _at(office, offer.nine_before(7) - MOMENT) == []
    assert await _at(office, offer.nine_before(7)) == [WEEK]
    assert await _at(office, offer.nine_before(1) - MOMENT) == [WEEK]
    assert await _at(office, offer.nine_before(1)) == [WEEK, TOMORROW]
    assert await _at(office, offer.deadline_at) == [WEEK, TOMORROW]
    assert office.subjects(office.mentor) == []


async def test_who_was_offered_it_and_saved_it_is_reminded_once(office: Office) -> None:
    offer = await Offer.far_off(office)
    await office.hear(await offer.offered(), await offer.saved())
    assert await _at(office, offer.nine_before(7)) == [WEEK]
    assert await _at(office, offer.nine_before(1)) == [WEEK, TOMORROW]


@pytest.mark.parametrize("how", ["dropped", "withdrawn"])
@pytest.mark.parametrize("written", [False, True])
async def test_nobody_is_reminded_of_what_they_dropped_or_what_was_taken_back(
    office: Office, how: str, *, written: bool
) -> None:
    offer = await Offer.far_off(office)
    await office.hear(await offer.offered())
    if written:  # the reminder waits for nine already
        assert await _at(office, offer.nine_before(7) - MOMENT) == []
    await office.hear(await (offer.dropped() if how == "dropped" else offer.withdrawn()))
    assert await _at(office, offer.nine_before(7)) == []
    assert await _at(office, offer.nine_before(1)) == []
    expected = [("opportunity_week", "suppressed", "cause_gone")] if written else []
    assert await office.became(office.mentee) == expected
    assert await office.service.rows("SELECT FROM timers WHERE kind LIKE 'opportunity%'") == []


async def test_who_saves_again_what_they_dropped_is_reminded_of_what_is_left(office: Office) -> None:
    offer = await Offer.far_off(office)
    await office.hear(await offer.offered())
    assert await _at(office, offer.nine_before(7)) == [WEEK]
    await office.hear(await offer.dropped(), await offer.saved())
    assert await _at(office, offer.nine_before(7) + DAY) == [WEEK]
    assert await _at(office, offer.nine_before(1)) == [WEEK, TOMORROW]


async def test_a_reminder_whose_time_had_passed_when_it_was_saved_is_recorded_and_not_sent(office: Office) -> None:
    offer = await Offer.far_off(office, days=3)
    await office.hear(await offer.saved())
    await office.service.fire()
    assert await _at(office, await office.now()) == []
    assert await office.became(office.mentee) == [("opportunity_week", "suppressed", "booked_late")]
    assert await _at(office, offer.nine_before(1)) == [TOMORROW]


async def test_a_reminder_whose_time_passed_in_an_outage_expires_with_a_record(office: Office) -> None:
    offer = await Offer.far_off(office)
    await office.hear(await offer.offered())
    assert await _at(office, offer.nine_before(7) + timedelta(hours=1, seconds=1)) == []
    assert await office.became(office.mentee) == [("opportunity_week", "suppressed", "expired")]


async def test_who_is_on_leave_is_spared(office: Office) -> None:
    offer = await Offer.far_off(office)
    await office.hear(await offer.offered(), await office.went_on_leave(office.mentee))
    assert await _at(office, offer.nine_before(7)) == []
    assert await office.became(office.mentee) == [("opportunity_week", "suppressed", "on_leave")]


async def test_what_waits_for_nine_is_looked_at_again_at_nine_and_not_before(office: Office) -> None:
    offer = await Offer.far_off(office)
    await office.hear(await offer.offered())
    await office.step_to(offer.nine_before(7) - timedelta(hours=2))
    await office.send()
    [row] = await office.service.rows(
        "SELECT next_try_at - clock_timestamp() AS pause FROM messages WHERE person_id = $1", office.mentee.person_id
    )
    assert timedelta(hours=1, minutes=59) < row["pause"] <= timedelta(hours=2)


async def test_each_of_several_mentees_has_their_own_nine(notifications: Running, mailbox: Mailbox) -> None:
    east, west = Someone("Ana", "Asia/Tokyo", "en"), Someone("Bo", "America/Los_Angeles", "en")
    first, second = [Office(notifications, mailbox, mentee=someone) for someone in (east, west)]
    await first.open()
    await second.open()
    offer = await Offer.far_off(first)
    other = Offer(second, offer.deadline_at)
    await first.hear(await offer.offered())
    await second.hear(await other.offered())
    assert await _at(first, offer.nine_before(7)) == [WEEK]
    assert second.subjects(west) == []
    assert await _at(second, other.nine_before(7)) == [WEEK]
