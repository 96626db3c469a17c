"""A database and topics of one's own on the real parts, made by the product's own means; it starts no part itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
from pydantic import SecretStr

from shared.contracts.topics import catalogue, services
from shared.platform import topics
from shared.platform.migrations import migrate, prepare_logins, prepare_stepped_clock
from shared.platform.migrations.logins import DUTIES
from shared.platform.settings import LOCAL_CONTACTS_KEY, PlatformSettings

START = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
"""Where a stepped clock stands at first: a Monday."""


@dataclass(frozen=True)
class Engines:
    """Where the real PostgreSQL and Kafka answer, and their administrators."""

    admin_url: str
    kafka_bootstrap: str
    kafka_username: str
    kafka_password: str


@dataclass(frozen=True)
class Stage:
    """A database with the services' schemas, and Kafka with the catalogue's topics, users and permissions."""

    engines: Engines
    admin_url: str
    passwords: dict[str, str]
    stepped: bool

    def database(self, login: str) -> str:
        """The address for one login, such as `pairing_worker`."""
        return with_login(self.admin_url, login, self.passwords[login])

    def settings(self, service: str, *, kafka: str | None = None) -> PlatformSettings:
        """What a process of a service is told here; `kafka` is another address than Kafka's own, such as a door's."""
        return PlatformSettings(
            env="test",
            clock="stepped" if self.stepped else "real",
            http_port=0,
            app_database=self.database(f"{service}_app"),
            worker_database=self.database(f"{service}_worker"),
            kafka_bootstrap=kafka or self.engines.kafka_bootstrap,
            kafka_username=service,
            kafka_password=SecretStr(self.passwords[service]),
            issuer="http://127.0.0.1:1",
            contacts_key=SecretStr(LOCAL_CONTACTS_KEY),
        )

    def environment(self, service: str) -> dict[str, str]:
        """The same as environment variables for a child process."""
        settings = self.settings(service)
        return {
            "OSLER_ENV": "test",
            "OSLER_CLOCK": settings.clock,
            "OSLER_HTTP_PORT": "0",
            "OSLER_APP_DATABASE": settings.app_database,
            "OSLER_WORKER_DATABASE": settings.worker_database,
            "OSLER_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
            "OSLER_KAFKA_USERNAME": settings.kafka_username,
            "OSLER_KAFKA_PASSWORD": settings.kafka_password.get_secret_value(),
            "OSLER_ISSUER": settings.issuer,
            "OSLER_CONTACTS_KEY": settings.contacts_key.get_secret_value(),
        }

    async def step_to(self, instant: datetime) -> None:
        """Let it be another time; only on a stage whose clock is stepped."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            await connection.execute("UPDATE osler_local.clock SET now = $1", instant)
        finally:
            await connection.close()


def new_passwords() -> dict[str, str]:
    """A password for every login and principal, the same for every stage on the same engines."""
    names = [f"{service}_{duty}" for service in services() for duty in DUTIES]
    return {name: token_hex(16) for name in [*names, *services(), *catalogue().principals]}


def apply_topics(engines: Engines, passwords: dict[str, str]) -> None:
    """Make topics, users and permissions as `osler topics apply` does."""
    security = topics.Security(engines.kafka_username, engines.kafka_password)
    topics.apply(engines.kafka_bootstrap, security, catalogue(), passwords)


async def make_stage(
    engines: Engines, passwords: dict[str, str], names: Sequence[str], *, stepped: bool = True
) -> Stage:
    """A new database with the schemas of these services."""
    name = f"osler_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(engines.admin_url)
    try:
        quoted = await connection.fetchval("SELECT format('CREATE DATABASE %I', $1::text)", name)
        await connection.execute(quoted)
    finally:
        await connection.close()
    parts = urlsplit(engines.admin_url)
    admin_url = urlunsplit(parts._replace(path=f"/{name}"))
    await prepare_logins(admin_url, services(), passwords)
    stage = Stage(engines, admin_url, passwords, stepped)
    if stepped:
        await prepare_stepped_clock(admin_url, services(), START)
    for service in names:
        await migrate(stage.database(f"{service}_migrate"), service)
    return stage


def with_login(url: str, login: str, password: str) -> str:
    """The same database as somebody else."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{login}:{password}@{parts.hostname}:{parts.port}"))
