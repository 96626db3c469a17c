"""Today in a real browser: signed in as a persona, live, plain without a script, narrow, and open to everybody."""

import re
from http import HTTPStatus

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.console.town import Town
from tests.e2e.console.visits import LOOKS, OUTERMOST, visiting

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]  # the first one starts everything


async def test_a_persona_signs_in_and_no_token_reaches_the_browser(town: Town, browser: Browser) -> None:
    async with visiting(town, browser, "rosa") as visit:
        await expect(visit.page.get_by_role("heading", level=1)).to_contain_text("need")
        cookies = [each for each in await visit.page.context.cookies() if each.get("name") == "osler_session"]
        assert [(each.get("httpOnly"), each.get("sameSite")) for each in cookies] == [(True, "Lax")]
        stored: int = await visit.page.evaluate("localStorage.length + sessionStorage.length")
        assert stored == 0
        everything = await visit.page.content() + str(await visit.page.context.cookies())
        assert re.search(r"eyJ[\w-]+\.[\w-]+\.", everything) is None
        assert await visit.page.evaluate("document.cookie") == ""


async def test_who_is_on_no_roster_is_told_so_and_gets_no_session(town: Town, browser: Browser) -> None:
    async with visiting(town, browser) as visit:
        await visit.sign_in("stranger", arrives="/signed-in")
        await expect(visit.page.get_by_role("heading", level=1)).to_have_text("This page is not for you")
        await expect(visit.page.get_by_text("Ask your administrator to add you")).to_be_visible()
        assert not [each for each in await visit.page.context.cookies() if each.get("name") == "osler_session"]


async def test_a_change_made_through_the_api_appears_without_a_reload(town: Town, browser: Browser) -> None:
    async with visiting(town, browser, "rosa") as visit:
        await visit.page.evaluate("window.sameDocument = true")
        before = await visit.page.locator("[data-count-shown]").inner_text()
        pair_id = await town.propose(town.scene.free_mentor, town.scene.mentee)
        row = visit.page.locator(f"#recall-{pair_id}")
        await expect(row).to_be_visible(timeout=10_000)
        assert await visit.page.evaluate("window.sameDocument") is True
        assert int(await visit.page.locator("[data-count-shown]").inner_text()) == int(before) + 1
        await expect(visit.page.locator("#news")).to_contain_text("need you")  # said to who cannot see it
        assert visit.complaints == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_proposal_is_recalled_with_and_without_scripts(town: Town, browser: Browser, *, scripts: bool) -> None:
    mentee = town.scene.quiet_mentee if scripts else town.scene.mentee
    async with visiting(town, browser, "rosa", java_script_enabled=scripts) as visit:
        pair_id = await town.propose(town.scene.pairs[1].mentor, mentee)
        await visit.shows(f"#recall-{pair_id}")
        await visit.page.locator(f"#recall-{pair_id}").click()
        await visit.page.get_by_label("It was a mistake").check()
        await visit.page.get_by_role("button", name="Recall the proposal").click()
        await expect(visit.page.get_by_text("Done. The proposal was taken back.")).to_be_visible()
        await expect(visit.page.locator(f"#recall-{pair_id}")).to_have_count(0)  # the page is as new as the press
        assert await town.state(pair_id) == "recalled"


async def test_the_page_and_its_links_work_without_scripts(town: Town, browser: Browser) -> None:
    async with visiting(town, browser, "rosa") as visit:
        with_scripts = await visit.page.locator("#today").inner_text()
    async with visiting(town, browser, "rosa", java_script_enabled=False) as visit:
        assert await visit.page.locator("#today").inner_text() == with_scripts
        await visit.page.get_by_role("link", name=re.compile("^Recall")).first.click()
        await expect(visit.page.get_by_role("heading", level=1)).to_have_text("Recall this proposal")
        await visit.page.get_by_role("link", name="Keep it").click()
        await visit.page.wait_for_url("**/today")
        # The directory is not in this town; the pages that ask it have their own test, without scripts too.
        away = tuple(town.console + page for page in ("/rosters", "/tokens", "/profile"))
        addresses = await visit.page.locator("a[href]").evaluate_all("all => all.map(each => each.href)")
        for address in (each for each in addresses if not each.startswith(away)):
            answer = await visit.page.request.get(address)
            assert answer.ok, address


@pytest.mark.parametrize("persona", ["rosa", "sam", "calm", "mentor", "quiet", "office"])
async def test_everybodys_today_is_open_to_everybody(persona: str, town: Town, browser: Browser) -> None:
    async with visiting(town, browser, persona) as visit:
        await visit.is_open(LOOKS if persona == "rosa" else OUTERMOST)
        assert visit.complaints == []
        assert visit.hosts == {town.console, town.issuer}


