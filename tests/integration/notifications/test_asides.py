"""Mail that one person alone may know of: a concern, an introduction, an invitation to a circle."""

from typing import Any, TypeVar
from uuid import UUID, uuid4, uuid5

import pytest

from shared.contracts.asides import (
    AsideEvent,
    CircleInvitationOver,
    CircleInvited,
    ConcernReached,
    IntroductionAsked,
    IntroductionOver,
    IntroductionWished,
)
from shared.contracts.notifications import NotificationSent
from shared.contracts.pairing import IntroductionConsented
from shared.testing.running import Running
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.notifications.office import DAY, Office, Someone

CONCERN, ASKED = "Something waits for you in Osler", "Would you like to meet somebody?"
OVER, CONNECTED = "An introduction did not come about", "You have been introduced"
WISHED = "A mentee asks you for an introduction"
INVITED = "You are invited to a circle"
E = TypeVar("E", bound=AsideEvent)


@pytest.fixture
async def office(notifications: Running, mailbox: Mailbox) -> Office:
    """A mentor and a mentee, who both read English."""
    office = Office(notifications, mailbox, mentee=Someone("Luz Ibarra", "America/Mexico_City", "en"))
    await office.open()
    return office


@pytest.fixture
async def colleague(office: Office) -> Someone:
    """Somebody of a third hospital."""
    someone = Someone("Kai Ode", "Africa/Lagos", "en")
    await office.hear(await office.joined(someone), await office.contact(someone))
    return someone


async def aside(office: Office, kind: type[E], to: Someone, about_id: UUID, **facts: Any) -> E:
    """Something is said to one person."""
    return kind(
        version=1,
        occurred_at=await office.now(),
        institution_ids=(to.institution_id,),
        aside_id=uuid4(),
        about_id=about_id,
        person_id=to.person_id,
        institution_id=to.institution_id,
        **facts,
    )


class Introduction:
    """The office's mentor introduces the mentee and the colleague."""

    def __init__(self, office: Office, *asked: Someone) -> None:
        self.office, self.both, self.introduction_id = office, asked, uuid4()

    async def asked(self) -> list[IntroductionAsked]:
        """Both are asked."""
        answer_by = await self.office.now() + 14 * DAY
        return [await self._to(IntroductionAsked, each, answer_by=answer_by) for each in self.both]

    async def over(self) -> list[IntroductionOver]:
        """It did not come about."""
        return [await self._to(IntroductionOver, each) for each in self.both]

    async def consented(self) -> IntroductionConsented:
        """Both said yes."""
        mentee, colleague = self.both
        return IntroductionConsented(
            version=1,  # the only event of it that is heard here
            occurred_at=await self.office.now(),
            institution_ids=(self.office.mentor.institution_id,),
            introduction_id=self.introduction_id,
            mentor_id=self.office.mentor.person_id,
            mentor_institution_id=self.office.mentor.institution_id,
            mentee_id=mentee.person_id,
            mentee_institution_id=mentee.institution_id,
            colleague_id=colleague.person_id,
            colleague_institution_id=colleague.institution_id,
        )

    async def _to(self, kind: type[E], to: Someone, **facts: Any) -> E:
        mentor = {"mentor_id": self.office.mentor.person_id, "mentor_institution_id": self.office.mentor.institution_id}
        about_id = uuid5(self.introduction_id, str(to.person_id))
        return await aside(self.office, kind, to, about_id, **mentor, **facts)


async def test_the_contact_is_told_that_something_waits_once_and_nothing_more(office: Office) -> None:
    event = await aside(office, ConcernReached, office.mentee, uuid4())
    await office.hear(event, event)
    await office.send()
    [mail] = office.mails(office.mentee)
    assert mail["Subject"] == CONCERN
    assert office.mentor.name not in mail.as_string()


async def test_no_administrator_is_shown_what_one_person_alone_is_told(office: Office, colleague: Someone) -> None:
    introduction = Introduction(office, office.mentee, colleague)
    await office.hear(await aside(office, ConcernReached, office.mentee, uuid4()), *await introduction.asked())
    await office.hear(await circle(office, CircleInvited))
    await office.send()
    assert len(office.mails(office.mentee)) == 3
    home = office.mentee.institution_id
    async with office.service.client(uuid4(), home, ["administrator"]) as http:
        assert (await http.get("/notifications")).json()["items"] == []
    async with office.service.client(office.mentee.person_id, home, ["mentee"]) as http:
        items = (await http.get("/notifications")).json()["items"]
        assert {each["category"] for each in items} == {"concern_reached", "introduction_asked", "circle_invited"}
    said = [each for each in await office.service.bodies(NotificationSent) if each.person_id == office.mentee.person_id]
    assert [each.category for each in said] == ["private"] * 3


