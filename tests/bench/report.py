"""What the rounds showed, as a table for people and as JSON for programs; it judges nothing."""

import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.bench.measuring import Figure, Lap, spread

FILE = Path("build/bench.json")


@dataclass
class Report:
    """The figures of one run."""

    rounds: int
    figures: list[Figure] = field(default_factory=list[Figure])

    def write(self) -> None:
        """Keep the figures in `build/bench.json`."""
        FILE.parent.mkdir(exist_ok=True)
        about = {
            "rounds": self.rounds,
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "python": platform.python_version(),
            "figures": [figure.as_json() for figure in self.figures],
        }
        FILE.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")

    def show(self) -> None:
        """Print the table: medians over the rounds, and behind each ratio how far its rounds lie apart."""
        table = Table(title=f"{self.rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        table.add_column("figure", no_wrap=True)
        columns = ("Osler /s", "bare /s", "ratio", "floor", "CPU µs", "bare µs", "ratio", "verdict")
        for column in columns:
            table.add_column(column, justify="right", no_wrap=True)
        for figure in self.figures:
            table.add_row(
                figure.name,
                f"{_rate(figure.product):,.0f}",
                f"{_rate(figure.ceiling):,.0f}",
                _with_spread(figure.ratios),
                f"{figure.floor}",
                f"{_cpu(figure.product):.1f}",
                f"{_cpu(figure.ceiling):.1f}",
                _with_spread(figure.cpu_ratios),
                figure.verdict,
            )
        Console(width=140).print(table)


def _rate(laps: list[Lap]) -> float:
    return median(lap.rate for lap in laps)


def _cpu(laps: list[Lap]) -> float:
    return median(lap.cpu_microseconds for lap in laps)


def _with_spread(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} ±{spread(ratios) / 2:.0%}"
