"""One town and one browser for all browser tests; without a Chromium they are skipped, and say so."""

from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Browser

from tests.e2e.console.chromium import browsing, find_chromium
from tests.e2e.console.town import Town, town


@pytest.fixture(scope="package")
async def browser() -> AsyncGenerator[Browser]:
    """A real Chromium."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("No Chromium was found, so the browser tests did not run: apt-get install chromium")
    async with browsing(executable) as opened:
        yield opened


@pytest.fixture(scope="package", name="town")
async def running_town(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Town]:
    """The console and what it needs; only where there is a browser to look at it."""
    del browser
    async with town(tmp_path_factory.mktemp("town")) as built:
        yield built
