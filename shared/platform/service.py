"""A service as data, and the process that runs it: HTTP in, Kafka in, clock in, Kafka out; refuses unsafe settings."""

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

import uvicorn
from aiokafka.errors import KafkaError
from fastapi import FastAPI
from faststream.kafka import KafkaBroker
from starlette.routing import BaseRoute

from shared.contracts.event import Event
from shared.platform import janitor, past
from shared.platform.auth import Authenticator
from shared.platform.consumer import EventConsumer
from shared.platform.consumer.catch_up import in_order_of_cause, read_earlier_first
from shared.platform.consumer.subscribe import Subscriptions, subscribe_events, watch_pause
from shared.platform.database import Database, is_nobodys_fault
from shared.platform.http import Routes, parked
from shared.platform.http.application import build_app
from shared.platform.http.wire import server_config
from shared.platform.kafka import make_broker, make_producer
from shared.platform.loops import Backoff, rest
from shared.platform.relay import Relay
from shared.platform.settings import PlatformSettings, SettingsRefused, postgres_warning, refuse_superuser
from shared.platform.telemetry import logger, set_up_logging, set_up_tracing
from shared.platform.timers import Timers
from shared.platform.timers.fire import Firer

Role = Literal["api", "worker", "all"]
# Twelve connections a process, the relay's and the timers' included.
_APP_POOL: Final = 5
_WORKER_POOL: Final = 7

_log = logger("service")


@dataclass(frozen=True)
class Runtime:
    """What a service's own loops and pages get: the two databases and the settings."""

    app: Database
    worker: Database
    settings: PlatformSettings
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is asked to stop, so that answers without an end, such as live pages, can end."""


Background = Callable[[Runtime], AbstractAsyncContextManager[None]]
Pages = Callable[[Runtime], Sequence[BaseRoute]]


@dataclass(frozen=True)
class Service:
    """One service as data, so that tests and documents can enumerate it; building one connects to nothing."""

    name: str
    says: tuple[type[Event], ...] = ()
    routes: tuple[Routes, ...] = ()
    events: tuple[EventConsumer, ...] = ()
    timers: Timers | None = None
    background: tuple[Background, ...] = ()
    """Loops of the worker, such as the one that sends mail."""
    pages: tuple[Pages, ...] = ()
    """Routes beside the operations: pages for people, or a protocol that is not ours, such as SCIM."""
    recalls: str = ""
    """The topic of its own that it reads back, when its schema is new, before it hears anything."""
    recalls_by: str = ""
    """The field of those events by which it finds an aggregate again whose id it cannot tell; an id."""

    def __post_init__(self) -> None:
        """Whoever has events or timers also answers for those that wait."""
        if self.events or self.timers is not None:
            object.__setattr__(self, "routes", (*self.routes, parked.make_routes(self.name)))


class _Server(uvicorn.Server):
    """A server that leaves the signals alone: the loops have to stop with it, so `main` takes them."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@dataclass
class _Doors:
    """What runs in this process, for its health and its end."""

    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])
    subscriptions: list[Subscriptions] = field(default_factory=list[Subscriptions])

    def start(self, loop: Callable[[], Awaitable[None]], name: str) -> None:
        async def run() -> None:
            await loop()

        self.tasks.append(asyncio.create_task(run(), name=name))

    async def alive(self) -> bool:
        """Whether no loop has ended by itself."""
        return not any(task.done() for task in self.tasks)

    async def reading(self) -> bool:
        """Whether every subscriber has joined its group."""
        return all(
            subscriber.consumer is not None and not any(task.done() for task in subscriber.tasks)
            for subscriptions in self.subscriptions
            for subscriber in subscriptions.by_topic.values()
        )


def main(build: Callable[[], Service]) -> None:
    """Run a service until SIGTERM or Ctrl-C: `python -m services.<name> [--role api|worker|all]`."""
    service = build()
    parser = argparse.ArgumentParser(prog=f"services.{service.name}")
    parser.add_argument("--role", choices=["api", "worker", "all"], default="all")
    role: Role = parser.parse_args().role
    set_up_logging(service.name)
    try:
        sys.exit(asyncio.run(_serve(service, PlatformSettings.read(), role)))
    except SettingsRefused as refused:
        sys.exit(str(refused))


async def _serve(service: Service, settings: PlatformSettings, role: Role) -> int:
    tracing = set_up_tracing(service.name, settings.otlp_endpoint)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        async with running(service, settings, role, stopping) as app:
            gc.collect()
            gc.freeze()  # what stays until the end is not searched again: that made one answer in a hundred wait
            http = _Server(server_config(app, settings))
            serving = asyncio.create_task(http.serve())
            stopped = asyncio.create_task(stopping.wait())
            await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
            failed = serving.done()
            http.should_exit = True
            stopped.cancel()
            await serving
            return 1 if failed else 0
    finally:
        if tracing is not None:
            tracing.shutdown()


