"""From an event to a mail in a real mailbox, each once, in its person's words and time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from uuid import UUID

import pytest

from services.notifications import use_cases
from services.notifications.app import build
from services.notifications.sender import Sender
from services.notifications.sender.post import Answer, Connection, Post, Taken
from shared.contracts.notifications import NotificationFailed, NotificationSent
from shared.testing.running import Running, run_service
from shared.testing.stage import Engines, make_stage
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.notifications.office import DAY, KEY, Office

HOUR = timedelta(hours=1)


class ProcessDied(BaseException):
    """Stands for the end of the process."""


class DiesAfterItsFirst:
    """The real mail server, and a sender's process that ends once the server has said yes."""

    def __init__(self, port: int) -> None:
        self._post = Post("127.0.0.1", port)

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Connection]:
        """A connection that outlives one mail."""
        async with self._post.connect() as connection:
            yield _Last(connection)


@dataclass
class _Last:
    connection: Connection

    async def deliver(self, mail: EmailMessage) -> Answer:
        """Hand over one mail and die."""
        assert isinstance(await self.connection.deliver(mail), Taken)
        raise ProcessDied


def _left_of_the_at(mail: EmailMessage) -> str:
    return str(mail["Message-ID"]).partition("@")[0]


async def test_a_pair_that_a_yes_to_a_request_began_is_mailed_about_from_its_first_event_on(office: Office) -> None:
    start = await office.now() + 3 * DAY
    await office.hear(await office.accepted())
    await office.hear(await office.meeting_proposed(start), await office.scheduled(start))
    while await office.send():
        continue
    assert sorted(office.subjects(office.mentee)) == [
        "Le proponen horarios para una reuni\u00f3n",
        "Su mentor\u00eda ha sido aceptada",
    ]
    assert office.subjects(office.mentor) == ["Your meeting is scheduled"]


async def test_each_step_of_a_pair_is_mailed_once_to_whom_it_concerns(office: Office) -> None:
    start = await office.now() + 3 * DAY
    await office.hear(await office.proposed(), await office.accepted())
    await office.hear(await office.meeting_proposed(start, start + DAY), await office.scheduled(start))
    await office.hear(await office.asked())
    while await office.send():
        continue
    assert sorted(office.subjects(office.mentor)) == [
        "A mentee has been proposed to you",
        "Three short questions about your meetings",
        "Your meeting is scheduled",
    ]
    assert sorted(office.subjects(office.mentee)) == [
        "Le proponen horarios para una reuni\u00f3n",
        "Su mentor\u00eda ha sido aceptada",
        "Tres preguntas breves sobre sus reuniones",
    ]
    assert {state for _, state, _ in await office.became(office.mentor)} == {"sent"}


async def test_the_hour_is_each_persons_own_with_the_zone_named(office: Office) -> None:
    start = (await office.now()).replace(hour=16, minute=30) + 3 * DAY
    await office.hear(await office.proposed(), await office.meeting_proposed(start))
    await office.send()
    body = office.mails(office.mentee)[0].get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "10:30\u201311:00 CST (America/Mexico_City)" in text
    assert "Para Ada Okafor: 17:30\u201318:00 CET (Europe/Warsaw)" in text


async def test_a_redelivered_event_mails_once(office: Office) -> None:
    proposed = await office.proposed()
    await office.hear(proposed, proposed)
    await office.hear(proposed)
    await office.send()
    await office.send()
    assert len(office.mails(office.mentor)) == 1


async def test_two_senders_at_once_send_each_mail_once(office: Office) -> None:
    offices = [Office(office.service, office.mailbox) for _ in range(15)]
    for each in offices:
        await each.open()
        await each.hear(await each.proposed())
    senders = [office.sender() for _ in range(3)]
    while sum(await asyncio.gather(*(sender.send_some() for sender in senders))):
        continue
    assert [len(each.mails(each.mentor)) for each in offices] == [1] * 15


async def test_what_went_is_said_once_and_names_no_one(office: Office) -> None:
    await office.hear(await office.proposed())
    await office.send()
    (row,) = await office.service.rows(
        "SELECT notification_id FROM messages WHERE person_id = $1", office.mentor.person_id
    )
    notification_id: UUID = row["notification_id"]
    assert await office.service.said(notification_id) == [NotificationSent.type]
    payloads = await office.service.rows("SELECT payload FROM outbox WHERE aggregate_id = $1", notification_id)
    assert b"Okafor" not in payloads[0]["payload"]
    assert b"hospital.example" not in payloads[0]["payload"]
    assert office.mails(office.mentor)[0]["Message-ID"] == f"<{notification_id}@hospital.example>"


