"""Rounds of two laps in turn, and what may be said of them; a ratio that moves too much says nothing."""

import gc
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any, Final, Literal

TOO_NOISY_FROM: Final = 0.25
MOST_CPU: Final = 1.5

Measure = Literal["per second", "µs CPU", "p50 ms", "p99 ms"]
Verdict = Literal["holds", "fails", "too noisy", "shown"]


@dataclass
class Lap:
    """One measured run: so much work in which time, what CPU time this Python process took, what each piece waited."""

    events: int
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    waits: list[float] = field(default_factory=list[float])
    """Seconds."""

    def value(self, measure: Measure) -> float:
        """What this lap says of one measure."""
        match measure:
            case "per second":
                return self.events / self.seconds
            case "µs CPU":
                return self.cpu_seconds / self.events * 1e6
            case "p50 ms":
                return median(self.waits) * 1e3
            case "p99 ms":
                return quantiles(self.waits, n=100)[98] * 1e3

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


Run = Callable[[], Awaitable[Lap]]


@dataclass(frozen=True)
class Bound:
    """What a measure must reach, as a part of the ceiling's, or by itself where there is no ceiling.

    More is better of a rate, less of everything else. A limit of None is shown and judged by nobody.
    """

    measure: Measure
    limit: float | None

    @property
    def text(self) -> str:
        """The limit as people write it."""
        if self.limit is None:
            return ""
        return f"{'≥' if self.measure == 'per second' else '≤'} {self.limit:g}"

    def holds(self, value: float) -> bool:
        """Whether a value is on the right side."""
        if self.limit is None:
            return True
        return value >= self.limit if self.measure == "per second" else value <= self.limit


def pace(floor: float) -> tuple[Bound, ...]:
    """A part of the ceiling's rate, for not much more CPU."""
    return Bound("per second", floor), Bound("µs CPU", MOST_CPU)


@dataclass
class Figure:
    """The product's laps beside the ceiling's, round by round, and what they must reach."""

    name: str
    bounds: tuple[Bound, ...]
    product: list[Lap] = field(default_factory=list[Lap])
    ceiling: list[Lap] = field(default_factory=list[Lap])
    note: str = ""

    async def measure(self, rounds: int, product: Run, ceiling: Run, *, warm_up: bool = True) -> None:
        """Run both in turn, the one that begins changing, after one unmeasured pass of each."""
        if warm_up:
            await product()
            await ceiling()
        # What the tests hold is many times what a service holds: the collector would walk it in either's time.
        gc.collect()
        gc.freeze()
        for number in range(rounds):
            for lap in (product, ceiling) if number % 2 else (ceiling, product):
                laps = self.product if lap is product else self.ceiling
                laps.append(await lap())

    def values(self, measure: Measure) -> list[float]:
        """What is judged, per round: the product's value as a part of the ceiling's, or itself without a ceiling."""
        ours = [lap.value(measure) for lap in self.product]
        if not self.ceiling:
            return ours
        return [value / lap.value(measure) for value, lap in zip(ours, self.ceiling, strict=True)]

    def verdict(self, bound: Bound) -> Verdict:
        """What may be said of one bound."""
        if bound.limit is None:
            return "shown"
        values = self.values(bound.measure)
        if self.ceiling and spread(values) >= TOO_NOISY_FROM:
            return "too noisy"
        return "holds" if bound.holds(median(values)) else "fails"

    def as_json(self) -> dict[str, Any]:
        """Everything measured, and what follows from it."""
        return {"name": self.name, "note": self.note, "bounds": [self._judged(bound) for bound in self.bounds]}

    def _judged(self, bound: Bound) -> dict[str, Any]:
        values = self.values(bound.measure)
        return {
            "measure": bound.measure,
            "limit": bound.text,
            "median": median(values),
            "spread": spread(values),
            "verdict": self.verdict(bound),
            "product": [lap.value(bound.measure) for lap in self.product],
            "ceiling": [lap.value(bound.measure) for lap in self.ceiling],
        }


def spread(values: list[float]) -> float:
    """How far the values lie apart, from the lowest to the highest, as a part of their median."""
    return (max(values) - min(values)) / median(values)
