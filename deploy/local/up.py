"""Brings everything up side by side and keeps it up; refuses to leave a part running when it ends."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from math import inf
from pathlib import Path
from time import monotonic
from typing import Final

from deploy.local import jars, postgres, status, training
from deploy.local.folder import DataFolder
from deploy.local.parts import side_by_side
from deploy.local.platform import Part, Platform, plan, service_names
from deploy.local.prepare import prepare_database, prepare_topics
from deploy.local.problems import LocalProblem
from deploy.local.processes import DidNotStart
from deploy.local.saying import Say
from deploy.local.waiting import until

PERSONAS: Final = Path(__file__).with_name("personas.json")
_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 30.0


@asynccontextmanager
async def bring_up(
    folder: DataFolder,
    say: Say,
    *,
    services: Sequence[str] | None = None,
    stepped_from: datetime | None = None,
) -> AsyncGenerator[Platform]:
    """Run the parts and these services, or every one there is, in this folder while the block runs.

    `stepped_from` is where a new folder's stepped clock begins; None is real time, or the time that the folder has.
    Raises LocalProblem: DidNotStart, ClockDiffers, PortTaken, JarsUnavailable, JarDiffers or AlreadyRunning.
    """
    with folder.hold():
        status.remove(folder)  # of a run that was killed: from here on it would be believed
        names = service_names() if services is None else services
        platform = plan(folder, say, names, stepped_from, PERSONAS)
        try:
            if platform.stepped_from:
                say("time in this folder is the story's: it passes only while `osler demo` runs")
            await _start(platform, say)
            platform.status().write(folder)
            async with _kept_up(platform, say), training.beside(folder):
                yield platform
        finally:
            with suppress(OSError):  # the folder may take no change any more, and a status of nobody is not believed
                status.remove(folder)
            await _stop(platform, say)


async def _start(platform: Platform, say: Say) -> None:
    """The parts at once; what the engines need as soon as each is there; then the services at once."""

    async def database() -> None:
        await _timed(platform.postgres, f"PostgreSQL {postgres.version()}", say)
        since = monotonic()
        names = list(platform.services)
        applied = await prepare_database(platform.postgres, platform.secrets, names, platform.stepped_from)
        _tell(say, f"database: {len(applied)} migrations applied, {len(names)} schemas up to date", since)

    async def broker() -> None:
        await _timed(platform.kafka, f"Apache Kafka {jars.VERSION}", say)
        since = monotonic()
        changes = await prepare_topics(platform.kafka, platform.secrets)
        _tell(say, f"Kafka: {len(changes)} changes to topics, users and permissions", since)

    mailbox, issuer = platform.mailbox, platform.issuer
    await side_by_side(database(), broker(), _timed(mailbox, "mailbox", say), _timed(issuer, "issuer", say))
    await side_by_side(*(_timed(service, name, say) for name, service in platform.services.items()))


async def _timed(part: Part, what: str, say: Say) -> None:
    since = monotonic()
    await part.start()
    _tell(say, f"{what} (process {part.pid}, port {part.port})", since)


def _tell(say: Say, what: str, since: float) -> None:
    say(f"✓ {what} {monotonic() - since:.1f} s")


@asynccontextmanager
async def _kept_up(platform: Platform, say: Say) -> AsyncGenerator[None]:
    watching = asyncio.create_task(_keep_up(platform, say))
    try:
        yield
    finally:
        watching.cancel()  # before anything is stopped, or it would be started again
        with suppress(asyncio.CancelledError):
            await watching


async def _keep_up(platform: Platform, say: Say) -> None:
    """Start again what ended by itself, with longer and longer pauses."""
    pauses: dict[str, float] = {}

    async def something_ended() -> bool:
        return not all(part.running for part in platform.parts)

    async def never() -> bool:
        return False

    while await until(something_ended, inf, every=0.5):
        for part in platform.parts:
            if part.running:
                continue
            say(f"✗ {part.name} ended by itself: it is started again. Its log: {part.log}")
            try:
                await part.start()
                say(f"✓ {part.name} runs again (process {part.pid})")
                platform.status().write(platform.folder)
            except (LocalProblem, OSError) as failed:  # a folder that takes no change now may take one later
                say(f"✗ {part.name}: {failed}")
                pauses[part.name] = min(pauses.get(part.name, _PAUSE_SECONDS) * 2, _LONGEST_PAUSE_SECONDS)
                await until(never, pauses[part.name])


async def _stop(platform: Platform, say: Say) -> None:
    """End whoever uses before what is used."""
    since = monotonic()
    for together in platform.stop_order:
        with suppress(DidNotStart):
            await side_by_side(*(part.stop() for part in together))
    _tell(say, "everything is stopped; the data stays", since)
