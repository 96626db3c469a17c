"""Old rows that nobody needs any more, deleted by real time; it touches no business table."""

from typing import Final

from shared.platform.database import Database, is_nobodys_fault
from shared.platform.telemetry import logger, rest

_EVERY_SECONDS: Final = 3_600.0
_log = logger("janitor")


async def run(database: Database) -> None:
    """Forget idempotency keys after seven days, once an hour."""
    while True:
        try:
            await database.pool.execute(
                "DELETE FROM idempotency_keys WHERE created_at < clock_timestamp() - interval '7 days'"
            )
        except Exception as error:
            if not is_nobodys_fault(error):
                raise
            _log.info("janitor_waits", error=type(error).__name__)
        await rest(_EVERY_SECONDS)
