"""Named places where a test may end the process; in production they are empty, and there are no others."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

POINTS: Final = (
    "api.business_write",
    "api.outbox_insert",
    "api.commit",
    "consumer.inbox",
    "consumer.business_write",
    "consumer.outbox_insert",
    "consumer.effect_commit",
    "consumer.offset_commit",
    "timer.delete",
    "timer.business_write",
    "timer.outbox_insert",
    "timer.commit",
    "relay.send",
    "relay.acknowledgement",
    "relay.delete",
)
"""Door and moment: the process dies right after it. `business_write` is the first statement that changes a row."""

_EXIT_CODE: Final = 86  # told apart from a test's own failures and from a signal
_seen: Counter[str] = Counter()


def _die_where_told(point: str) -> None:
    """End the process at once when OSLER_CRASH_AT names this point and it was passed often enough.

    OSLER_CRASH_AT is `door.moment` or `door.moment:N` (die the Nth time). OSLER_CRASH_LOG names a file to which each
    point is appended the first time it is reached, so that a test can tell which points no run ever passed.
    """
    _seen[point] += 1
    log = os.environ.get("OSLER_CRASH_LOG")
    if log and _seen[point] == 1:
        with Path(log).open("a", encoding="utf-8") as reached:
            reached.write(point + "\n")
    wanted, _, nth = os.environ.get("OSLER_CRASH_AT", "").partition(":")
    if wanted == point and _seen[point] >= int(nth or "1"):
        os._exit(_EXIT_CODE)


def _nothing(point: str) -> None:
    """What `at` is in production and wherever no test asked for a death."""


def _armed() -> bool:
    if os.environ.get("OSLER_ENV") == "production":
        return False
    return "OSLER_CRASH_AT" in os.environ or "OSLER_CRASH_LOG" in os.environ


at: Callable[[str], None] = _die_where_told if _armed() else _nothing
