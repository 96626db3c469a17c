"""The compact in a real browser: stated alone, compared, signed by both, amended; by keyboard, without scripts."""

import re
from http import HTTPStatus
from uuid import UUID

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.console.town import Town
from tests.e2e.console.visits import OUTERMOST, Visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]  # the first one starts everything

_CHANGE = re.compile(r"^Change.*Run a family meeting alone$")
_STOPS = 120
"""More than a page has that a key can stand on."""


async def test_two_people_come_to_a_compact_without_scripts_and_a_stale_signature_is_none(
    town: Town, browser: Browser
) -> None:
    pair_id = await _accepted(town)
    async with (
        visiting(town, browser, "mentor", java_script_enabled=False) as mentor,
        visiting(town, browser, "mentee", java_script_enabled=False) as mentee,
    ):
        await _open(mentor, pair_id, "What do you expect of each other?")
        await mentor.page.get_by_label("Goals, each on a line of its own").fill("Send one abstract")
        await mentor.page.get_by_label("What else matters to you").fill("I answer within two days.")
        await _press(mentor, "#state", "Your expectations are kept")
        await _open(mentee, pair_id, "What do you expect of each other?")
        assert "two days" not in await mentee.page.content()
        await mentee.page.get_by_label("We meet").select_option("two_weeks")
        await mentee.page.get_by_label("Goals, each on a line of its own").fill("Run a family meeting alone\n\n")
        await _press(mentee, "#state", "Both of you have said what you expect")
        await expect(mentee.page.get_by_text("I answer within two days.")).to_be_visible()
        await expect(mentee.page.get_by_role("row", name="Meetings differs")).to_contain_text("every month")
        await mentee.page.get_by_label("Support of goal 1").select_option("direct")
        await _press(mentee, "#offer", "The version waits for both signatures")
        await _open(mentor, pair_id, "Version 1 waits for your signature")
        await mentee.page.locator("#change > summary").click()
        await mentee.page.get_by_label("Minutes of a meeting").fill("45")
        await _press(mentee, "#offer", "The version waits for both signatures")
        async with mentor.page.expect_response("**/compact/sign") as answered:
            await mentor.page.locator("#sign").click()
        assert (await answered.value).status == HTTPStatus.CONFLICT
        await expect(mentor.page.get_by_role("alert")).to_contain_text(
            "Another version waits by now. Nothing was signed."
        )
        await _press(mentor, "#sign", "You have signed; it waits for the other signature")
        assert await town.state(pair_id) == "accepted"
        await _open(mentee, pair_id, "Version 2 waits for your signature")
        await _press(mentee, "#sign", "Both of you have signed, and this version is in force")
        assert await town.state(pair_id) == "active"
        await expect(mentee.page.get_by_role("heading", level=1)).to_have_text("Your compact, version 2")
        await _amend(mentor, mentee, pair_id)


async def _amend(mentor: Visit, mentee: Visit, pair_id: UUID) -> None:
    """An amendment that is taken back, a level of support, and every version to be read."""
    await _open(mentor, pair_id, "Your compact, version 2")
    await expect(mentor.page.get_by_role("button", name=_CHANGE)).to_have_count(0)
    await mentor.page.locator("#change > summary").click()
    await mentor.page.get_by_label("Goal 3", exact=True).fill("Chair one meeting")
    await _press(mentor, "#offer", "The version waits for both signatures")
    await expect(mentor.page.get_by_text("Version 2 holds until both of you have signed version 3.")).to_be_visible()
    await _press(mentor, "#withdraw", "The version was taken back")
    await _open(mentee, pair_id, "Your compact, version 2")
    await mentee.page.get_by_label("Run a family meeting alone").select_option("on_request")
    await mentee.page.get_by_role("button", name=_CHANGE).click()
    await expect(mentee.page.get_by_text("Done. The goal is supported as you said.")).to_be_visible()
    await mentee.page.get_by_role("link", name="Every version that was offered").click()
    states = await mentee.page.locator(".card > p.status").all_inner_texts()
    assert [text.strip() for text in states] == ["Taken back", "In force", "Replaced by a later one"]


