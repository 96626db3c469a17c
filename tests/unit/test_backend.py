"""Whoever asks for engines that cannot be had is told so at once, in one sentence, and no test is run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        ("containers", "ERROR: BACKEND=containers needs a Docker engine, and none answers ("),
        ("container", "ERROR: BACKEND is processes (so it is without it) or containers, not 'container'."),
    ],
)
def test_engines_that_cannot_be_had_end_the_run_before_its_first_test(tmp_path: Path, backend: str, said: str) -> None:
    nowhere = {"BACKEND": backend, "DOCKER_HOST": f"unix://{tmp_path}/nobody.sock"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "tests/unit"]

    ended = subprocess.run(command, env={**os.environ, **nowhere}, capture_output=True, text=True, check=False)

    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert [line for line in ended.stderr.splitlines() if line.startswith(said)], ended.stderr
    assert ended.stdout == ""
