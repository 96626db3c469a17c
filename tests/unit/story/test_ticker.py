"""The clock after the story: real seconds, and a stop at each due instant."""

from datetime import timedelta
from typing import Any

from deploy.story.ticker import Ticker
from tests.unit.story.clock import MONDAY, Clock

SECOND = timedelta(seconds=1)


def a_ticker(clock: Clock) -> Ticker:
    fake: Any = clock
    return Ticker(fake, fake, MONDAY, wait_seconds=0.01)


async def test_a_second_passes_when_nothing_is_due() -> None:
    clock = Clock(MONDAY + 5 * SECOND)
    await a_ticker(clock).tick(MONDAY + SECOND)
    assert clock.stops == [MONDAY + SECOND]


async def test_each_due_instant_gets_its_moment_in_order() -> None:
    clock = Clock(MONDAY + 2 * SECOND, MONDAY + SECOND, MONDAY + 9 * SECOND)
    ticker = a_ticker(clock)
    await ticker.tick(MONDAY + 3 * SECOND)
    assert clock.stops == [MONDAY + SECOND, MONDAY + 2 * SECOND, MONDAY + 3 * SECOND]
    assert ticker.now == MONDAY + 3 * SECOND


async def test_a_timer_that_fails_does_not_hold_up_time() -> None:
    clock = Clock(MONDAY + SECOND, stuck=True)
    await a_ticker(clock).tick(MONDAY + 4 * SECOND)
    assert clock.stops[-1] == MONDAY + 4 * SECOND
