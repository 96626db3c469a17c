"""The real console and the real issuer as `osler up` joins them: nothing here registers a client or an address."""

import pytest
from playwright.async_api import expect

from shared.testing.eventually import eventually
from tests.e2e.console.chromium import browsing, find_chromium
from tests.e2e.up import Platform

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


async def test_a_persona_signs_in_with_one_click_sees_today_and_signs_out(brigid: Platform) -> None:
    executable = find_chromium()
    if executable is None:
        pytest.skip("No Chromium was found, so the browser tests did not run: apt-get install chromium")
    await eventually(lambda: _console_knows(brigid, "Rosa Almeida"), within=60.0)
    console, issuer = brigid.status["console"], brigid.status["issuer"]
    async with browsing(executable) as browser:
        page = await browser.new_page()
        await page.goto(console)
        await page.get_by_role("button", name="Sign in with your hospital").click()
        await page.wait_for_url(f"{issuer}/**")
        await page.locator('button[value="rosa"]').click()
        await page.wait_for_url(f"{console}/today")
        await expect(page.get_by_text("Rosa Almeida").first).to_be_visible()
        await expect(page.get_by_text("St Brigid's Hospital").first).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url(f"{console}/signed-out")
        await page.goto(f"{console}/today")
        await expect(page.get_by_role("button", name="Sign in with your hospital")).to_be_visible()


async def _console_knows(platform: Platform, name: str) -> bool:
    async with platform.administrator() as connection:
        return await connection.fetchval("SELECT EXISTS (SELECT 1 FROM console.people WHERE name = $1)", name)
