"""Commands for who operates: `migrate`, `topics apply`, `rewind`, `parked`; local, or by environment."""

import asyncio
import json
import os
import pwd
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer

from deploy.cli.broker import administrator
from deploy.cli.place import data_folder
from deploy.local.problems import LocalProblem
from deploy.local.status import read_status
from deploy.local.surroundings import Secrets
from shared.contracts.topics import catalogue
from shared.platform import topics as administration
from shared.platform.consumer import operators
from shared.platform.consumer import rewind as rewinding
from shared.platform.consumer.operators import Decision
from shared.platform.database import Database, Transaction
from shared.platform.errors import OslerError
from shared.platform.migrations import MigrationRefused
from shared.platform.migrations import migrate as apply_migrations
from shared.platform.service import Service

T = TypeVar("T")

app = typer.Typer()
topics_app = typer.Typer(no_args_is_help=True, help="Topics, users and permissions.")
parked_app = typer.Typer(no_args_is_help=True, help="Events that wait: look at them, and decide.")
app.add_typer(topics_app, name="topics")
app.add_typer(parked_app, name="parked")

ServiceName = Annotated[str, typer.Argument(help="the service, for instance meetings")]
Aggregate = Annotated[UUID, typer.Argument(help="the aggregate's id, as `osler parked list` shows it")]
ConsumerName = Annotated[str, typer.Option("--consumer", help="the consumer's name, where it is not the service's")]
Version = Annotated[int, typer.Option("--version", help="the lowest waiting version, as it was shown")]
Reason = Annotated[str, typer.Option("--reason", help="why; it is kept with the decision")]


def build(service: str) -> Service:
    """A service as data, by its name."""
    try:
        return import_module(f"services.{service}.app").build()
    except ModuleNotFoundError as error:
        raise LocalProblem(f"There is no service named {service!r}.") from error


def database_url(service: str, duty: str) -> str:
    """`OSLER_WORKER_DATABASE` or `OSLER_MIGRATE_DATABASE` where set, else the database that runs here."""
    set_outside = os.environ.get(f"OSLER_{duty.upper()}_DATABASE")
    if set_outside:
        return set_outside
    folder = data_folder()
    address = read_status(folder)["database"]
    password = Secrets(folder).passwords()[f"{service}_{duty}"]
    return address.replace("//", f"//{service}_{duty}:{password}@")


@app.command()
def migrate(service: ServiceName) -> None:
    """Bring one service's schema up to date; forward only, and twice is the same as once."""
    build(service)
    try:
        applied = asyncio.run(apply_migrations(database_url(service, "migrate"), service))
    except MigrationRefused as refused:
        raise LocalProblem(str(refused)) from refused
    typer.echo("\n".join(applied) or "Nothing to apply: the schema is up to date.")


@topics_app.command("apply")
def apply_topics(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be done")] = False,
    production: Annotated[bool, typer.Option("--production", help="three copies, two in sync")] = False,
) -> None:
    """Make topics, users and permissions as the catalogue says."""
    bootstrap, security = administrator()
    local = not os.environ.get("OSLER_KAFKA_BOOTSTRAP")
    known = Secrets(data_folder()).passwords() if local else {}
    passwords = {name: word for name, word in known.items() if name in administration.principals(catalogue())}
    copies = administration.PRODUCTION if production else administration.LOCAL
    try:
        plan = administration.apply(bootstrap, security, catalogue(), passwords, copies=copies, dry_run=dry_run)
    except administration.TopicsRefused as refused:
        raise LocalProblem(str(refused)) from refused
    typer.echo("\n".join(plan.lines()) or "Nothing to change.")


@app.command()
def rewind(service: ServiceName) -> None:
    """Set a stopped service's offsets back to the first event; the inbox drops what was applied."""
    bootstrap, security = administrator()
    options = {"bootstrap.servers": bootstrap, **security.options()}

    def say_wait() -> None:
        wait = f"{rewinding.WAIT_SECONDS:.0f} s"
        typer.echo(f"A process of {service} still reads, or stopped just now: waiting {wait} for its end.", err=True)

    groups = _answered(rewinding.rewind(options, build(service).events, on_wait=say_wait))
    typer.echo("\n".join(f"{group}: at the first event" for group in groups))


