"""Names are words, whatever they are made of: none of them becomes a part of a page, or runs in it."""

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.console.town import Town
from tests.e2e.console.visits import Visit, visiting
from tests.integration.console.consortium import Pair

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]  # the first one starts everything

_RUNS = "window.ran = true"
_MENTOR = f"<script>{_RUNS}</script><img src=x onerror='{_RUNS}'>"
_MENTEE = f'" autofocus onfocus="{_RUNS}" </h1></main><b id=broke>{{{{ 7 * 7 }}}}'
_LISTS = ("proposals", "silences", "feedback", "meetings")


async def test_a_name_of_markup_is_shown_as_it_is_written_and_runs_nowhere(town: Town, browser: Browser) -> None:
    brigid = town.scene.brigid
    told = len(brigid.said)
    pair = Pair(brigid.person(_MENTOR, "mentor", places=1), brigid.person(_MENTEE, "mentee")).proposed()
    await town.publish([*brigid.said[told:], *pair.said])
    async with visiting(town, browser, "rosa") as visit:
        await expect(visit.page.locator(f"#recall-{pair.pair_id}")).to_be_visible(timeout=10_000)
        await _is_inert(visit)
        await visit.page.goto(f"{town.console}/lists/proposals")
        await _is_inert(visit)
        await visit.page.locator(f"#recall-{pair.pair_id}").click()
        await expect(visit.page.get_by_role("heading", level=1)).to_have_text("Recall this proposal")
        await _is_inert(visit)
        assert visit.complaints == []  # neither an error nor anything that the policy had to stop


async def test_the_lists_behind_today_are_open_to_everybody(town: Town, browser: Browser) -> None:
    async with visiting(town, browser, "rosa") as visit:
        for name in _LISTS:
            await visit.page.goto(f"{town.console}/lists/{name}")
            for width in (1280, 320):
                await visit.look(width, "light")
                assert await visit.axe() == [], name
                assert await visit.cut_off() == [], (name, width)
        assert visit.complaints == []


async def _is_inert(visit: Visit) -> None:
    for name in (_MENTOR, _MENTEE):
        await expect(visit.page.get_by_text(name, exact=True).first).to_be_visible()
    assert await visit.page.evaluate("window.ran") is None
    assert await visit.page.locator("main script, main img, #broke").count() == 0
