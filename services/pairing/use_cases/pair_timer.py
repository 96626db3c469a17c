"""What every timer about a pair shares: it holds the pair's lock, which whoever moves the pair holds too."""

from typing import ClassVar, LiteralString

from shared.platform.timers import Timer


class PairTimer(Timer):
    """An instant in the life of a pair."""

    lock: ClassVar[LiteralString] = (
        "SELECT pair_id FROM pairs WHERE pair_id = ANY($1) ORDER BY pair_id FOR UPDATE SKIP LOCKED"
    )
