"""A real Chromium without a screen: found where the system keeps it, started fresh, told to talk to nobody else."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from os import environ
from typing import Final

from playwright.async_api import Browser, async_playwright

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS: Final = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """Where a Chromium is, or None; OSLER_CHROMIUM names another."""
    named = environ.get("OSLER_CHROMIUM")
    return named or next((found for name in _NAMES if (found := shutil.which(name))), None)


@asynccontextmanager
async def browsing(executable: str) -> AsyncGenerator[Browser]:
    """A browser with a profile of its own, gone at the end."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=executable, args=_FLAGS)
        try:
            yield browser
        finally:
            await browser.close()