async def test_the_other_pages_are_open_to_everybody(town: Town, browser: Browser) -> None:
    async with visiting(town, browser) as visit:
        for address in ("/sign-in", "/signed-out", "/nowhere"):
            await visit.page.goto(town.console + address)
            await visit.is_open(OUTERMOST)
        await visit.sign_in("rosa")
        await visit.page.get_by_role("link", name=re.compile("^Recall")).first.click()
        await expect(visit.page.get_by_role("heading", level=1)).to_have_text("Recall this proposal")
        await visit.is_open(LOOKS)
        # The browser itself notes a page that answers 404; the policy is what must have nothing to say.
        assert [each for each in visit.complaints if "404" not in each] == []


async def test_the_menu_opens_on_a_phone_without_scripts(town: Town, browser: Browser) -> None:
    size = {"width": 320, "height": 640}
    async with visiting(town, browser, "rosa", viewport=size, java_script_enabled=False) as visit:
        await visit.page.get_by_role("button", name="Menu").click()
        await expect(visit.page.get_by_role("button", name="Sign out")).to_be_visible()


async def test_a_mentor_says_yes_and_both_are_led_to_the_compact(town: Town, browser: Browser) -> None:
    pair_id = await town.propose(town.scene.free_mentor, town.scene.quiet_mentee)
    async with visiting(town, browser, "free-mentor") as visit:
        await visit.shows(f"#accept-{pair_id}")
        await visit.page.locator(f"#accept-{pair_id}").click()
        await expect(visit.page.get_by_text("Done. You said yes")).to_be_visible()
    assert await town.state(pair_id) == "accepted"
    for persona in ("free-mentor", "quiet"):
        async with visiting(town, browser, persona) as visit:
            await visit.shows(f"#compact-{pair_id}")
            await visit.page.locator(f"#compact-{pair_id}").click()
            await expect(visit.page.get_by_role("heading", level=1)).to_have_text("What do you expect of each other?")


async def test_a_refusal_says_what_happened_what_was_kept_and_what_to_do(town: Town, browser: Browser) -> None:
    pair_id = await town.propose(town.scene.free_mentor, town.scene.pairs[0].mentee)
    async with visiting(town, browser, "rosa") as visit:
        await visit.shows(f"#recall-{pair_id}")
        await visit.page.locator(f"#recall-{pair_id}").click()
        async with town.api("free-mentor") as pairing:
            seen = await pairing.get(f"/pairs/{pair_id}")
            await pairing.post(f"/pairs/{pair_id}/accept", headers={"If-Match": seen.headers["etag"]})
        await visit.page.get_by_label("It was a mistake").check()
        async with visit.page.expect_response(f"**/pairs/{pair_id}/recall") as answered:
            await visit.page.get_by_role("button", name="Recall the proposal").click()
        assert (await answered.value).status == HTTPStatus.CONFLICT
        notice = visit.page.get_by_role("alert")
        await expect(notice).to_contain_text("was answered, recalled or has lapsed")
        await expect(notice).to_contain_text("Nothing was changed")
        assert await visit.axe() == []
    assert await town.state(pair_id) == "accepted"


async def test_signing_out_ends_the_session_here_and_at_the_issuer(town: Town, browser: Browser) -> None:
    async with visiting(town, browser, "rosa") as visit:
        kept = await visit.page.context.cookies()
        await visit.page.get_by_role("button", name="Sign out").click()
        await visit.page.wait_for_url("**/signed-out")
        await expect(visit.page.get_by_role("heading", level=1)).to_have_text("You are signed out")
        assert town.issuer in visit.hosts
        await visit.page.context.add_cookies([dict(each) for each in kept])  # type: ignore[list-item] # its own words back
        await visit.page.goto(f"{town.console}/today")
        await visit.page.wait_for_url("**/sign-in")
        assert visit.complaints == []


async def test_a_page_left_open_is_sent_to_the_sign_in_when_its_session_ends(town: Town, browser: Browser) -> None:
    async with visiting(town, browser, "sam") as visit, visiting(town, browser) as other:
        kept = await visit.page.context.cookies()
        await other.page.context.add_cookies([dict(each) for each in kept])  # type: ignore[list-item] # its own words back
        await other.page.goto(f"{town.console}/today")
        await other.page.get_by_role("button", name="Sign out").click()
        await other.page.wait_for_url("**/signed-out")
        await visit.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        pair = town.scene.pairs[0]
        await town.publish([town.scene.mesa.record_contact(pair.mentor, "Dr Margaret Begay", version=5)])
        await visit.page.wait_for_url("**/sign-in", timeout=15_000)
