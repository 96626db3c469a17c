"""The `osler` command where nothing runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from deploy.local import doctor
from deploy.local.folder import DataFolder
from deploy.local.problems import LocalProblem


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where `OSLER_DATA` points; nothing is there yet."""
    path = tmp_path / "data"
    monkeypatch.setenv("OSLER_DATA", str(path))
    return path


def test_a_question_about_nothing_is_answered_in_one_sentence(data: Path) -> None:
    for question in (["status", "--json"], ["token", "rosa"]):
        answer = subprocess.run(
            [sys.executable, "-c", "from deploy.cli import main; main()", *question],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ,
            timeout=60,
        )
        assert answer.returncode == 1
        assert answer.stdout == ""
        assert answer.stderr == f"Nothing runs in {data}. Start it with `osler up` or `osler demo --stay`.\n"
    assert not data.exists()


def test_a_folder_that_takes_no_byte_more_is_told_in_one_sentence(data: Path) -> None:
    DataFolder.make(data)
    up = [sys.executable, "-c", "from deploy.cli import main; main()", "up"]
    answer = subprocess.run(
        ["/bin/bash", "-c", 'ulimit -f 0; exec "$@"', "bash", *up],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
        timeout=60,
    )
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.count("\n") == 1
    assert "OSLER_DATA" in answer.stderr


def test_a_question_does_not_wait_for_the_platform_to_be_imported(data: Path) -> None:
    """All of it takes seconds of processor time, and `osler status` is asked in loops."""
    asked = "import sys; from deploy.cli import app; app(['status'], standalone_mode=False)"
    told = "import sys; print(*{'fastapi', 'faststream', 'services', 'uvicorn'} & sys.modules.keys())"
    code = f"try:\n {asked}\nexcept Exception as error:\n print(type(error).__name__)\n{told}"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ, timeout=60
    )
    assert answer.stdout == "NotRunning\n\n"
    assert not data.exists()


def test_a_mistyped_command_is_answered_with_the_one_that_was_meant() -> None:
    said = CliRunner().invoke(app, ["stauts"])
    assert said.exit_code == 2
    assert "'status'" in said.output


def test_reset_asks_first_and_then_deletes(data: Path) -> None:
    DataFolder.make(data).secret("client")
    kept = CliRunner().invoke(app, ["reset"], input="n\n")
    assert (kept.exit_code, data.exists()) == (1, True)
    deleted = CliRunner().invoke(app, ["reset", "--yes"])
    assert (deleted.exit_code, data.exists()) == (0, False)
    assert CliRunner().invoke(app, ["reset", "--yes"]).exit_code == 0


def test_reset_leaves_alone_what_runs_and_what_is_not_oslers(data: Path) -> None:
    folder = DataFolder.make(data)
    with folder.hold():
        assert CliRunner().invoke(app, ["reset", "--yes"]).exit_code == 1
    (data / "osler-data.json").unlink()
    assert CliRunner().invoke(app, ["reset", "--yes"]).exit_code == 1
    assert data.exists()


def test_the_doctor_finds_nothing_missing_where_these_tests_run(data: Path) -> None:
    findings = list(doctor.look(DataFolder(data)))
    assert [finding.sentence for finding in findings if finding.state == "missing"] == []
    assert not data.exists()


def test_the_doctor_says_what_to_do_about_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    findings = list(doctor.look(DataFolder(tmp_path / "file" / "data")))
    assert any(finding.state == "missing" and "OSLER_DATA" in finding.sentence for finding in findings)


def test_the_doctor_is_not_deceived_by_the_rights_of_root() -> None:
    findings = list(doctor.look(DataFolder(Path("/proc/osler"))))  # where nobody makes a file, whatever the modes say
    assert any(finding.state == "missing" and "cannot be written" in finding.sentence for finding in findings)


def test_nothing_is_left_out_that_is_no_service(data: Path) -> None:
    answer = CliRunner().invoke(app, ["up", "--without", "meeting"])
    assert isinstance(answer.exception, LocalProblem)
    assert "There is no service named 'meeting'. There are directory, pairing," in str(answer.exception)
    assert not data.exists()