async def test_mail_waits_while_the_server_is_away_and_goes_when_it_is_back(office: Office) -> None:
    closed = Mailbox()
    async with closed.open():
        port = closed.port
    await office.hear(await office.proposed())
    assert await office.sender(port).send_some() == 0
    assert await office.became(office.mentor) == [("pair_proposed", "waiting", None)]
    async with closed.open(port):
        await office.retry_now()
        await office.sender(port).send_some()
    assert len(closed.mails[office.mentor.email]) == 1


async def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_recorded(office: Office) -> None:
    office.mailbox.answers[office.mentor.email] = ["451 greylisted", "250 OK"]
    office.mailbox.answers_to_data[office.mentee.email] = ["452 full", "554 no"]
    await office.hear(await office.proposed(), await office.accepted())
    await office.send()
    assert await office.became(office.mentor) == [("pair_proposed", "waiting", None)]
    for _ in range(2):
        office.mailbox.answers[office.mentor.email].clear()
        await office.retry_now()
        await office.send()
    assert await office.became(office.mentor) == [("pair_proposed", "sent", None)]
    assert await office.became(office.mentee) == [("pair_accepted", "failed", "smtp_554")]
    failed = [event for event in await office.service.bodies(NotificationFailed) if event.reason == "smtp_554"]
    assert [event.person_id for event in failed] == [office.mentee.person_id]


async def test_a_sender_that_dies_after_the_servers_yes_repeats_one_mail_with_the_same_message_id(
    office: Office,
) -> None:
    await office.hear(await office.proposed(), await office.accepted())
    place = f"dies-{office.pair_id}"
    dying = Sender(
        office.service.worker,
        DiesAfterItsFirst(office.mailbox.port),
        KEY,
        sender="o@h.example",
        console="",
        place=place,
    )
    with pytest.raises(ProcessDied):
        await dying.send_some()
    assert await office.send() == 0  # both are still under the dead one's lease
    async with office.service.worker.transaction() as tx:
        await use_cases.free_leases(tx, place)  # what the process of this place does first when it is back
    await office.sender().send_some()
    mails = office.mails(office.mentor) + office.mails(office.mentee)
    assert len(mails) == 3
    assert len({_left_of_the_at(mail) for mail in mails}) == 2
    assert await office.became(office.mentor) == [("pair_proposed", "sent", None)]
    said = [event.person_id for event in await office.service.bodies(NotificationSent)]
    assert (said.count(office.mentor.person_id), said.count(office.mentee.person_id)) == (1, 1)


async def test_a_contact_that_comes_later_is_waited_for(notifications: Running, mailbox: Mailbox) -> None:
    office = Office(notifications, mailbox)
    await office.hear(await office.joined(office.mentor), await office.proposed())
    assert await office.send() == 0
    assert await office.became(office.mentor) == [("pair_proposed", "waiting", None)]
    await office.hear(await office.contact(office.mentor))
    await office.retry_now()
    await office.send()
    assert len(office.mails(office.mentor)) == 1
    body = office.mails(office.mentor)[0].get_body(("plain",))
    assert body is not None
    assert "The other person has been proposed to you" in body.get_content()


async def test_a_service_that_is_built_anew_mails_nobody_about_what_was(
    engines: Engines, passwords: dict[str, str], mailbox: Mailbox
) -> None:
    stage = await make_stage(engines, passwords, ["notifications"])
    async with run_service(stage, build()) as service:
        office = Office(service, mailbox)
        now = await office.now()
        start = now + 20 * HOUR
        past = [await office.joined(office.mentor), await office.contact(office.mentor)]
        past += [await office.joined(office.mentee), await office.contact(office.mentee)]
        past += [await office.proposed(), await office.accepted(), await office.meeting_proposed(start)]
        past += [await office.scheduled(start), await office.asked()]
        older = [event.model_copy(update={"occurred_at": now - 30 * HOUR}) for event in past]
        await office.hear(*older)
        assert ("meeting_reminder", "suppressed", "expired") not in await office.became(office.mentor)
        await office.step_to(now + HOUR)  # a meeting of the past may yet turn out to have been moved or cancelled
        assert await office.send() == 0
        assert not any(mailbox.mails.values())
        for someone in (office.mentor, office.mentee):
            outcomes = await office.became(someone)
            assert len(outcomes) == 4
            assert {(state, reason) for _, state, reason in outcomes} == {("suppressed", "expired")}
