"""One schema for all tests of the edge; every test has institutions and people of its own in it."""

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from shared.contracts.event import Role
from shared.platform.database import Database
from shared.platform.http import build_app
from shared.platform.members import sign_in_key
from shared.platform.migrations import migrate
from shared.platform.migrations.runner import Migration, migrations
from shared.testing.refusals import Entrance
from shared.testing.stage import Engines, Stage, make_stage
from tests.integration.platform_http.notes import POLICY, SCHEMA, Behaviour, make_routes

PLATFORM = "platform/"


class Knows:
    """Believes that a token is its own subject: what tokens prove has tests of its own."""

    async def subject(self, token: str) -> str:
        return token


@dataclass
class Somebody:
    """A person who can sign in, and the header that does it."""

    person_id: UUID
    institution_id: UUID
    subject: str

    @property
    def headers(self) -> dict[str, str]:
        """What the person's requests carry."""
        return {"Authorization": f"Bearer {self.subject}"}


@dataclass
class House:
    """The edge on its own schema, with an administrator's view of what is stored."""

    stage: Stage
    app: FastAPI
    client: httpx.AsyncClient
    admin: "asyncpg.Pool[asyncpg.Record]"
    behaviour: Behaviour
    institution_id: UUID = field(default_factory=uuid4)

    async def somebody(self, *roles: Role, institution_id: UUID | None = None, status: str = "here") -> Somebody:
        """A new person with these roles, of this test's institution unless another is named."""
        made = Somebody(uuid4(), institution_id or self.institution_id, f"{uuid4()}@st-mary.example")
        key = sign_in_key(self.stage.settings("pairing").sign_in_secret.get_secret_value(), made.subject)
        await self.admin.execute(
            "INSERT INTO members (person_id, institution_id, sign_in_key, status, roles) VALUES ($1, $2, $3, $4, $5)",
            made.person_id,
            made.institution_id,
            key,
            status,
            list(roles),
        )
        return made

    async def notes(self, who: Somebody) -> list[str]:
        """The notes that are stored, whoever looks."""
        rows = await self.admin.fetch("SELECT body FROM notes WHERE person_id = $1 ORDER BY body", who.person_id)
        return [row["body"] for row in rows]

    async def audit(self, who: Somebody) -> Sequence[tuple[str, str, str | None]]:
        """Operation, outcome and reason of each record about the person."""
        rows = await self.admin.fetch(
            "SELECT operation, outcome, reason FROM audit_records WHERE person_id = $1 ORDER BY happened_at",
            who.person_id,
        )
        return [(row["operation"], row["outcome"], row["reason"]) for row in rows]


@pytest.fixture(autouse=True)
def unprinted() -> Generator[None]:
    """Bugs are planted here on purpose, and printing a traceback in colours takes a second each."""
    with capture_logs():
        yield


@pytest.fixture(scope="package")
async def edge_stage(engines: Engines, passwords: dict[str, str]) -> Stage:
    """The platform's tables and the notes, in the schema of the service that the notes play."""
    stage = await make_stage(engines, passwords, [], stepped=False)
    files = [file for file in migrations("pairing") if file.name.startswith(PLATFORM)]
    await migrate(stage.database("pairing_migrate"), "pairing", [*files, Migration("pairing/0001_notes.sql", SCHEMA)])
    return stage


@asynccontextmanager
async def a_house(stage: Stage, database_url: str, *, policy: Any = POLICY) -> AsyncGenerator[House]:
    """The edge with its database at this address."""
    behaviour = Behaviour()
    settings = stage.settings("pairing")
    async with (
        Database.open(database_url, schema="pairing", size=4, strict=True) as database,
        asyncpg.create_pool(
            stage.admin_url, min_size=1, max_size=1, server_settings={"search_path": "pairing"}
        ) as admin,
    ):
        app = build_app(
            "pairing",
            [make_routes(behaviour)],
            database=database,
            authenticator=Knows(),
            settings=settings,
            policy=policy,
        )
        entrance = Entrance("platform", app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=entrance, base_url="http://osler.example") as client:
            yield House(stage, app, client, admin, behaviour)


@pytest.fixture
async def house(edge_stage: Stage) -> AsyncGenerator[House]:
    """The edge as a service runs it."""
    async with a_house(edge_stage, edge_stage.database("pairing_app")) as made:
        yield made
