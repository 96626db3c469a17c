"""Silence between the two of a pair, judged by their compact in force: raised once, and cleared by the next contact."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from services.pairing import store
from services.pairing.domain.compact import Compact
from services.pairing.store import compacts
from services.pairing.use_cases.pair_timer import PairTimer
from shared.contracts.pairing import CompactEvent, PairEnded, PairEvent, PairPaused, PairResumed
from shared.platform import outbox, timers
from shared.platform.database import Transaction


class CompactDrifts(PairTimer):
    """One and a half meeting intervals after the last contact; it fires however late, unless a contact came first."""

    kind: ClassVar[str] = "compact_drifts"


async def follow_pair(tx: Transaction, said: PairEvent) -> None:
    """A compact rests, goes on and ends with its pair; whoever says so has locked the pair."""
    if not isinstance(said, PairPaused | PairResumed | PairEnded):
        return
    compact = await compacts.find_compact(tx, said.pair_id)
    if compact is None:
        return
    if isinstance(said, PairResumed):
        compact.go_on(said.occurred_at)
    elif isinstance(said, PairEnded) and compact.state != "ended":
        for version in compact.end(said.occurred_at):
            await compacts.save_version(tx, compact.pair_id, version)
    await compacts.save_compact(tx, compact)
    await set_timer(tx, compact, is_active=isinstance(said, PairResumed))


async def hear_contact(tx: Transaction, pair_id: UUID, at: datetime, now: datetime) -> None:
    """The two were in contact; a pair without a compact in force drifts from nothing."""
    if await compacts.find_compact(tx, pair_id) is None:
        return
    pair = await store.get_pair_for_update(tx, pair_id)
    compact = await compacts.find_compact(tx, pair_id)  # once more, now that nobody else changes it
    if compact is not None:
        await _record(tx, compact, compact.hear_contact(at, now), is_active=pair.state == "active")


async def raise_drift(tx: Transaction, pair_id: UUID, now: datetime) -> None:
    """The silence has lasted too long; the timer pass holds the pair's lock."""
    pair = await store.get_pair(tx, pair_id)
    compact = await compacts.find_compact(tx, pair_id)
    if compact is not None and pair.state == "active":
        await _record(tx, compact, compact.raise_drift(now), is_active=True)


async def set_timer(tx: Transaction, compact: Compact, *, is_active: bool) -> None:
    """Set the timer of the silence that lasts now; without one in a pair that is not at work."""
    due = compact.drifts_at
    if is_active and due is not None:
        await timers.schedule(tx, CompactDrifts(subject_id=compact.pair_id), due)
    else:
        await timers.cancel(tx, CompactDrifts, compact.pair_id)


async def _record(tx: Transaction, compact: Compact, said: CompactEvent | None, *, is_active: bool) -> None:
    await compacts.save_compact(tx, compact)
    if said is not None:
        await outbox.publish(tx, said)
    await set_timer(tx, compact, is_active=is_active)
