"""Faults to plant, one for each guarantee: the checker is worth what it finds of these."""

import os
import signal
from collections.abc import Iterable, Sequence
from typing import Final

from shared.platform.consumer import batch
from shared.platform.database import Row
from shared.platform.loops import rest
from shared.platform.relay import Lane, Lanes, Relay


class DeletesBeforeTheAcknowledgement(Relay):
    """Takes the rows out of the outbox first and sends them afterwards, as a careless relay does."""

    async def _read(self, shard: int, left_out: Iterable[Lane]) -> list[Row]:
        rows = await super()._read(shard, left_out)
        await self._delete(shard, [row["position"] for row in rows])
        return rows


class SendsInAnyOrder(Relay):
    """Takes the newest row first, as a queue without order does."""

    async def _read(self, shard: int, left_out: Iterable[Lane]) -> list[Row]:
        await rest(0.5)  # rows of one aggregate gather, so that there is an order to get wrong
        return list(reversed(await super()._read(shard, left_out)))


class FollowsTheSequence(Relay):
    """Reads what lies above the highest position seen, as most published outbox readers do."""

    _last: dict[int, int] = {}  # noqa: RUF012 - one relay a process

    async def _read(self, shard: int, left_out: Iterable[Lane]) -> list[Row]:
        rows = await super()._read(shard, left_out)
        fresh = [row for row in rows if row["position"] > self._last.get(shard, 0)]
        if fresh:
            self._last[shard] = max(row["position"] for row in fresh)
        return fresh


class FreezesWithRowsInHand(Relay):
    """No fault of the relay's own: once, its machine stands still between reading rows and sending them."""

    _frozen = False

    async def _send(self, shard: int, lanes: Lanes, rows: Sequence[Row]) -> None:
        if not self._frozen:
            self._frozen = True
            os.kill(os.getpid(), signal.SIGSTOP)
        await super()._send(shard, lanes, rows)


RELAYS: Final[dict[str, type[Relay]]] = {
    "deletes_before_the_acknowledgement": DeletesBeforeTheAcknowledgement,
    "sends_in_any_order": SendsInAnyOrder,
    "follows_the_sequence": FollowsTheSequence,
    "freezes_with_rows_in_hand": FreezesWithRowsInHand,
}


def switch_the_inbox_off() -> None:
    """Apply every delivery, whatever was applied before."""

    def everything(records: Sequence[batch.Incoming], *_: object) -> batch.Sorted:
        result = batch.Sorted()
        for record in records:
            result.runs[record.aggregate_id].append(record)
        return result

    batch.sort_out = everything  # pyright: ignore[reportAttributeAccessIssue] - the fault itself
