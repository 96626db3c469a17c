"""HTTP into a service of a test, which holds every refusal to its promise: it changed nothing, and it said its code."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, LiteralString, cast

import asyncpg
import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.platform.http.visits import Visit

SAID: Final[set[tuple[str, str]]] = set()
"""Which service refused with which code in this process."""
BY_DESIGN: Final = frozenset({"INSERT audit_records"})
"""What a refusal leaves on purpose: the record of an administrator's act, whatever became of it. Nothing else."""

_WATCH: Final[LiteralString] = """
CREATE SCHEMA IF NOT EXISTS osler_changes;
CREATE TABLE IF NOT EXISTS osler_changes.changes (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    change text NOT NULL
);
CREATE OR REPLACE FUNCTION osler_changes.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO osler_changes.changes (change) VALUES (TG_OP || ' ' || TG_TABLE_NAME);
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION osler_changes.watch(watched text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE each text;
BEGIN
    FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = watched LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION osler_changes.note()', watched, each);
    END LOOP;
END $$;
"""


class Changes:
    """Every statement that changes a table of one service, noted beside it by the database: a rollback takes back both.

    What happened during a request is only known to be the request's where nothing else went on meanwhile.
    """

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection
        self._under_way = 0
        self._begun = 0

    async def watch(self, schema: str) -> None:
        """Note what happens to the tables of this schema from now on."""
        await self._connection.execute(_WATCH)
        await self._connection.execute("SELECT osler_changes.watch($1)", schema)

    @contextmanager
    def going_on(self) -> Generator[int | None]:
        """While something may change tables: its number where it began alone, by which `is_alone` knows it again."""
        self._begun += 1
        self._under_way += 1
        try:
            yield self._begun if self._under_way == 1 else None
        finally:
            self._under_way -= 1

    def is_alone(self, number: int | None) -> bool:
        """Whether nothing else went on since this began."""
        return number == self._begun

    async def position(self) -> int:
        """After which the next changes are."""
        return await self._connection.fetchval("SELECT coalesce(max(position), 0) FROM osler_changes.changes")

    async def since(self, position: int) -> set[str]:
        """What was changed and committed after a position."""
        rows = await self._connection.fetch(
            "SELECT DISTINCT change FROM osler_changes.changes WHERE position > $1", position
        )
        return {row["change"] for row in rows}


class Entrance(httpx.ASGITransport):
    """The way into a service without a network; raises AssertionError where a refusal left a trace."""

    def __init__(
        self, service: str, app: ASGIApp, changes: Changes | None = None, *, raise_app_exceptions: bool = False
    ) -> None:
        super().__init__(self._note_code, raise_app_exceptions=raise_app_exceptions)
        self._service = service
        self._app = app
        self._changes = changes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request and its answer."""
        if self._changes is None:
            return await super().handle_async_request(request)
        with self._changes.going_on() as number:
            before = 0 if number is None else await self._changes.position()
            response = await super().handle_async_request(request)
            if number is not None and response.is_client_error and self._changes.is_alone(number):
                traces = sorted(await self._changes.since(before) - BY_DESIGN)
                if traces:
                    message = f"{request.method} {request.url.path} was refused and left {traces}"
                    raise AssertionError(message)
        return response

    async def _note_code(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        visit = cast("Visit | None", scope.get("state", {}).get("visit"))
        if visit is not None and visit.code is not None:
            SAID.add((self._service, visit.code))
