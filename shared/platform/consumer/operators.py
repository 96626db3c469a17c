"""What a person may do about events that wait: list, show, retry, discard, accept; nothing leaves out of order."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.platform.consumer import inbox
from shared.platform.database import Transaction
from shared.platform.errors import Conflict, NotFound, Refused


class NothingParked(NotFound):
    """No event waits under this consumer and aggregate."""


class NotAGap(Refused):
    """The lowest waiting event is the next one to apply, so there is no gap to accept. Retry or discard it."""


class AnotherHead(Conflict):
    """Another event is the lowest one that waits by now. Nothing was changed; look again and decide again."""


@dataclass(frozen=True)
class Decision:
    """Who decides what, and why; kept beside the parked rows."""

    by: str
    reason: str


async def list_parked(tx: Transaction, consumer: str | None = None) -> list[dict[str, Any]]:
    """Every aggregate with waiting events: its lowest version, type, reason, tries; and records nobody could read."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (consumer, aggregate_id) consumer, aggregate_id, version, type, reason, attempts, parked_at,
               CASE WHEN reason <> 'gap' THEN next_try_at END AS next_try_at,
               count(*) OVER (PARTITION BY consumer, aggregate_id) AS waiting
        FROM parked WHERE $1::text IS NULL OR consumer = $1 ORDER BY consumer, aggregate_id, version
        """,
        consumer,
    )
    unread = await tx.fetch(
        """
        SELECT consumer, topic, partition, "offset", reason, parked_at FROM unreadable
        WHERE $1::text IS NULL OR consumer = $1 ORDER BY parked_at
        """,
        consumer,
    )
    timers = await tx.fetch(
        "SELECT kind, subject_id, due_at, attempts, reason, next_try_at FROM timers WHERE attempts > 0 ORDER BY due_at"
    )
    return [dict(row) for row in (*rows, *unread, *timers)]


async def show_parked(tx: Transaction, consumer: str, aggregate_id: UUID) -> list[dict[str, Any]]:
    """An aggregate's waiting events in order, with their place in the log and size; never what they say.

    Raises NothingParked.
    """
    rows = await tx.fetch(
        """
        SELECT version, event_id, type, topic, partition, "offset", reason, attempts, parked_at, next_try_at,
               octet_length(body) AS bytes
        FROM parked WHERE consumer = $1 AND aggregate_id = $2 ORDER BY version
        """,
        consumer,
        aggregate_id,
    )
    if not rows:
        raise NothingParked
    return [dict(row) for row in rows]


async def retry(tx: Transaction, consumer: str, aggregate_id: UUID, version: int, decision: Decision) -> None:
    """Let the lowest waiting event, which is this version, be tried at once. Raises NothingParked, AnotherHead."""
    await _locked(tx, consumer, aggregate_id, version)
    await tx.execute(
        """
        UPDATE parked SET next_try_at = clock_timestamp()
        WHERE consumer = $1 AND aggregate_id = $2 AND version = $3
        """,
        consumer,
        aggregate_id,
        version,
    )
    await _note(tx, "retry", consumer, aggregate_id, version=version, decision=decision)


async def discard(tx: Transaction, consumer: str, aggregate_id: UUID, version: int, decision: Decision) -> None:
    """Drop the lowest waiting event, which is this version, for good and go on behind it.

    Raises NothingParked, AnotherHead.
    """
    held, _ = await _locked(tx, consumer, aggregate_id, version)
    await inbox.remove(tx, consumer, aggregate_id, version)
    applied = held[aggregate_id]
    applied.version, applied.event_id = version, None
    applied.waiting -= 1
    await inbox.save(tx, consumer, held)
    await _hurry(tx, consumer, aggregate_id)
    await _note(tx, "discard", consumer, aggregate_id, version=version, decision=decision)


async def accept(tx: Transaction, consumer: str, aggregate_id: UUID, version: int, decision: Decision) -> None:
    """Go on without the versions that are missing before the lowest waiting one, which is this version.

    Raises NothingParked, AnotherHead, NotAGap.
    """
    held, _ = await _locked(tx, consumer, aggregate_id, version)
    await _go_on(tx, consumer, aggregate_id, held, version=version, decision=decision)


async def accept_topic(tx: Transaction, consumer: str, topic: str, decision: Decision) -> int:
    """Accept every gap of one topic, and give how many there were."""
    rows = await tx.fetch(
        """
        SELECT p.aggregate_id FROM parked p JOIN inbox i USING (consumer, aggregate_id)
        WHERE p.consumer = $1 AND p.topic = $2
        GROUP BY p.aggregate_id, i.version HAVING min(p.version) > i.version + 1 ORDER BY p.aggregate_id
        """,
        consumer,
        topic,
    )
    for row in rows:
        held, head = await _locked(tx, consumer, row["aggregate_id"])
        await _go_on(tx, consumer, row["aggregate_id"], held, version=head, decision=decision)
    return len(rows)


async def _go_on(
    tx: Transaction,
    consumer: str,
    aggregate_id: UUID,
    held: dict[UUID, inbox.Applied],
    *,
    version: int,
    decision: Decision,
) -> None:
    applied = held[aggregate_id]
    if version == applied.version + 1:
        raise NotAGap
    applied.version, applied.event_id = version - 1, None
    await inbox.save(tx, consumer, held)
    await _hurry(tx, consumer, aggregate_id)
    await _note(tx, "accept", consumer, aggregate_id, version=version, decision=decision)


async def _locked(
    tx: Transaction, consumer: str, aggregate_id: UUID, meant: int | None = None
) -> tuple[dict[UUID, inbox.Applied], int]:
    """The aggregate, which nobody else changes from here on, and its lowest waiting version: the one that is meant."""
    known = await tx.find(
        "SELECT 1 FROM parked WHERE consumer = $1 AND aggregate_id = $2 LIMIT 1", consumer, aggregate_id
    )
    if known is None:  # looked at first, so that a typing mistake makes no inbox row
        raise NothingParked
    held = await inbox.lock(tx, consumer, [aggregate_id])
    head = await inbox.find_head(tx, consumer, aggregate_id)
    if head is None:
        raise NothingParked
    version: int = head["version"]
    if meant not in {None, version}:
        raise AnotherHead(
            f"The lowest version that waits is {version} now. Nothing was changed; look again and decide again."
        )
    return held, version


async def _hurry(tx: Transaction, consumer: str, aggregate_id: UUID) -> None:
    """What waited only behind another is tried at once; what waits for a person goes on waiting."""
    await tx.execute(
        """
        UPDATE parked SET next_try_at = clock_timestamp()
        WHERE consumer = $1 AND aggregate_id = $2 AND next_try_at IS NOT NULL
        """,
        consumer,
        aggregate_id,
    )


async def _note(
    tx: Transaction, what: str, consumer: str, aggregate_id: UUID, *, version: int, decision: Decision
) -> None:
    await tx.execute(
        """
        INSERT INTO parked_decisions (decided_by, decision, consumer, aggregate_id, version, reason)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        decision.by,
        what,
        consumer,
        aggregate_id,
        version,
        decision.reason,
    )
