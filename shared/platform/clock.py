"""Business time; refuses to be stepped in production. Tokens, leases, retries and logs use real time instead."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal, LiteralString

ClockKind = Literal["real", "stepped"]

# Read by every transaction as its first statement, so that no process acts on an old time.
NOW_SQL: Final[dict[ClockKind, LiteralString]] = {
    "real": "clock_timestamp()",
    "stepped": "(SELECT now FROM osler_local.clock)",
}


def real_now() -> datetime:
    """The machine's own time, in UTC; for tokens, leases, retry pauses and logs, never for a rule."""
    return datetime.now(UTC)  # noqa: TID251 - the one place that asks the machine


RealNow = Callable[[], datetime]
