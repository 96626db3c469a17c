"""Child processes: their records, and what is ended and what is left alone."""

import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import psutil
import pytest

from deploy.local.folder import DataFolder, write_atomically
from deploy.local.processes import Child, lives, record_of
from deploy.local.waiting import until

ENVIRONMENT = {"PATH": os.defpath}
FOREVER = [sys.executable, "-c", "import signal; signal.pause()"]


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder.make(tmp_path / "data")


async def gone(pid: int) -> bool:
    async def not_there() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return await until(not_there, seconds=5)


async def test_a_child_that_ignores_the_asking_is_ended_at_the_deadline(folder: DataFolder) -> None:
    child = Child(folder, "stubborn")
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    child.start([sys.executable, "-c", code], ENVIRONMENT, folder.path)

    async def is_deaf() -> bool:
        return "deaf" in child.tail()

    assert await until(is_deaf, seconds=10)
    await child.stop(seconds=0.2)
    assert child.exit_code == -9


async def test_a_child_that_cannot_be_recorded_is_not_left_running(folder: DataFolder) -> None:
    in_the_way = folder.processes / f".part.json.{os.getpid()}"
    in_the_way.mkdir()
    child = Child(folder, "part")
    with pytest.raises(OSError, match=str(in_the_way)):
        child.start(FOREVER, ENVIRONMENT, folder.path)
    assert not child.running
    assert await gone(child.pid)


async def test_a_child_whose_record_cannot_be_removed_is_stopped_all_the_same(folder: DataFolder) -> None:
    child = Child(folder, "part")
    child.start(FOREVER, ENVIRONMENT, folder.path)
    record = folder.processes / "part.json"
    record.unlink()
    record.mkdir()
    await child.stop()
    assert not child.running


async def test_a_process_left_by_an_earlier_run_is_ended_by_its_pid(folder: DataFolder) -> None:
    left = Child(folder, "part")
    left.start(FOREVER, ENVIRONMENT, folder.path)
    assert await Child(folder, "part").end_leftover() == left.pid
    assert await left.ended(5)


@pytest.fixture
def other() -> Generator[int]:
    """The pid of a program that is none of ours."""
    with subprocess.Popen(FOREVER) as program:
        yield program.pid
        program.kill()


async def test_another_program_with_the_recorded_pid_is_left_alone(folder: DataFolder, other: int) -> None:
    record = record_of(other)
    stale = record.replace('"started": ', '"started": 1')
    write_atomically(folder.processes / "part.json", stale)
    assert await Child(folder, "part").end_leftover() is None
    assert lives(other, record)


async def test_a_child_dies_with_its_parent_however_that_dies(folder: DataFolder) -> None:
    code = (
        "import asyncio, os, sys; from pathlib import Path; from deploy.local.folder import DataFolder; "
        "from deploy.local.processes import Child; folder = DataFolder(Path(sys.argv[1])); "
        "child = Child(folder, 'orphan'); child.start(sys.argv[2:], {'PATH': os.defpath}, folder.path); "
        "print(child.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    parent = subprocess.run(  # noqa: ASYNC221 - it ends by itself at once
        [sys.executable, "-c", code, folder.path, *FOREVER], stdout=subprocess.PIPE, check=False, timeout=20
    )
    assert parent.returncode == -9
    assert await gone(int(parent.stdout))


async def test_a_program_that_cannot_be_started_says_why_in_its_log(folder: DataFolder) -> None:
    child = Child(folder, "absent")
    child.start(["/no/such/program"], ENVIRONMENT, folder.path)
    assert await child.ended(10)
    assert "No such file" in child.tail()
    assert str(child.log) in str(child.failed("did not start"))
