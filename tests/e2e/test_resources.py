"""What the platform takes when it is up and nothing happens: time to start, memory, connections and processor time."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

import psutil
import pytest

from shared.platform.loops import rest
from shared.testing.eventually import eventually
from tests.e2e.up import Platform, osler_up

MIB: Final = 2**20
MOST_CONNECTIONS: Final = 80
MOST_MEMORY: Final = 1_600 * MIB
MOST_CPU: Final = 0.30
_WINDOW_SECONDS: Final = 20.0
_SETTLES_WITHIN: Final = 120.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
async def idle(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Platform]:
    """A platform in real time that nobody uses, and whose one-time work after the first start is over."""
    async with osler_up(tmp_path_factory.mktemp("idle") / "data") as running:

        async def is_settled() -> bool:
            # Java's ahead-of-time cache is made once on a machine, beside the first start.
            return sum(process.name() == "java" for process in _tree(running)) == 1

        await eventually(is_settled, within=_SETTLES_WITHIN, every=0.5)
        yield running


async def test_it_takes_few_database_connections(idle: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    async with idle.administrator() as connection:
        rows = await connection.fetch(
            """
            SELECT usename AS login, count(*) AS connections FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY usename ORDER BY usename
            """
        )
    connections = sum(row["connections"] for row in rows)
    with capsys.disabled():
        _say(f"ready after {idle.ready_after:.1f} s")
        _say(f"{connections} database connections of at most {MOST_CONNECTIONS}")

    assert connections <= MOST_CONNECTIONS, [tuple(row) for row in rows]


async def test_it_fits_into_its_memory(idle: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    shares = {process.pid: (_label(process), process.memory_full_info().pss) for process in _tree(idle)}
    memory = sum(pss for _, pss in shares.values())
    with capsys.disabled():
        _say(f"{memory / MIB:,.0f} MiB of at most {MOST_MEMORY / MIB:,.0f}, shared pages counted once")
        for name, used in _by_name(list(shares.values())):
            _say(f"  {used / MIB:6.0f} MiB  {name}")

    assert memory <= MOST_MEMORY


async def test_it_rests_when_nothing_happens(idle: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    before = _cpu_seconds(idle)
    await rest(_WINDOW_SECONDS)
    after = _cpu_seconds(idle)
    used = [(name, seconds - before.get(pid, ("", 0.0))[1]) for pid, (name, seconds) in after.items()]
    share = sum(seconds for _, seconds in used) / _WINDOW_SECONDS
    with capsys.disabled():
        _say(f"{share:.1%} of one core of at most {MOST_CPU:.0%}, over {_WINDOW_SECONDS:.0f} s")
        for name, seconds in _by_name(used):
            _say(f"  {seconds / _WINDOW_SECONDS:6.1%}  {name}")

    assert share <= MOST_CPU


def _tree(platform: Platform) -> list[psutil.Process]:
    """`osler up` and everything below it."""
    top = psutil.Process(platform.process.pid)
    return [top, *top.children(recursive=True)]


def _cpu_seconds(platform: Platform) -> dict[int, tuple[str, float]]:
    """Processor time so far by process, with that of its children that have ended, so that none is lost between."""
    taken: dict[int, tuple[str, float]] = {}
    for process in _tree(platform):
        times = process.cpu_times()
        spent = times.user + times.system + times.children_user + times.children_system
        taken[process.pid] = (_label(process), spent)
    return taken


def _label(process: psutil.Process) -> str:
    """What it is: a service's or part's module for our own, else the name of its program."""
    words = process.cmdline()
    named = words[words.index("-m") + 1] if "-m" in words else process.name()
    return Path(named).name if "/" in named else named


def _by_name(amounts: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Summed by name, the most first."""
    sums: dict[str, float] = {}
    for name, amount in amounts:
        sums[name] = sums.get(name, 0.0) + amount
    return sorted(sums.items(), key=lambda item: -item[1])


def _say(line: str) -> None:
    """Show a figure to whoever runs the tests."""
    print(f"\n  {line}", end="")  # noqa: T201 - the figures are what people look for here
