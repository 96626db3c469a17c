"""Old rows that nobody needs any more, deleted by real time; it touches no business table."""

from typing import Final

from shared.platform.database import Database
from shared.platform.loops import forever
from shared.platform.telemetry import logger

_EVERY_SECONDS: Final = 3_600.0
_log = logger("janitor")


async def run(database: Database) -> None:
    """Forget idempotency keys after seven days, once an hour."""

    async def sweep() -> float:
        await database.pool.execute(
            "DELETE FROM idempotency_keys WHERE created_at < clock_timestamp() - interval '7 days'"
        )
        return _EVERY_SECONDS

    await forever(sweep, _log)
