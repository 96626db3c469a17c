"""Silence between the two of a pair: said once, at its time by the clock, judged by what their compact says."""

from datetime import datetime, timedelta

from shared.contracts.pairing import DriftCleared, DriftRaised
from shared.testing.running import Running
from tests.integration.pairing.compacting import Couple

DAY = timedelta(days=1)
AGREED = ["compact_offered", "compact_signed", "compact_signed", "compact_in_force"]


async def test_a_silence_of_one_and_a_half_intervals_is_said_once_and_the_next_contact_clears_it(
    pairing: Running,
) -> None:
    couple = await Couple.agreed(pairing, meeting_interval="weekly")
    begun = await now(pairing)
    await step(pairing, begun + 11 * DAY - timedelta(seconds=1))
    assert await drifts(couple) == []
    await step(pairing, begun + 11 * DAY)
    assert await drifts(couple) == ["drift_raised"]
    seen = await couple.read("mentor")
    assert datetime.fromisoformat(seen["silent_since"]) == begun
    await step(pairing, begun + 40 * DAY)
    assert await drifts(couple) == ["drift_raised"]
    contact = couple.held(begun + 40 * DAY)
    await pairing.deliver(contact)
    await pairing.deliver(contact)
    assert await drifts(couple) == ["drift_raised", "drift_cleared"]
    assert (await couple.read("mentor"))["silent_since"] is None
    await step(pairing, begun + 51 * DAY)
    assert await drifts(couple) == ["drift_raised", "drift_cleared", "drift_raised"]
    raised = [event for event in await pairing.bodies(DriftRaised) if event.pair_id == couple.pair_id]
    assert [event.silent_since for event in raised] == [begun, begun + 40 * DAY]
    [cleared] = [event for event in await pairing.bodies(DriftCleared) if event.pair_id == couple.pair_id]
    assert cleared.contact_at == begun + 40 * DAY


async def test_a_touchpoint_is_a_contact_and_touchpoint_gaps_raise_nothing(pairing: Running) -> None:
    couple = await Couple.agreed(pairing, touchpoint_interval="weekly")
    begun = await now(pairing)
    await step(pairing, begun + 44 * DAY)
    await pairing.deliver(couple.touched_base(begun + 44 * DAY))
    await step(pairing, begun + 88 * DAY)
    assert await drifts(couple) == []
    await step(pairing, begun + 89 * DAY)
    assert await drifts(couple) == ["drift_raised"]


async def test_a_contact_heard_late_or_of_an_earlier_day_never_brings_the_drift_nearer(pairing: Running) -> None:
    couple = await Couple.agreed(pairing, meeting_interval="weekly")
    begun = await now(pairing)
    await step(pairing, begun + 9 * DAY)
    await pairing.deliver(couple.held(begun + 9 * DAY))
    await pairing.deliver(couple.touched_base(begun + 3 * DAY), couple.held(begun - 20 * DAY))
    assert await due(couple) == begun + 20 * DAY
    await step(pairing, begun + 19 * DAY)
    assert await drifts(couple) == []
    await step(pairing, begun + 20 * DAY)
    assert await drifts(couple) == ["drift_raised"]
    await pairing.deliver(couple.touched_base(begun + 8 * DAY))
    assert await drifts(couple) == ["drift_raised"]


async def test_paused_time_raises_nothing_and_the_return_begins_a_silence_anew(pairing: Running) -> None:
    couple = await Couple.agreed(pairing, meeting_interval="weekly")
    begun = await now(pairing)
    await step(pairing, begun + 5 * DAY)
    await couple.act("mentor", "pause", review_at=(begun + 60 * DAY).isoformat())
    assert await due(couple) is None
    await pairing.deliver(couple.touched_base(begun + 4 * DAY))
    assert await due(couple) is None
    await step(pairing, begun + 50 * DAY)
    assert await drifts(couple) == []
    await couple.act("mentee", "resume")
    assert await due(couple) == begun + 61 * DAY
    await step(pairing, begun + 61 * DAY)
    assert await drifts(couple) == ["drift_raised"]


async def test_an_amendment_is_judged_from_the_same_silence_and_the_end_stops_it(pairing: Running) -> None:
    couple = await Couple.agreed(pairing)
    begun = await now(pairing)
    await step(pairing, begun + 5 * DAY)
    await couple.put_in_force(meeting_interval="weekly")
    assert await due(couple) == begun + 11 * DAY
    await couple.act("mentee", "end")
    assert await due(couple) is None
    await pairing.deliver(couple.held(begun + 4 * DAY))
    await step(pairing, begun + 100 * DAY)
    assert await drifts(couple) == []
    assert await pairing.rows("SELECT reason FROM parked WHERE topic = 'osler.meetings'") == []


async def test_a_contact_of_a_pair_without_a_compact_changes_nothing(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    await pairing.deliver(couple.held(await now(pairing)))
    assert await couple.said() == []
    assert await due(couple) is None


async def now(pairing: Running) -> datetime:
    """The stage's time."""
    async with pairing.worker.transaction() as tx:
        return tx.now


async def step(pairing: Running, to: datetime) -> None:
    """Let this time come, with all that is due."""
    await pairing.stage.step_to(to)
    await pairing.fire()


async def drifts(couple: Couple) -> list[str]:
    """What was said of the couple's silence."""
    return [kind for kind in await couple.said() if kind.startswith("drift")]


async def due(couple: Couple) -> datetime | None:
    """When the couple's timer fires."""
    rows = await couple.pairing.rows(
        "SELECT due_at FROM timers WHERE kind = 'compact_drifts' AND subject_id = $1", couple.pair_id
    )
    return rows[0]["due_at"] if rows else None
