"""One seeded run: a phase in which anything may break, then one in which all is well and everything must converge."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from shared.platform.loops import rest
from tests.chaos.faults import GROUPS, Fault, dice_of
from tests.chaos.world import CONVERGES_WITHIN, Play, World

_LAYOUTS = (("", ""), ("", ""), ("api,timer", "relay"), ("api,relay", "timer,relay"))


@dataclass(frozen=True)
class Planned:
    """A fault of a run: when it begins, in seconds from the run's beginning, and for how long it lasts."""

    name: str
    begins: float
    lasts: float
    dice: int


@dataclass(frozen=True)
class Plan:
    """Everything that a seed decides. How processes interleave it does not decide: they are real ones."""

    seed: int
    layout: tuple[str, str]
    aggregates: int
    faults: Sequence[Planned]


@dataclass
class Outcome:
    """What became of a run; without violations it held every promise."""

    seed: int
    faults: list[str]
    commands: int = 0
    events: int = 0
    converged_after: float = 0.0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list[str])

    def plain(self) -> dict[str, object]:
        """As JSON wants it."""
        return asdict(self)


def plan(seed: int, *, disk_can_be_full: bool) -> Plan:
    """Draw a run from its seed: two to four faults of different groups, together within seven seconds."""
    dice = dice_of(seed)
    groups = dice.sample(list(GROUPS), dice.choice([1, 2, 2, 3, 3, 4]))
    faults: list[Planned] = []
    for group in groups:
        names = [name for name in GROUPS[group] if disk_can_be_full or name != "disk full"]
        long = group == "process" and dice.random() < 0.1  # longer than a session with Kafka
        lasts = 11.0 if long else dice.uniform(0.5, 4.0)
        faults.append(Planned(dice.choice(names), dice.uniform(0.3, 3.0), lasts, dice.getrandbits(32)))
    layout = dice.choice(_LAYOUTS)
    return Plan(seed, layout, dice.choice([1, 5, 8, 30]), sorted(faults, key=lambda fault: fault.begins))


async def run(
    world: World, folder: Path, planned: Plan, *, planted: str = "", within: float = CONVERGES_WITHIN
) -> Outcome:
    """Do it, and judge; `planted` is a fault of the product's own, with which the judgement is judged."""
    begun = time.monotonic()
    outcome = Outcome(planned.seed, [fault.name for fault in planned.faults])
    await world.sweep()
    play = Play(world, folder, aggregates=planned.aggregates, doors=planned.layout, fault=planted)
    try:
        async with play.begin():
            await play.theatre.has_acknowledged(5)
            await _all_faults(play, planned.faults)
            await play.heal()
            outcome.converged_after = round(await play.converge(within=within), 2)
        outcome.violations = await play.judge()
    except AssertionError as error:
        outcome.violations = [f"did not converge: {error}", *await play.judge()]
    outcome.commands, outcome.events = await play.commands()
    outcome.seconds = round(time.monotonic() - begun, 1)
    return outcome


async def _all_faults(play: Play, faults: Sequence[Planned]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for fault in faults:
            tasks.create_task(_one_fault(play, fault))


async def _one_fault(play: Play, planned: Planned) -> None:
    await rest(planned.begins)
    async with _named(planned.name)(play, dice_of(planned.dice)):
        await rest(planned.lasts)


def _named(name: str) -> Fault:
    return next(group[name] for group in GROUPS.values() if name in group)
