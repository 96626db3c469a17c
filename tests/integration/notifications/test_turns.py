"""Mail to a mentee about their request: whom it passed over and why, and that nobody is left."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notifications.domain.categories import WHY
from shared.contracts.pairing import (
    RequestAccepted,
    RequestDeclined,
    RequestExhausted,
    RequestPassedOver,
    RequestWithdrawn,
)
from shared.testing.running import Running
from tests.docs.repository import ROOT, read
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.notifications.office import Office, Someone

PASSED_OVER, OVER = "A mentor of your request was passed over", "Your request is over"


@pytest.fixture
async def office(notifications: Running, mailbox: Mailbox) -> Office:
    """A mentor, and a mentee who reads English."""
    office = Office(notifications, mailbox, mentee=Someone("Luz Ibarra", "America/Mexico_City", "en"))
    await office.open()
    return office


async def exhausted(office: Office) -> RequestExhausted:
    """Nobody is left."""
    facts = (await office.request_says(RequestDeclined)).model_dump()
    return RequestExhausted(**{name: facts[name] for name in RequestExhausted.model_fields})


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("not_accepting", "They take no new mentees at the moment."),
        ("conflict_of_interest", "A conflict of interest stands between you."),
        ("agreement_ending", "The agreement between your hospitals does not allow it."),
        ("lend_cap", "Every place that you could have is taken."),
        ("something_new", "It has become impossible."),
    ],
)
async def test_a_mentee_hears_who_was_passed_over_and_why(office: Office, reason: str, why: str) -> None:
    await office.hear(await office.request_sent())
    event = await office.request_says(RequestPassedOver, reason=reason)
    await office.hear(event, event)
    await office.send()
    [mail] = office.mails(office.mentee)
    assert mail["Subject"] == PASSED_OVER
    assert f"{office.mentor.name} cannot be asked any more. {why}" in _text(mail)
    assert await office.became(office.mentor) == [("request_sent", "suppressed", "cause_gone")]


def test_each_code_with_which_a_mentor_is_passed_over_has_a_reason_in_words() -> None:
    rules = read(ROOT / "docs/guide/rules.md")
    table = rules.split("| code | when | at the yes too |")[1].split("\n\n")[0]
    codes = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert len(codes) > 5
    assert codes == set(WHY)


async def test_a_mentee_hears_that_nobody_is_left_instead_of_each_mentor_who_was_passed_over(office: Office) -> None:
    await office.hear(await office.request_sent(), await office.request_says(RequestPassedOver, reason="borrow_cap"))
    office.choice_id = uuid4()
    await office.hear(await office.request_says(RequestPassedOver, reason="not_accepting"))
    event = await exhausted(office)
    await office.hear(event, event)
    await office.send()
    assert office.subjects(office.mentee) == [OVER]
    became = await office.became(office.mentee)
    assert became.count(("request_passed_over", "suppressed", "cause_gone")) == 2


@pytest.mark.parametrize(
    ("end", "facts"), [(RequestAccepted, {"pair_id": UUID(int=7)}), (RequestWithdrawn, {"reason": "asked"})]
)
async def test_a_request_that_is_over_says_no_more_of_whom_it_passed_over(
    office: Office, end: Any, facts: dict[str, Any]
) -> None:
    await office.hear(await office.request_sent(), await office.request_says(RequestPassedOver, reason="no_agreement"))
    office.choice_id = uuid4()
    await office.hear(await office.request_sent(), await office.request_says(end, **facts))
    await office.send()
    assert await office.became(office.mentee) == [("request_passed_over", "suppressed", "cause_gone")]


def _text(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())