async def test_both_are_asked_without_names_and_named_to_each_other_once_both_said_yes(
    office: Office, colleague: Someone
) -> None:
    introduction = Introduction(office, office.mentee, colleague)
    await office.hear(*await introduction.asked())
    await office.send()
    for one, other in ((office.mentee, colleague), (colleague, office.mentee)):
        [mail] = office.mails(one)
        assert mail["Subject"] == ASKED
        assert office.mentor.name in mail.as_string()
        assert other.name not in mail.as_string()
    consented = await introduction.consented()
    await office.hear(consented, consented)
    await office.send()
    for one, other in ((office.mentee, colleague), (colleague, office.mentee)):
        assert office.subjects(one) == [ASKED, CONNECTED]
        assert other.name in office.mails(one)[-1].as_string()
    assert office.subjects(office.mentor) == []


async def test_a_mentor_hears_which_mentee_asks_for_an_introduction(office: Office) -> None:
    mentee = {"mentee_id": office.mentee.person_id, "mentee_institution_id": office.mentee.institution_id}
    until = await office.now() + 14 * DAY
    event = await aside(office, IntroductionWished, office.mentor, uuid4(), **mentee, answer_by=until)
    await office.hear(event, event)
    await office.send()
    [mail] = office.mails(office.mentor)
    assert mail["Subject"] == WISHED
    assert office.mentee.name in mail.as_string()
    assert office.mails(office.mentee) == []


@pytest.mark.parametrize("first", ["asked", "over"])
async def test_what_did_not_come_about_is_asked_no_more_in_whichever_order_it_is_heard(
    office: Office, colleague: Someone, first: str
) -> None:
    introduction = Introduction(office, office.mentee, colleague)
    asked = await introduction.asked()
    await office.step_to(await office.now() + DAY)
    over = await introduction.over()
    for events in (asked, over) if first == "asked" else (over, asked):
        await office.hear(*events)
    await office.send()
    for each in (office.mentee, colleague):
        assert office.subjects(each) == [OVER]
        assert ("introduction_asked", "suppressed", "cause_gone") in await office.became(each)


async def test_who_was_connected_before_the_question_was_heard_is_not_asked(office: Office, colleague: Someone) -> None:
    introduction = Introduction(office, office.mentee, colleague)
    asked = await introduction.asked()
    await office.step_to(await office.now() + DAY / 24)
    await office.hear(await introduction.consented())
    await office.hear(*asked)
    await office.send()
    assert [office.subjects(each) for each in (office.mentee, colleague)] == [[CONNECTED], [CONNECTED]]


async def circle(office: Office, kind: type[E], about_id: UUID | None = None) -> E:
    """The mentor's circle invites the mentee, or does so no more."""
    leader = {"led_by": office.mentor.person_id, "leader_institution_id": office.mentor.institution_id}
    return await aside(office, kind, office.mentee, about_id or uuid4(), **leader)


async def test_who_is_invited_to_a_circle_is_told_by_whom(office: Office) -> None:
    event = await circle(office, CircleInvited)
    await office.hear(event, event)
    await office.send()
    [mail] = office.mails(office.mentee)
    assert mail["Subject"] == INVITED
    assert office.mentor.name in mail.as_string()
    assert office.mails(office.mentor) == []


@pytest.mark.parametrize("first", ["invited", "over"])
async def test_an_invitation_that_is_over_is_not_mailed_in_whichever_order_it_is_heard(
    office: Office, first: str
) -> None:
    invited = await circle(office, CircleInvited)
    await office.step_to(await office.now() + DAY / 24)
    over = await circle(office, CircleInvitationOver, invited.about_id)
    for event in (invited, over) if first == "invited" else (over, invited):
        await office.hear(event)
    await office.send()
    assert await office.became(office.mentee) == [("circle_invited", "suppressed", "cause_gone")]