@parked_app.command("list")
def list_parked(service: ServiceName) -> None:
    """One line of JSON per aggregate, record or timer that waits, with its reason.

    An aggregate: consumer, aggregate_id, version (the lowest that waits), type, reason, attempts, parked_at,
    next_try_at, waiting (how many events).

    A record that nobody could read: consumer, topic, partition, offset, reason, parked_at.

    A timer: kind, subject_id, due_at, attempts, reason, next_try_at.
    """
    _show(_in_database(service, operators.list_parked))


@parked_app.command("show")
def show_parked(service: ServiceName, aggregate_id: Aggregate, consumer: ConsumerName = "") -> None:
    """An aggregate's waiting events in order; never what they say."""
    _show(_in_database(service, lambda tx: operators.show_parked(tx, consumer or service, aggregate_id)))


@parked_app.command()
def retry(
    service: ServiceName, aggregate_id: Aggregate, version: Version, consumer: ConsumerName = "", reason: Reason = ""
) -> None:
    """Let the lowest waiting event be tried at once."""
    name, decision = consumer or service, _decision(reason)
    _in_database(service, lambda tx: operators.retry(tx, name, aggregate_id, version, decision))
    typer.echo(f"Version {version} is tried now; `osler parked list {service}` shows it if it fails again.")


@parked_app.command()
def discard(
    service: ServiceName, aggregate_id: Aggregate, version: Version, reason: Reason, consumer: ConsumerName = ""
) -> None:
    """Drop the lowest waiting event for good, and go on behind it."""
    name, decision = consumer or service, _decision(reason)
    _in_database(service, lambda tx: operators.discard(tx, name, aggregate_id, version, decision))
    typer.echo(f"Version {version} is discarded; what waits behind it, if anything does, is tried now.")


@parked_app.command()
def accept(
    service: ServiceName,
    reason: Reason,
    aggregate_id: Annotated[UUID | None, typer.Argument(help="one aggregate")] = None,
    version: Annotated[
        int | None, typer.Option("--version", help="its lowest waiting version, as it was shown")
    ] = None,
    topic: Annotated[str, typer.Option("--topic", help="or every gap of this topic")] = "",
    consumer: ConsumerName = "",
) -> None:
    """Go on without missing versions, for one aggregate or for all of a topic."""
    decision, name = _decision(reason), consumer or service
    match aggregate_id, version, topic:
        case UUID(), int(), "":
            _in_database(service, lambda tx: operators.accept(tx, name, aggregate_id, version, decision))
            typer.echo(f"Accepted: it goes on with version {version}.")
        case None, None, str() if topic in catalogue().topics:
            gaps = _in_database(service, lambda tx: operators.accept_topic(tx, name, topic, decision))
            typer.echo(f"Accepted {gaps} {'gap' if gaps == 1 else 'gaps'} of {topic}.")
        case None, None, str() if topic:
            raise LocalProblem(f"There is no topic named {topic!r}. Nothing was changed.")
        case _:
            raise LocalProblem("Name either an aggregate and --version, or --topic. Nothing was changed.")


def _decision(reason: str) -> Decision:
    return Decision(by=f"command line: {_operator()}", reason=reason)


def _operator() -> str:
    """Who asks, as the operating system knows them: of the environment, only what `sudo` says to root is believed."""
    user_id = os.getuid()
    behind = os.environ.get("SUDO_USER") if user_id == 0 else None
    try:
        return behind or pwd.getpwuid(user_id).pw_name
    except KeyError:  # in a container, under a number that nobody named
        return str(user_id)


def _in_database(service: str, work: Callable[[Transaction], Awaitable[T]]) -> T:
    build(service)  # says in words where there is no such service

    async def run() -> T:
        async with Database.open(database_url(service, "worker"), schema=service, size=1) as database:
            return await database.run(work)

    return _answered(run())


def _answered(work: Any) -> Any:
    try:
        return asyncio.run(work)
    except OslerError as refused:
        raise LocalProblem(str(refused)) from refused


def _show(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        typer.echo(json.dumps(row, default=str))
    if not rows:
        typer.echo("Nothing waits.", err=True)
