"""The instants at which something is due in any service; it only looks, and knows nothing of what is due."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Self, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_NEXT: Final = """
SELECT 'SELECT min(due_at) FROM (' || string_agg(format(
    '(SELECT due_at FROM %I.timers WHERE due_at > $1 ORDER BY due_at LIMIT 1)', s), ' UNION ALL ') || ') every'
FROM unnest($1::text[]) s
"""
_LATEST: Final = """
SELECT 'SELECT max(due_at) FROM (' || string_agg(format(
    '(SELECT due_at FROM %I.timers WHERE due_at <= $1 ORDER BY due_at DESC LIMIT 1)', s), ' UNION ALL ') || ') every'
FROM unnest($1::text[]) s
"""


class DueTimes:
    """Every service's timers, over one connection."""

    def __init__(self, connection: Connection, following: str, latest: str) -> None:
        self._connection = connection
        self._following = following
        self._latest = latest

    @classmethod
    async def of(cls, connection: Connection, services: Sequence[str]) -> Self:
        """Let the server write the queries over these services' schemas once."""
        following = await connection.fetchval(_NEXT, list(services))
        return cls(connection, following, await connection.fetchval(_LATEST, list(services)))

    async def after(self, instant: datetime) -> datetime | None:
        """The earliest due instant after this one."""
        return await self._connection.fetchval(self._following, instant)

    async def latest_by(self, instant: datetime) -> datetime | None:
        """The latest due instant up to this one, passed or not."""
        return await self._connection.fetchval(self._latest, instant)
