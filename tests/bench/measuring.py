"""Rounds of two laps in turn, and what may be said of them; a ratio that moves too much says nothing."""

import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Final

TOO_NOISY_FROM: Final = 0.25
MOST_CPU: Final = 1.5


@dataclass
class Lap:
    """One measured run: how many events in which time, and what CPU time this Python process took for them."""

    events: int
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """Python's CPU time per event."""
        return self.cpu_seconds / self.events * 1e6

    @contextmanager
    def running(self) -> Generator[None]:
        """Measure a block."""
        self.begin()
        yield
        self.end()

    def begin(self) -> None:
        """The work begins here, what prepared it lies behind."""
        self.seconds, self.cpu_seconds = -time.perf_counter(), -time.process_time()

    def end(self) -> None:
        """The work is done; what cleans up comes after."""
        self.seconds += time.perf_counter()
        self.cpu_seconds += time.process_time()


@dataclass
class Figure:
    """The product's laps beside the ceiling's, round by round, and the part of the ceiling that it must reach."""

    name: str
    floor: float
    product: list[Lap] = field(default_factory=list[Lap])
    ceiling: list[Lap] = field(default_factory=list[Lap])

    async def measure(
        self, rounds: int, product: Callable[[], Awaitable[Lap]], ceiling: Callable[[], Awaitable[Lap]]
    ) -> None:
        """Run both in turn, the one that begins changing, after one unmeasured pass of each."""
        await product()
        await ceiling()
        for number in range(rounds):
            for lap in (product, ceiling) if number % 2 else (ceiling, product):
                laps = self.product if lap is product else self.ceiling
                laps.append(await lap())

    @property
    def ratios(self) -> list[float]:
        """The product's rate as a part of the ceiling's, per round."""
        return [ours.rate / bare.rate for ours, bare in zip(self.product, self.ceiling, strict=True)]

    @property
    def cpu_ratios(self) -> list[float]:
        """The product's Python CPU per event as a multiple of the ceiling's, per round."""
        pairs = zip(self.product, self.ceiling, strict=True)
        return [ours.cpu_microseconds / bare.cpu_microseconds for ours, bare in pairs]

    @property
    def too_noisy(self) -> bool:
        """Whether the ratio of the rates moved so much that it neither passes nor fails."""
        return spread(self.ratios) >= TOO_NOISY_FROM

    @property
    def verdict(self) -> str:
        """What may be said of the floors."""
        if self.too_noisy:
            return "too noisy"
        return "holds" if not self.shortfalls() else "below the floor"

    def shortfalls(self) -> list[str]:
        """What is worse than it must be, in medians; empty where the rounds say too little."""
        if self.too_noisy:
            return []
        found: list[str] = []
        if median(self.ratios) < self.floor:
            found.append(f"{self.name}: {median(self.ratios):.2f} of the ceiling's rate, not {self.floor}")
        if spread(self.cpu_ratios) < TOO_NOISY_FROM and median(self.cpu_ratios) > MOST_CPU:
            found.append(f"{self.name}: {median(self.cpu_ratios):.2f} times the ceiling's CPU, not {MOST_CPU}")
        return found

    def as_json(self) -> dict[str, Any]:
        """Everything measured, and what follows from it."""
        return {
            "name": self.name,
            "floor": self.floor,
            "ratio": median(self.ratios),
            "ratio_spread": spread(self.ratios),
            "cpu_ratio": median(self.cpu_ratios),
            "cpu_ratio_spread": spread(self.cpu_ratios),
            "verdict": self.verdict,
            "product": [asdict(lap) for lap in self.product],
            "ceiling": [asdict(lap) for lap in self.ceiling],
        }


def spread(values: list[float]) -> float:
    """How far the values lie apart, from the lowest to the highest, as a part of their median."""
    return (max(values) - min(values)) / median(values)
