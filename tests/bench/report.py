"""What the rounds showed, as a table for people and as JSON for programs; only what is below its floor fails."""

import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pytest
from rich.console import Console
from rich.table import Table

from tests.bench.measuring import Bound, Figure, Lap, Measure, spread

FILE = Path("build/bench.json")


@dataclass
class Report:
    """The figures of one run: so many rounds each, of the whole work or of a part of it."""

    rounds: int
    part: float = 1.0
    figures: list[Figure] = field(default_factory=list[Figure])

    def size(self, whole: int) -> int:
        """How much work a lap gets."""
        return max(int(whole * self.part), 1)

    def judge(self, figure: Figure) -> None:
        """Keep a figure; fail where it is below a floor, and neither pass nor fail where its rounds say too little.

        The floors are for all of the work; a part of it is shown.
        """
        self.figures.append(figure)
        if self.part < 1:
            return
        verdicts = {bound: figure.verdict(bound) for bound in figure.bounds}
        failed = [_sentence(figure, bound) for bound, verdict in verdicts.items() if verdict == "fails"]
        if failed:
            pytest.fail("; ".join(failed), pytrace=False)
        if "too noisy" in verdicts.values():
            pytest.skip(
                "too noisy: " + ", ".join(b.measure for b, verdict in verdicts.items() if verdict == "too noisy")
            )

    def write(self) -> None:
        """Keep the figures in `build/bench.json`."""
        FILE.parent.mkdir(exist_ok=True)
        about = {
            "rounds": self.rounds,
            "part": self.part,
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "python": platform.python_version(),
            "figures": [figure.as_json() for figure in self.figures],
        }
        FILE.write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def show(self) -> None:
        """Print the table: medians over the rounds, and behind each ratio how far its rounds lie apart."""
        size = "" if self.part == 1.0 else f", {self.part:g} of the work: for trying it out"
        table = Table(title=f"{self.rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}{size}")
        table.caption = "per second: pieces of work (more is better) · µs CPU: of Python, per piece of work"
        table.add_column("figure", no_wrap=True)
        for column in ("measure", "Osler", "ceiling", "ratio", "limit", "verdict"):
            table.add_column(column, justify="right", no_wrap=True)
        for figure in self.figures:
            for bound in figure.bounds:
                table.add_row(figure.name, *_cells(figure, bound), figure.verdict(bound))
        console = Console(width=140)
        console.print(table)
        for figure in self.figures:
            if figure.note:
                console.print(f"{figure.name}: {figure.note}")


def _cells(figure: Figure, bound: Bound) -> tuple[str, ...]:
    values = figure.values(bound.measure)
    moves = f" ±{spread(values) / 2:.0%}"
    ratio = f"{median(values):.2f}{moves}" if figure.ceiling else moves.strip()
    return (
        bound.measure,
        _median(figure.product, bound.measure),
        _median(figure.ceiling, bound.measure),
        ratio,
        bound.text,
    )


def _median(laps: list[Lap], measure: Measure) -> str:
    if not laps:
        return ""
    value = median(lap.value(measure) for lap in laps)
    return f"{value:,.0f}" if measure == "per second" else f"{value:,.1f}"


def _sentence(figure: Figure, bound: Bound) -> str:
    return f"{figure.name}, {bound.measure}: {median(figure.values(bound.measure)):.2f}, must be {bound.text}"
