"""The pages at an address of this machine, for a real browser."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from playwright.async_api import Browser

from shared.testing.eventually import eventually
from shared.testing.running import Running
from tests.e2e.console.visits import Sight, window
from tests.integration.console.front import Front, Subject, open_front


@asynccontextmanager
async def served(console: Running) -> AsyncGenerator[tuple[Front, str]]:
    """The pages and their address, until the end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        front = open_front(console, url)
        server = uvicorn.Server(uvicorn.Config(front.app, log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        try:
            await eventually(lambda: _is_up(server), within=10.0)
            yield front, url
        finally:
            front.stopping.set()
            server.should_exit = True
            await serving


async def _is_up(server: uvicorn.Server) -> bool:
    return server.started


@asynccontextmanager
async def looking(
    front: Front, url: str, browser: Browser, person: Subject, *, scripts: bool = True
) -> AsyncGenerator[Sight]:
    """A browser window of somebody who is signed in."""
    async with window(browser, java_script_enabled=scripts) as context:
        cookie = await front.let_in(person)
        await context.add_cookies([{"name": "osler_session", "value": cookie, "url": url}])
        sight = Sight(await context.new_page())
        sight.take_notes()
        yield sight
