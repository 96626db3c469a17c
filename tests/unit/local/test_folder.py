"""One data folder: what it keeps, whom it keeps out, and what it refuses to touch."""

import os
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import pytest

from deploy.local.clock import ClockDiffers, start_of_clock
from deploy.local.folder import MARKER, AlreadyRunning, DataFolder, NotOurFolder
from deploy.local.status import NotRunning, RunningService, Status, read_status, remove, with_secrets

MONDAY = datetime(2027, 1, 4, 9, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder.make(tmp_path / "data")


def test_a_secret_is_made_once_and_readable_for_its_owner_alone(folder: DataFolder) -> None:
    first = folder.secret("client")
    assert folder.secret("client") == first
    assert DataFolder.make(folder.path).secret("client") == first
    mode = (folder.path / "secrets" / "client").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(NotOurFolder):
        DataFolder.make(tmp_path)
    with pytest.raises(NotOurFolder):
        DataFolder(tmp_path).delete()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_over_whose_first_write_a_process_died_is_taken_into_use(tmp_path: Path) -> None:
    """Without room for one byte, as on a full disk; what the write left is gone afterwards."""
    make = "import sys, pathlib as p; from deploy.local.folder import DataFolder as D; D.make(p.Path(sys.argv[1]))"
    command = ["/bin/bash", "-c", 'ulimit -f 0; exec "$@"', "bash", sys.executable, "-c", make, str(tmp_path / "data")]
    died = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert died.returncode
    assert [path.stem for path in (tmp_path / "data").iterdir()] == [".osler-data.json"]
    folder = DataFolder.make(tmp_path / "data")
    assert folder.is_ours()
    assert sorted(path.name for path in folder.path.iterdir()) == ["logs", "osler-data.json", "processes", "secrets"]


def test_the_first_write_of_a_process_that_lives_is_left_to_it(tmp_path: Path) -> None:
    draft = tmp_path / f".osler-data.json.{os.getppid()}"
    draft.touch()
    assert DataFolder.make(tmp_path).is_ours()
    assert draft.exists()


def test_who_take_a_new_folder_into_use_at_once_all_find_it_theirs(tmp_path: Path) -> None:
    places = [tmp_path / str(place) for place in range(100) for _ in range(4)]
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        assert all(folder.is_ours() for folder in pool.map(DataFolder.make, places))


def test_what_cannot_be_a_folder_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("years of work")
    for path in (tmp_path / "file", tmp_path / "file" / "data", Path("/proc/osler")):
        with pytest.raises(NotOurFolder, match="OSLER_DATA"):
            DataFolder.make(path)
    assert (tmp_path / "file").read_text() == "years of work"


def test_two_runs_in_one_folder_are_refused(folder: DataFolder) -> None:
    with folder.hold():
        with pytest.raises(AlreadyRunning), DataFolder(folder.path).hold():
            pytest.fail("two runs held the same folder")
        with pytest.raises(AlreadyRunning):
            folder.delete()
        assert folder.holder()
    assert folder.holder() is None
    folder.delete()
    assert not folder.path.exists()


def test_a_folder_that_was_deleted_by_half_is_still_oslers(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("kafka", "postgres"):
        folder.subfolder(part)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", _dies)
        with pytest.raises(KeyboardInterrupt):
            folder.delete()
    assert folder.is_ours()
    folder.delete()
    assert not folder.path.exists()


def _dies(path: Path) -> None:
    """End in the middle, as a killed process: what comes first in the folder is gone."""
    first, *_ = sorted(path.iterdir(), key=lambda each: each.name != MARKER) or [path]
    if first.is_file():
        first.unlink()
    raise KeyboardInterrupt


def test_asking_who_runs_changes_nothing(folder: DataFolder) -> None:
    """So that it can be asked where nothing can be written, and keeps nobody out meanwhile."""
    assert folder.holder() is None
    assert not (folder.path / "lock").exists()


def test_the_folder_keeps_the_time_it_was_made_with(tmp_path: Path) -> None:
    real = DataFolder.make(tmp_path / "real")
    assert start_of_clock(real, None) is None
    with pytest.raises(ClockDiffers):
        start_of_clock(real, MONDAY)
    stepped = DataFolder.make(tmp_path / "stepped")
    assert start_of_clock(stepped, MONDAY) == MONDAY
    assert start_of_clock(stepped, None) == MONDAY


def a_status(folder: DataFolder) -> Status:
    return Status(
        services={"pairing": RunningService("http://127.0.0.1:8102", 42, "pairing")},
        kafka={"SASL_PLAINTEXT": "127.0.0.1:29092"},
        database="postgresql://127.0.0.1:54320/osler",
        issuer="http://127.0.0.1:8090",
        mailbox="http://127.0.0.1:8025",
        console="http://127.0.0.1:8080",
        data=str(folder.path),
    )


def test_the_status_has_the_shape_that_programs_read(folder: DataFolder) -> None:
    with folder.hold():
        a_status(folder).write(folder)
        assert read_status(folder) == {
            "services": {"pairing": {"url": "http://127.0.0.1:8102", "pid": 42, "schema": "pairing"}},
            "kafka": {"SASL_PLAINTEXT": "127.0.0.1:29092"},
            "database": "postgresql://127.0.0.1:54320/osler",
            "issuer": "http://127.0.0.1:8090",
            "mailbox": "http://127.0.0.1:8025",
            "console": "http://127.0.0.1:8080",
            "data": str(folder.path),
        }
        remove(folder)
        with pytest.raises(NotRunning):
            read_status(folder)


def test_a_status_whose_writer_died_is_not_believed(folder: DataFolder) -> None:
    a_status(folder).write(folder)
    with pytest.raises(NotRunning):
        read_status(folder)


def test_credentials_are_told_only_when_asked_for(folder: DataFolder) -> None:
    password = folder.secret("postgres-admin")
    with folder.hold():
        a_status(folder).write(folder)
        status = read_status(folder)
    assert password not in str(status)
    secrets = with_secrets(status, folder)["secrets"]
    assert secrets == {
        "kafka": {"username": "admin", "password": folder.secret("kafka-admin"), "mechanism": "SCRAM-SHA-512"},
        "database": f"postgresql://osler_admin:{password}@127.0.0.1:54320/osler",
    }
