"""What tests of two things at once wait for."""

from shared.testing.eventually import eventually
from shared.testing.running import Running


async def somebody_waits(pairing: Running) -> None:
    """Until somebody waits for a lock that somebody else holds."""
    waiting = (
        "SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()"
    )

    async def waits() -> bool:
        return len(await pairing.rows(waiting)) > 0

    await eventually(waits)
