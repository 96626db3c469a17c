"""The hand on the clock: where it stops, and when it waits."""

from datetime import timedelta
from typing import Any

import pytest

from deploy.story.stepper import NotQuiet, Stepper
from tests.unit.story.clock import MONDAY, Clock

HOUR = timedelta(hours=1)


class Looks:
    """The fake of a platform: it waits for what it is told, look after look, and then for nothing."""

    def __init__(self, *waits: str | None, ends: list[tuple[int, ...] | None] | None = None) -> None:
        self.waits = list(waits)
        self.ends = list(ends or [])
        self.looks = 0

    async def waits_for(self) -> tuple[str | None, tuple[int, ...]]:
        self.looks += 1
        return (self.waits.pop(0) if self.waits else None), (1,)

    async def ends_if_read(self) -> tuple[int, ...] | None:
        return self.ends.pop(0) if self.ends else (9,)


def a_stepper(clock: Clock, looks: Looks | None = None, within: float = 5.0) -> Stepper:
    fake: Any = clock
    watching: Any = looks or Looks()
    return Stepper(fake, watching, fake, MONDAY, quiet_within_seconds=within)


async def test_the_clock_stops_at_every_due_instant_in_order() -> None:
    clock = Clock(MONDAY + 5 * HOUR, MONDAY + 2 * HOUR)
    stepper = a_stepper(clock)
    await stepper.step_to(MONDAY + 8 * HOUR)
    assert clock.stops == [MONDAY + 2 * HOUR, MONDAY + 5 * HOUR, MONDAY + 8 * HOUR]
    assert stepper.stops == 3
    assert stepper.now == MONDAY + 8 * HOUR


async def test_instants_within_half_an_hour_share_the_latest_of_them() -> None:
    minutes = timedelta(minutes=1)
    clock = Clock(MONDAY + HOUR, MONDAY + HOUR + 25 * minutes, MONDAY + HOUR + 31 * minutes)
    await a_stepper(clock).step_to(MONDAY + 4 * HOUR)
    assert clock.stops == [MONDAY + HOUR + 25 * minutes, MONDAY + HOUR + 31 * minutes, MONDAY + 4 * HOUR]


async def test_what_is_due_within_half_an_hour_of_the_target_shares_its_stop() -> None:
    clock = Clock(MONDAY + 2 * HOUR)
    await a_stepper(clock).step_to(MONDAY + 2 * HOUR + timedelta(minutes=30))
    assert clock.stops == [MONDAY + 2 * HOUR + timedelta(minutes=30)]


async def test_quiet_is_seen_twice_in_a_row_with_the_same_ends() -> None:
    looks = Looks("the outbox of pairing", None, "mails", None, None, ends=[(8,), (9,), (9,)])
    await a_stepper(Clock(), looks).quiet()
    assert looks.looks == 5


async def test_a_group_that_has_not_read_everything_is_waited_for() -> None:
    looks = Looks(ends=[None, None, (9,), (9,)])
    await a_stepper(Clock(), looks).quiet()
    assert looks.looks == 4


async def test_a_topic_that_grew_between_two_looks_begins_the_count_anew() -> None:
    looks = Looks(ends=[(8,), (9,), (9,)])
    await a_stepper(Clock(), looks).quiet()
    assert looks.looks == 3


async def test_what_never_comes_to_rest_is_named_and_the_clock_is_not_moved() -> None:
    clock = Clock()
    looks = Looks(*["timers of meetings"] * 1000)
    with pytest.raises(NotQuiet, match="timers of meetings"):
        await a_stepper(clock, looks, within=0.05).step_to(MONDAY + HOUR)
    assert clock.stops == []
