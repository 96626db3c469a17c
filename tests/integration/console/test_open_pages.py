"""The pages that other services answer, in a real browser: open to everybody, by keyboard, and without scripts."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from shared.testing.running import Running
from tests.e2e.console.visits import OUTERMOST
from tests.integration.console.behind import Somebody, overhear, tell
from tests.integration.console.conflicting import a_conflict
from tests.integration.console.consortium import Hospital
from tests.integration.console.front import DIRECTORY, PAIRING, Front
from tests.integration.console.served import looking, served
from tests.integration.directory.consortium import Consortium
from tests.unit.directory.rosters import a_roster, a_workbook

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]  # the first one starts everything

Served = tuple[Front, str]


@pytest.fixture
async def pages(console: Running, directory: Running, pairing: Running) -> AsyncGenerator[Served]:
    async with served(console) as (front, url):
        front.world.behind |= {DIRECTORY: directory.http, PAIRING: pairing.http}
        yield front, url


async def test_a_roster_is_sent_checked_applied_and_taken_back_without_scripts(
    pages: Served, browser: Browser, consortium: Consortium, tmp_path: Path
) -> None:
    front, url = pages
    hospital = await consortium.add_hospital()
    await overhear(front, consortium.running)
    file = tmp_path / "roster.xlsx"
    file.write_bytes(a_workbook({}, {"external_id": "E-2", "programme": "astrology"}))
    async with looking(front, url, browser, Somebody(hospital), scripts=False) as sight:
        page = sight.page
        await page.goto(f"{url}/today")
        await page.get_by_role("link", name="Import").click()
        await page.get_by_label("Roster file").set_input_files(file)
        await page.get_by_role("button", name="Check the file").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Check before anything is saved")
        await expect(page.get_by_text("Your hospital has no such programme.")).to_be_visible()
        assert list(await hospital.people()) == ["boss"]
        await page.get_by_role("button", name="Apply 1 good row").click()
        await expect(page.get_by_text("Done. The rows were imported.")).to_be_visible()
        assert sorted(await hospital.people()) == ["E-1", "boss"]
        await page.get_by_role("link", name="Revert this import").click()
        await page.get_by_role("button", name="Revert the import").click()
        await expect(page.get_by_text("Done. The import was taken back.")).to_be_visible()
        assert (await hospital.people())["E-1"]["status"] == "left"


async def test_the_pages_of_imports_are_open_to_everybody(
    pages: Served, browser: Browser, consortium: Consortium
) -> None:
    front, url = pages
    hospital = await consortium.add_hospital()
    await hospital.apply(a_roster({"external_id": "E-1", "name": "Ada Nowak"}))
    changed = await hospital.apply(a_roster({"external_id": "E-1", "name": "Ada Nowak", "places": "5"}))
    bad = {"external_id": "E-9", "programme": "astrology"}
    unsure = {"external_id": "", "name": "Ada Nowak", "email": "other@north.example"}
    preview = await hospital.preview(a_roster({"external_id": "E-8", "name": "New One"}, bad, unsure))
    await overhear(front, consortium.running)
    async with looking(front, url, browser, Somebody(hospital)) as sight:
        addresses = [
            "/rosters",
            *(f"/rosters/{preview['import_id']}?kind={kind}" for kind in ("error", "unsure", "new")),
            f"/rosters/{changed['import_id']}",
            f"/rosters/{changed['import_id']}/revert",
        ]
        for address in addresses:
            await sight.page.goto(url + address)
            await sight.is_open(OUTERMOST)
        assert sight.complaints == []
        assert sight.hosts == {url}


async def test_a_mentee_asks_and_a_mentor_answers_by_keyboard(
    pages: Served, browser: Browser, pairing: Running
) -> None:
    front, url = pages
    home = Hospital("Home hospital")
    mentee, mentor = home.person("Noa Levi", "mentee"), home.person("Dr Own", "mentor", places=2)
    await tell(front, pairing, *home.said)
    async with looking(front, url, browser, mentee) as sight:
        await sight.page.goto(f"{url}/requests")
        await sight.is_open(OUTERMOST)
        await _press(sight.page, f"#add-{mentor.person_id}")
        await sight.is_open(OUTERMOST)
        await _press(sight.page, "button:has-text('Ask Dr Own')")
        await expect(sight.page.get_by_role("heading", level=1)).to_contain_text("Dr Own is asked now")
        await sight.is_open(OUTERMOST)
        await overhear(front, pairing)
        await sight.page.goto(f"{url}/today")
        await sight.is_open(OUTERMOST)
    async with looking(front, url, browser, mentor) as sight:
        await sight.page.goto(f"{url}/today")
        await sight.is_open(OUTERMOST)
        await _press(sight.page, "a:has-text('Answer')")
        await sight.is_open(OUTERMOST)
        await sight.page.get_by_label("Too much work at present").check()
        await _press(sight.page, "button:has-text('Say not now')")
        await expect(sight.page.get_by_text("The mentee learns that it is not now")).to_be_visible()
        await sight.page.goto(f"{url}/asked")
        await sight.is_open(OUTERMOST)
        assert sight.complaints == []
    async with looking(front, url, browser, mentee) as sight:
        await sight.page.goto(f"{url}/requests")
        await expect(sight.page.get_by_text("Nobody is left to ask")).to_be_visible()
        await sight.is_open(OUTERMOST)


async def test_a_token_and_a_profile_are_made_without_scripts_and_open_to_everybody(
    pages: Served, browser: Browser, consortium: Consortium
) -> None:
    front, url = pages
    hospital = await consortium.add_hospital()
    await overhear(front, consortium.running)
    boss = Somebody(hospital)
    async with looking(front, url, browser, boss, scripts=False) as sight:
        page = sight.page
        await page.goto(f"{url}/today")
        await page.get_by_role("link", name="Provisioning").click()
        await page.get_by_label("What it is for").fill("Our identity provider")
        await page.get_by_role("button", name="Make the token").click()
        assert len(await page.get_by_label("Secret", exact=True).input_value()) > 20
        await page.get_by_role("button", name=re.compile("^Revoke")).click()
        await expect(page.get_by_text("Done. The token opens nothing any more.")).to_be_visible()
        await page.get_by_role("link", name="Your profile").click()
        await page.get_by_label("Languages you speak").fill("en, pl")
        await page.get_by_label("Tuesday").fill("09:00-12:30")
        await page.get_by_role("button", name="Save your profile").click()
        await expect(page.get_by_text("Done. Your profile is saved.")).to_be_visible()
        await expect(page.get_by_label("Tuesday")).to_have_value("09:00-12:30")
    async with looking(front, url, browser, boss) as sight:
        for address in ("/tokens", "/profile"):
            await sight.page.goto(url + address)
            await sight.is_open(OUTERMOST)
        await _press(sight.page, "button:has-text('Save your profile')")
        await expect(sight.page.get_by_text("Done. Your profile is saved.")).to_be_visible()
        await sight.page.goto(f"{url}/tokens")
        await sight.page.get_by_label("What it is for").fill("Another")
        await _press(sight.page, "button:has-text('Make the token')")
        await expect(sight.page.get_by_role("heading", name="The secret, this once")).to_be_visible()
        await sight.is_open(OUTERMOST)
        assert sight.complaints == []


async def test_a_conflict_is_resolved_by_keyboard(pages: Served, browser: Browser, pairing: Running) -> None:
    front, url = pages
    scene = await a_conflict(front, pairing)
    for person in (scene.mentee, scene.rosa):
        async with looking(front, url, browser, person) as sight:
            await sight.page.goto(f"{url}/today")
            await sight.is_open(OUTERMOST)
            await _press(sight.page, f"#conflict-{scene.pair['pair_id']}")
            await expect(sight.page.get_by_role("heading", level=1)).to_contain_text("A conflict of interest stands")
            await sight.is_open(OUTERMOST)
            if person is scene.rosa:
                await sight.page.get_by_label("Others decide about this mentee").check()
                await _press(sight.page, "button:has-text('Record the recusal')")
                await expect(sight.page.get_by_text("Done. The recusal is recorded.")).to_be_visible()
            assert sight.complaints == []


async def _press(page: Page, selector: str) -> None:
    """Stand on it with the keyboard and press Enter."""
    await page.locator(selector).first.focus()
    await page.keyboard.press("Enter")
