"""The story, told once for everybody who looks at what it left."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

SECONDS: Final = 540


@dataclass(frozen=True)
class Demo:
    """A data folder, and what the demo said there."""

    folder: Path
    exit_code: int
    said: str

    def copy(self, to: Path) -> Path:
        """The same data elsewhere, each file its owner's: PostgreSQL starts in no folder of somebody else's."""
        subprocess.run(["/bin/cp", "-a", self.folder, to], check=True)
        return to


def run_demo(folder: Path) -> Demo:
    """`osler demo` without a terminal: it ends by itself."""
    ended = subprocess.run(
        [Path(sys.executable).with_name("osler"), "demo"],
        env={**os.environ, "OSLER_DATA": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Demo(folder, ended.returncode, ended.stdout)


@pytest.fixture(scope="package")
def told(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The whole story in a new folder. Who changes what is there does so in a copy."""
    return run_demo(tmp_path_factory.mktemp("story") / "data")
