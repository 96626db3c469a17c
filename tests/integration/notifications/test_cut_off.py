"""What was mailed about a pair that goes on after a notice is the two's alone, once the notice is over."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from shared.contracts.event import Role
from shared.testing.running import Running
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.notifications.office import DAY, Office, Someone


@pytest.fixture
async def office(notifications: Running, mailbox: Mailbox) -> Office:
    """A mentor and a mentee, of two hospitals."""
    office = Office(notifications, mailbox)
    await office.open()
    return office


async def _shown(office: Office, to: Someone, *, as_one_of_the_two: Sequence[Role] = ()) -> set[str]:
    """Of what messages to somebody an administrator of their hospital, or they themselves, are shown that they went."""
    roles: Sequence[Role] = as_one_of_the_two or ["administrator"]
    reader_id = to.person_id if as_one_of_the_two else uuid4()
    async with office.service.client(reader_id, to.institution_id, roles) as http:
        items = (await http.get("/notifications")).raise_for_status().json()["items"]
    return {each["category"] for each in items if each["person_id"] == str(to.person_id)}


async def test_no_administrator_is_shown_what_was_or_is_mailed_about_them_and_the_two_are(office: Office) -> None:
    other = Office(office.service, office.mailbox, mentor=office.mentor, mentee=Someone("Ed", "UTC", "en"))
    await office.hear(await office.joined(other.mentee), await office.contact(other.mentee))
    for each in (office, other):
        await each.hear(await each.proposed(), await each.accepted())
    starts_at = await office.now() + 3 * DAY
    await office.hear(await other.meeting_proposed(starts_at))
    assert await _shown(office, office.mentor) == {"pair_proposed"}
    assert await _shown(office, office.mentee) == {"pair_accepted"}
    await office.hear(await office.cut_off(), await office.meeting_proposed(starts_at + timedelta(hours=2)))
    assert await _shown(office, office.mentor) == {"pair_proposed"}  # to the other mentee
    assert await _shown(office, office.mentee) == set()
    theirs = {"pair_accepted", "meeting_proposed"}
    assert await _shown(office, other.mentee) == theirs
    assert await _shown(office, office.mentee, as_one_of_the_two=["mentee"]) == theirs
    assert await _shown(office, office.mentee, as_one_of_the_two=["mentee", "administrator"]) == theirs
