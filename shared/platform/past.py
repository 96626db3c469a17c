"""What a service said before its schema was made anew, read back once, so that it neither says nor does it again."""

import json
from collections.abc import Sequence
from contextlib import aclosing
from typing import TypeVar
from uuid import UUID

from shared.contracts.event import Event
from shared.platform.consumer.records import Incoming, read
from shared.platform.database import Database, Transaction
from shared.platform.settings import PlatformSettings
from shared.platform.telemetry import logger
from shared.platform.whole_topic import read_whole

E = TypeVar("E", bound=Event)
_log = logger("past")


async def recall(database: Database, settings: PlatformSettings, topic: str, found_by: str = "") -> None:
    """Keep in `past` what the service's own topic holds, unless this schema has done so before.

    `found_by` is the field of its events by which `find` looks. A process that dies on the way begins again.
    Raises CannotReadTheTopic.
    """
    if await database.pool.fetchval("SELECT EXISTS (SELECT 1 FROM recalls)"):
        return
    kept = 0
    async with aclosing(read_whole(settings, topic)) as batches:
        async for records in batches:
            said = [each for each in map(read, records) if isinstance(each, Incoming)]
            await database.pool.executemany(
                """
                INSERT INTO past (aggregate_id, version, type, body, found_by) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT DO NOTHING  -- the log is at least once, and the first occurrence of a version counts
                """,
                [
                    (each.aggregate_id, each.version, each.kind, each.record.value, _named(each, found_by))
                    for each in said
                ],
            )
            kept += len(said)
    await database.pool.execute("INSERT INTO recalls DEFAULT VALUES ON CONFLICT DO NOTHING")
    _log.info("past_recalled", topic=topic, records=kept)


async def find(tx: Transaction, found_by: UUID) -> UUID | None:
    """The aggregate of which another life spoke in connection with this id, or None."""
    row = await tx.find(
        "SELECT aggregate_id FROM past WHERE found_by = $1 ORDER BY aggregate_id, version LIMIT 1", found_by
    )
    return None if row is None else row["aggregate_id"]


async def take(tx: Transaction, aggregate_id: UUID, kinds: Sequence[type[E]]) -> list[E]:
    """What was said of an aggregate in another life, the oldest first; whoever takes it has it in rows of its own."""
    rows = await tx.fetch("DELETE FROM past WHERE aggregate_id = $1 RETURNING version, type, body", aggregate_id)
    types = {kind.type: kind for kind in kinds}
    rows.sort(key=lambda row: row["version"])
    return [types[row["type"]].model_validate_json(row["body"]) for row in rows if row["type"] in types]


def _named(said: Incoming, field: str) -> UUID | None:
    """None also where the body cannot be read: whoever takes it finds that out."""
    if not field:
        return None
    try:
        return UUID(json.loads(said.record.value or b"")[field])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