async def test_the_pages_of_a_compact_are_open_to_everybody_and_to_the_keyboard(town: Town, browser: Browser) -> None:
    pair_id = await _accepted(town)
    async with visiting(town, browser, "mentor") as mentor, visiting(town, browser, "mentee") as mentee:
        await _open(mentor, pair_id, "What do you expect of each other?")
        await mentor.is_open(OUTERMOST)
        await mentor.page.set_viewport_size({"width": 1280, "height": 860})
        await _tab_to(mentor, "goals")
        await mentor.page.keyboard.type("Send one abstract")
        await _tab_to(mentor, "state")
        await mentor.page.keyboard.press("Enter")
        await expect(mentor.page.get_by_text("Your expectations are kept")).to_be_visible()
        await _open(mentee, pair_id, "What do you expect of each other?")
        await _press(mentee, "#state", "Both of you have said what you expect")
        await mentee.is_open(OUTERMOST)
        await mentee.page.get_by_label("Goal 2", exact=True).fill("Another goal")
        await _press(mentee, "#offer", "The version waits for both signatures")
        await mentee.is_open(OUTERMOST)
        await _tab_to(mentee, "sign")
        await mentee.page.keyboard.press("Enter")
        await expect(mentee.page.get_by_text("You have signed; it waits")).to_be_visible()
        await mentee.page.goto(f"{town.console}/pairs/{pair_id}/compact/versions")
        await mentee.is_open(OUTERMOST)
        assert mentor.complaints == mentee.complaints == []


async def test_what_both_promise_is_read_in_ones_own_language_or_in_another(town: Town, browser: Browser) -> None:
    pair_id = await _accepted(town)
    async with visiting(town, browser, "mentee") as visit:
        await visit.page.goto(f"{town.console}/pairs/{pair_id}/compact")
        await expect(visit.page.locator("#promise")).to_have_text("What stays between the two of you, and what cannot")
        for language, begins in (
            ("Deutsch", "Was zwischen"),
            ("Français", "Ce qui reste"),
            ("Español", "Lo que queda"),
        ):
            await visit.page.get_by_role("link", name=language).click()
            await expect(visit.page.locator("#promise")).to_contain_text(begins)
            assert await visit.axe() == []


async def test_a_concern_names_whom_it_reaches_and_reaches_that_person(town: Town, browser: Browser) -> None:
    pair_id = await _accepted(town)
    words = "We are never on time, and I do not dare to say so."
    async with visiting(town, browser, "mentee") as visit:
        await visit.page.goto(f"{town.console}/pairs/{pair_id}/compact")
        await visit.page.get_by_role("link", name="Raise a concern").click()
        await expect(visit.page.get_by_text("Your hospital has named nobody yet")).to_be_visible()
        await visit.is_open(OUTERMOST)
        async with town.api("rosa") as pairing:
            contact = {"person_id": str(town.scene.rosa.person_id)}
            (await pairing.post("/concern-contact", json=contact)).raise_for_status()
        await visit.page.reload()
        await expect(visit.page.get_by_text("Rosa Almeida alone, with your name.")).to_be_visible()
        await visit.is_open(OUTERMOST)
        await visit.page.get_by_label("What is not right").fill(words)
        await _press(visit, "#raise", "Your concern reached the contact of your hospital")
        assert visit.complaints == []
    async with town.api("rosa") as pairing:
        reached = (await pairing.get("/concerns")).json()["items"]
    assert [(each["pair_id"], each["words"]) for each in reached] == [(str(pair_id), words)]
    async with town.api("mentor") as pairing:
        assert (await pairing.get("/concerns")).json()["items"] == []


async def _accepted(town: Town) -> UUID:
    """A pair whose mentor has said yes; an earlier one of the two is over."""
    async with town.api("mentee") as pairing:
        for pair in (await pairing.get("/pairs")).json()["items"]:
            if pair["mentor_id"] == str(town.scene.mentor.person_id) and pair["state"] in {"accepted", "active"}:
                seen = {"If-Match": f'"{pair["revision"]}"'}
                (await pairing.post(f"/pairs/{pair['pair_id']}/end", headers=seen)).raise_for_status()
    pair_id = await town.propose(town.scene.mentor, town.scene.mentee)
    async with town.api("mentor") as pairing:
        seen = await pairing.get(f"/pairs/{pair_id}")
        accepted = await pairing.post(f"/pairs/{pair_id}/accept", headers={"If-Match": seen.headers["etag"]})
        accepted.raise_for_status()
    return pair_id


async def _open(visit: Visit, pair_id: UUID, title: str) -> None:
    """By the link on Today, where it is, as soon as the console has heard of the pair."""
    link = f'a[href="/pairs/{pair_id}/compact"]'
    await visit.page.goto(f"{visit.town.console}/today")
    await visit.shows(link)
    await visit.page.locator(link).first.click()
    await expect(visit.page.get_by_role("heading", level=1)).to_have_text(title)


async def _press(visit: Visit, button: str, said: str) -> None:
    await visit.page.locator(button).click()
    await expect(visit.page.get_by_text(said)).to_be_visible()


async def _tab_to(visit: Visit, element_id: str) -> None:
    """With nothing but the key that everybody has."""
    for _ in range(_STOPS):
        if await visit.page.evaluate("document.activeElement.id") == element_id:
            return
        await visit.page.keyboard.press("Tab")
    raise AssertionError(f"no key leads to {element_id}")
