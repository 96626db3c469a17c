"""A few seeded mixtures, as `make chaos` runs hundreds of, and the proof that such a run finds what is broken."""

from pathlib import Path

import pytest

from tests.chaos.faults import GROUPS
from tests.chaos.run import Outcome, Plan, Planned, plan, run
from tests.chaos.summary import summary
from tests.chaos.world import World


@pytest.mark.parametrize("seed", [0, 7])
async def test_a_mixture_ends_with_equal_ledgers(world: World, tmp_path: Path, seed: int) -> None:
    outcome = await run(world, tmp_path, plan(seed, disk_can_be_full=world.site.small_disk is not None))

    assert outcome.violations == []
    assert outcome.events


@pytest.mark.parametrize(
    ("planted", "attacks", "found"),
    [
        ("inbox_off", [Planned("old records again", 0.3, 4.0, 1)], "effect twice"),
        (
            "deletes_before_the_acknowledgement",
            [Planned("Kafka killed", 0.3, 4.0, 1), Planned("killed", 1.0, 2.5, 15)],  # both publishers, by these dice
            "committed, not in the log",
        ),
    ],
)
async def test_a_run_of_a_product_without_one_of_its_guarantees_is_found_out(
    world: World, tmp_path: Path, planted: str, attacks: list[Planned], found: str
) -> None:
    attacked = Plan(0, ("", ""), 5, attacks)

    outcome = await run(world, tmp_path, attacked, planted=planted, within=8.0)

    assert any(found in violation for violation in outcome.violations)


def test_a_seed_decides_everything_that_is_drawn() -> None:
    assert plan(17, disk_can_be_full=True) == plan(17, disk_can_be_full=True)
    assert plan(17, disk_can_be_full=True) != plan(18, disk_can_be_full=True)


def test_a_hundred_seeds_draw_every_fault() -> None:
    drawn = {fault.name for seed in range(100) for fault in plan(seed, disk_can_be_full=True).faults}

    assert drawn == {name for group in GROUPS.values() for name in group}


def test_the_summary_counts_and_names_the_seeds_that_broke_a_promise() -> None:
    good = Outcome(1, ["killed", "frozen"], commands=10, events=40, converged_after=1.0)
    bad = Outcome(2, ["killed"], commands=5, events=20, converged_after=3.0, violations=["effect twice in c: a v1"])

    text = summary([good, bad])

    assert ["killed", "2"] in [line.split() for line in text.splitlines()]
    assert "seed 2: effect twice in c: a v1" in text
