"""Old rows that nobody needs any more, deleted by real time; it touches no business table."""

from typing import Final

from shared.platform.database import Database
from shared.platform.loops import forever
from shared.platform.telemetry import logger

_EVERY_SECONDS: Final = 600.0
_log = logger("janitor")


async def run(database: Database) -> None:
    """Forget idempotency keys after seven days, every ten minutes.

    And those of people who were erased: a request that was under way when that was heard has kept its answer since.
    """

    async def sweep() -> float:
        await database.pool.execute(
            """
            DELETE FROM idempotency_keys
            WHERE created_at < clock_timestamp() - interval '7 days'
               OR person_id IN (SELECT person_id FROM members WHERE status = 'erased')
            """
        )
        return _EVERY_SECONDS

    await forever(sweep, _log)
