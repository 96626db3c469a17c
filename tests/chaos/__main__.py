"""`python -m tests.chaos`: seeded runs one after the other until the seeds or the minutes are used up; resumable.

Each run is a line of `runs.jsonl` in the folder, and a run that is there with this commit is not repeated. Of a run
that broke a promise everything is kept: logs, books and ledgers. The exit code is 1 when any run did.
"""

import argparse
import asyncio
import json
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import TemporaryDirectory

from tests.chaos.run import Outcome, plan, run
from tests.chaos.site import a_site
from tests.chaos.summary import summary
from tests.chaos.world import make_world

_STOPPED = 130
"""As a shell says of what Ctrl-C ended: `make chaos` goes on with nothing else then."""


async def attack(folder: Path, seeds: Iterator[int], until: float) -> None:
    """Run these seeds in turn on one pair of engines, until the time is up."""
    commit, known = commit_here(), {outcome.seed for outcome in outcomes(folder, commit_here())}
    with TemporaryDirectory(prefix="osler-chaos-") as place:
        async with a_site(Path(place) / "site") as site:
            if site.small_disk is None:
                _say("no run of this has a full disk: that needs root and the right to mount")
            world = await make_world(site)
            if known:
                _say(f"{len(known)} seeds were run at commit {commit} before and are not repeated")
            for seed in seeds:
                if time.monotonic() > until:
                    break
                if seed in known:
                    continue
                _say(f"seed {seed} of commit {commit}:", end=" ")
                kept = folder / f"seed-{seed}"
                kept.mkdir(exist_ok=True)
                planned = plan(seed, disk_can_be_full=site.small_disk is not None)
                try:
                    outcome = await run(world, kept, planned)
                finally:
                    if (task := asyncio.current_task()) and task.cancelling():
                        rmtree(kept)  # what was cut off is no run
                _say(_line(outcome))
                with (folder / "runs.jsonl").open("a", encoding="utf-8") as runs:
                    runs.write(json.dumps({"commit": commit, **outcome.plain()}) + "\n")
                if outcome.violations:
                    copytree(site.parts.folder.logs, kept / "engines")
                    (kept / "plan.json").write_text(json.dumps(asdict(planned), indent=1), encoding="utf-8")
                else:
                    rmtree(kept)


def outcomes(folder: Path, commit: str) -> list[Outcome]:
    """What the runs of this commit came to."""
    file = folder / "runs.jsonl"
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
    return [Outcome(**row) for row in rows if row.pop("commit") == commit]


def commit_here() -> str:
    """The commit that is attacked, with a mark where files differ from it."""
    command = ["git", "describe", "--always", "--abbrev=12", "--dirty=-changed", "--exclude=*"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"


def _say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


def _line(outcome: Outcome) -> str:
    found = f"{len(outcome.violations)} VIOLATIONS" if outcome.violations else "as promised"
    faults = ", ".join(outcome.faults)
    return f"{found}; {outcome.events} events, converged after {outcome.converged_after} s; {faults}"


def main() -> None:
    """Read which seeds, and for how long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=0, help="how many, from 0 on; without it the minutes decide")
    parser.add_argument("--seed", type=int, help="this one only, and again if it was run before")
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no run after so many minutes")
    parser.add_argument("--folder", type=Path, default=Path("test-results/chaos"))
    arguments = parser.parse_args()
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # that Kafka is away is what is wanted
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    seeds = iter(range(arguments.seeds)) if arguments.seeds else count()
    if arguments.seed is not None:
        seeds, folder = iter([arguments.seed]), folder / f"again-{arguments.seed}"
        rmtree(folder, ignore_errors=True)
        folder.mkdir()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave in order, as at Ctrl-C
    stopped = False
    try:
        asyncio.run(attack(folder, seeds, time.monotonic() + 60 * arguments.minutes))
    except KeyboardInterrupt:
        stopped = True
        _say("\nstopped; the runs that are done count, and the next call goes on behind them")
    made = outcomes(folder, commit_here())
    _say(f"all runs of commit {commit_here()} so far:\n{summary(made)}")
    sys.exit(_STOPPED if stopped else any(outcome.violations for outcome in made))


if __name__ == "__main__":
    main()
