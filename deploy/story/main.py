"""The story from outside: where its clock begins, and telling it once in a folder; refuses to go on half told."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import import_module
from time import monotonic
from typing import Any, Final

import asyncpg
from confluent_kafka import KafkaException

from deploy.local.folder import DataFolder, read_json, write_atomically
from deploy.local.platform import Platform
from deploy.local.problems import LocalProblem
from deploy.local.saying import Say
from deploy.story import calendar
from deploy.story.acts import World
from deploy.story.beginning import begin, send_same_files_again
from deploy.story.checks import Told, look
from deploy.story.doors import Doors, StoryStopped
from deploy.story.due import Connection, DueTimes
from deploy.story.quiet import Watcher
from deploy.story.stepper import Stepper
from deploy.story.summary import say_checks, say_numbers, say_where
from deploy.story.telling import live_through
from shared.platform.database import is_nobodys_fault
from shared.platform.service import Service

START: Final = calendar.START
_FILE: Final = "story.json"
_SAID: Final = "SELECT last_value FROM directory.outbox_position_seq"


class HalfTold(LocalProblem):
    """The story was interrupted in this data folder, and its people cannot live through the same weeks twice."""


@dataclass(frozen=True)
class Hand:
    """What holds the clock and looks at everything."""

    connection: Connection
    stepper: Stepper


async def tell(platform: Platform, say: Say, *, stays: bool) -> bool:
    """Tell the story, or say that it was told here before; then count, check, and say where to look.

    Whether every check holds; `stays` is whether everything runs on afterwards. Raises LocalProblem.
    """
    try:
        return await _tell_or_look(platform, say, stays=stays)
    except Exception as lost:
        if not (isinstance(lost, KafkaException) or is_nobodys_fault(lost)):
            raise
        raise StoryStopped(
            f"PostgreSQL or Kafka was away for a moment ({type(lost).__name__}), and the story cannot go on without. "
            f"Their logs are in {platform.folder.logs}."
        ) from lost


async def _tell_or_look(platform: Platform, say: Say, *, stays: bool) -> bool:
    async with _hand(platform) as hand, Doors.open(platform) as doors:
        told = told_before(platform.folder)
        if told is None:
            told = await _tell(platform, hand, doors, say)
        else:
            say("The story was told in this data folder before; here is where it stands.")
            await hand.stepper.quiet()
        since = monotonic()
        seen = await look(
            hand.connection, platform.kafka.client_settings(), doors, platform.folder.path / "mailbox", told
        )
        say_numbers(seen, say)
        holds = say_checks(seen, say)
        say(f"  counted and checked in {monotonic() - since:.1f} s")
        say_where(platform, hand.stepper.now, say, stays=stays)
        return holds


async def _tell(platform: Platform, hand: Hand, doors: Doors, say: Say) -> Told:
    write_atomically(platform.folder.path / _FILE, json.dumps({"state": "begun"}))
    since = monotonic()
    world = World(doors)
    quiet = hand.stepper.quiet
    await quiet()
    await begin(platform, world, quiet)
    said = await hand.connection.fetchval(_SAID)
    await send_same_files_again(world, quiet)
    again = await hand.connection.fetchval(_SAID) - said
    say(f"✓ five hospitals, seven agreements, {len(world.people)} people of rosters {monotonic() - since:.1f} s")
    await live_through(world, hand.stepper, hand.connection, say)
    told = Told(world.done, hand.stepper.stops, again)
    write_atomically(platform.folder.path / _FILE, json.dumps({"state": "told", **asdict(told)}, indent=2))
    spent = f"{doors.commands} commands, {told.stops} stops of the clock, {monotonic() - since:.1f} s"
    say(f"✓ twelve weeks: {spent}")
    return told


def told_before(folder: DataFolder) -> Told | None:
    """What is kept of the story in this data folder; None where it was never told. Raises HalfTold."""
    kept: dict[str, Any] | None = read_json(folder.path / _FILE)
    if kept is None:
        return None
    if kept["state"] != "told":
        raise HalfTold(
            f"The story was interrupted in {folder.path}, and its people cannot live through the same weeks twice. "
            "Begin anew with `osler reset` and `osler demo`, or look at what is there with `osler up`."
        )
    return Told(kept["done"], kept["stops"], kept["said_for_same_files"])


@asynccontextmanager
async def _hand(platform: Platform) -> AsyncGenerator[Hand]:
    connection: Connection = await asyncpg.connect(platform.postgres.admin_url, ssl=False)
    try:
        services = list(platform.services)
        watcher = Watcher(connection, platform.kafka.client_settings(), _consumers(services))
        await watcher.prepare(services)
        now: datetime = await connection.fetchval("SELECT now FROM osler_local.clock")
        yield Hand(connection, Stepper(connection, watcher, await DueTimes.of(connection, services), now))
    finally:
        await connection.close()


def _consumers(services: list[str]) -> list[Any]:
    """What each service listens to, asked of the service itself."""
    built: list[Service] = [import_module(f"services.{name}.app").build() for name in services]
    return [consumer for service in built for consumer in service.events]
