"""The schemas as they were committed, and the breaks that somebody decided on; refuses a break without a reason."""

import hashlib
import json
import shutil
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

# The commit that is checked out may be the one under test, so the one before it counts too.
_REVISIONS: Final = ("HEAD", "HEAD^")


def committed(root: Path, folder: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """Name and content of every JSON file that the last two commits have in `folder`."""
    git = shutil.which("git")
    if git is None:
        return
    for revision in _REVISIONS:
        names = _run(root, [git, "ls-tree", "--name-only", "--full-tree", f"{revision}:{folder}"]).split()
        for name in names:
            yield name, json.loads(_run(root, [git, "show", f"{revision}:{folder}/{name}"]))


def _run(root: Path, command: list[str]) -> str:
    """What a git command says; nothing where it fails, because a source archive has no history."""
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def fingerprint(schema: dict[str, Any]) -> str:
    """What tells one schema from another, whatever the order of its words."""
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()[:16]


def decided_breaks(file: Path) -> dict[str, str]:
    """Wire type to fingerprint of each change that somebody decided on; KeyError for one without a reason."""
    if not file.exists():
        return {}
    rows = tomllib.loads(file.read_text(encoding="utf-8"))
    return {name: row["schema"] for name, row in rows.items() if row["because"].strip()}
