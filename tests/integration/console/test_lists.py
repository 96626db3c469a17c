"""Lists longer than a page of Today: counted there, and read to their end behind a link."""

import re
from datetime import timedelta
from http import HTTPStatus

from services.console.domain import SHOWN
from shared.contracts.event import Event
from tests.integration.console.consortium import NOW, Hospital, Pair, Person
from tests.integration.console.front import Front

_DAY = timedelta(days=1)
_MANY = 2 * SHOWN + 30
_LISTS = {"proposals": "Waiting", "silences": "Quiet", "feedback": "Quiet", "meetings": "Quiet"}
"""Each list, and how those are called who stand in it."""


async def _crowded(front: Front) -> Person:
    """An administrator with more of everything than a page shows."""
    hospital = Hospital("A crowded hospital")
    administrator = hospital.person("Rosa", "administrator")
    mentor = hospital.person("Dr A", "mentor", places=100)
    said: list[Event] = []
    for number in range(_MANY):
        late = timedelta(minutes=number // 2)  # two of each at one instant
        waiting = Pair(mentor, hospital.person(f"Waiting {number:03}", "mentee")).proposed(NOW - 5 * _DAY + late)
        quiet = Pair(mentor, hospital.person(f"Quiet {number:03}", "mentee")).active(NOW - 60 * _DAY + late)
        quiet.meets(NOW + _DAY + late)
        quiet.asked_for_feedback(NOW - _DAY + late)
        said += [*waiting.said, *quiet.said]
    await front.console.deliver(*hospital.said)
    await front.console.deliver(*said)
    return administrator


async def test_a_long_list_is_counted_on_today_and_read_to_its_end_by_links(front: Front) -> None:
    administrator = await _crowded(front)
    async with front.browser(await front.let_in(administrator)) as browser:
        today = (await browser.get("/today")).text
        for name, marks in _LISTS.items():
            pages = [today[today.index(f'<h2 id="{name}"') : today.index(f'href="/lists/{name}')]]
            assert f"{SHOWN} of {_MANY}." in pages[0]
            address = _onwards(name, today)
            while address:
                page = await browser.get(address[0])
                assert (page.status_code, f"{_MANY} in all" in page.text) == (HTTPStatus.OK, True)
                pages.append(page.text)
                address = _onwards(name, page.text)
            shown = [set(re.findall(rf"{marks} \d\d\d", text)) for text in pages]
            assert [len(names) for names in shown] == [SHOWN, SHOWN, _MANY - 2 * SHOWN]
            assert len(set[str]().union(*shown)) == _MANY
    await _expect_nothing_elsewhere(front)


def _onwards(name: str, text: str) -> list[str]:
    return re.findall(rf'href="(/lists/{name}\?after=[^"]+)"', text)


async def _expect_nothing_elsewhere(front: Front) -> None:
    hospital = Hospital("Another hospital")
    administrator = hospital.person("Eve", "administrator")
    await front.console.deliver(*hospital.said)
    async with front.browser(await front.let_in(administrator)) as browser:
        for name, marks in _LISTS.items():
            page = await browser.get(f"/lists/{name}")
            assert "0 in all" in page.text
            assert f"{marks} 0" not in page.text


async def test_a_list_of_another_name_or_position_is_no_page(front: Front) -> None:
    hospital = Hospital("A hospital")
    administrator = hospital.person("Rosa", "administrator")
    await front.console.deliver(*hospital.said)
    cookie = await front.let_in(administrator)
    async with front.browser(cookie) as browser:
        assert (await browser.get("/lists/sessions")).status_code == HTTPStatus.NOT_FOUND
        for cursor in ("", "x", "WzEsMV0", "../today"):
            answer = await browser.get("/lists/meetings", params={"after": cursor})
            assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, cursor
        assert "0 in all" in (await browser.get("/lists/meetings")).text