@asynccontextmanager
async def running(
    service: Service, settings: PlatformSettings, role: Role, stopping: asyncio.Event
) -> AsyncGenerator[FastAPI]:
    """Open the pools and start the loops of a role; at the end stop taking, finish what is under way, close."""
    async with AsyncExitStack() as stack:
        app_database = await stack.enter_async_context(_open(service, settings, "app"))
        worker = await stack.enter_async_context(_open(service, settings, "worker"))
        runtime = Runtime(app_database, worker, settings, stopping)
        doors = _Doors()
        stack.push_async_callback(_end, doors)
        if service.says:  # in every role: whoever writes outbox rows relays them, so that a lone API is no dead end
            relay = Relay(worker, lambda: make_producer(settings))
            app_database.on_commit(relay.wake)
            worker.on_commit(relay.wake)
            doors.start(relay.run, "relay")
        if role != "api":
            for background in service.background:
                await stack.enter_async_context(background(runtime))
            await _start_worker(service, runtime, doors, stack)
        tokens = await stack.enter_async_context(Authenticator.open(settings))
        app = build_app(
            service.name,
            service.routes if role != "worker" else (),
            database=app_database,
            worker=worker,
            authenticator=tokens,
            settings=settings,
            ready={"database": lambda: _answers(worker), "loops": doors.alive, "subscribers": doors.reading},
        )
        if role != "worker":
            for pages in service.pages:
                app.router.routes.extend(pages(runtime))
        _log.info("started", role=role)
        yield app
        _log.info("stopping", role=role)


async def _start_worker(service: Service, runtime: Runtime, doors: _Doors, stack: AsyncExitStack) -> None:
    if service.timers is not None:
        doors.start(Firer(runtime.worker, service.timers, runtime.settings.place).run, "timers")
    doors.start(lambda: janitor.run(runtime.worker), "janitor")
    if not service.events:
        return
    broker = make_broker(runtime.settings, service.name)
    for events in service.events:
        subscriptions = subscribe_events(broker, runtime.worker, events, place=runtime.settings.place)
        doors.subscriptions.append(subscriptions)
        doors.start(subscriptions.retrier.run, f"retrier-{events.name}")
        doors.start(partial(watch_pause, subscriptions), f"pause-{events.name}")
    stack.push_async_callback(broker.stop)
    starting = asyncio.create_task(_start_subscribers(broker, runtime, doors.subscriptions, service))
    stack.push_async_callback(_cancel, [starting])


async def _start_subscribers(
    broker: KafkaBroker, runtime: Runtime, every: list[Subscriptions], service: Service
) -> None:
    """Join the groups, waiting for Kafka as long as it takes; what was never heard is heard in order of cause."""
    if service.recalls:
        await _persist(partial(past.recall, runtime.worker, runtime.settings, service.recalls, service.recalls_by))
    await _persist(broker.connect)
    for subscriptions, events in zip(every, service.events, strict=True):
        started: dict[str, Any] = {}
        for topic in in_order_of_cause(list(subscriptions.by_topic)):
            await _persist(partial(read_earlier_first, runtime.worker, events.name, topic, started))
            await _persist(subscriptions.by_topic[topic].start)
            started[topic] = subscriptions.by_topic[topic]


async def _persist(start: Callable[[], Awaitable[Any]]) -> None:
    backoff = Backoff(first=0.3, most=5.0)
    while True:
        try:
            await start()
        except Exception as error:
            if not (isinstance(error, KafkaError) or is_nobodys_fault(error)):
                raise
            _log.warning("waits_for_kafka", error=type(error).__name__)
            await rest(backoff.next())
        else:
            return


@asynccontextmanager
async def _open(
    service: Service, settings: PlatformSettings, login: Literal["app", "worker"]
) -> AsyncGenerator[Database]:
    url = settings.app_database if login == "app" else settings.worker_database
    backoff = Backoff(first=0.2, most=5.0)
    while True:
        async with AsyncExitStack() as stack:
            try:
                database = await stack.enter_async_context(
                    Database.open(
                        url,
                        schema=service.name,
                        clock=settings.clock,
                        size=_APP_POOL if login == "app" else _WORKER_POOL,
                        strict=settings.env != "production",
                    )
                )
                await refuse_superuser(database.pool)
                warning = await postgres_warning(database.pool)
                if warning is not None and login == "worker":
                    _log.warning(warning.code, what=warning.sentence)
            except OSError as error:
                _log.warning("waits_for_database", error=type(error).__name__)
                await rest(backoff.next())
                continue
            yield database
            return


async def _answers(database: Database) -> bool:
    return await database.pool.fetchval("SELECT true", timeout=2)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel until they end: in Python 3.11 a cancellation that comes together with an answer can be lost."""
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=0.5)


async def _end(doors: _Doors) -> None:
    await _cancel(doors.tasks)
