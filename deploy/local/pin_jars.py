"""Writes `jars.sha256` anew for other versions: `python -m deploy.local.pin_jars`; a person reads the difference."""

import hashlib
import tempfile
from pathlib import Path

import jgo
from jgo.config import GlobalSettings
from jgo.maven import MavenContext

from deploy.local.jars import COORDINATES, LIST, TOOLS


def main() -> None:
    """Resolve what Kafka needs, fetch it into an empty repository, and note what it hashes to."""
    settings = GlobalSettings.load()
    group, name, version = TOOLS
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder), remote_repos=settings.repositories or None)
        # The tools by themselves: with all that they need, Kafka Connect too, there would be twice as many jars.
        needed = [*jgo.resolve("+".join(COORDINATES)), context.project(group, name).at_version(version).artifact()]
        lines: list[str] = []
        for artifact in needed:
            component = context.project(artifact.groupId, artifact.artifactId).at_version(artifact.version)
            path = component.artifact().resolve()
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n")
    LIST.write_text("".join(sorted(lines, key=lambda line: line.split()[1])))


if __name__ == "__main__":
    main()
