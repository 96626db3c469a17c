"""Kafka's jars: what is listed is what runs."""

import http.server
import re
import threading
from collections.abc import Generator
from http import HTTPStatus
from pathlib import Path

import pytest

from deploy.local import jars


class _Forger(http.server.BaseHTTPRequestHandler):
    """A repository that answers every question for a jar with something else."""

    def do_GET(self) -> None:
        is_jar = self.path.endswith(".jar")
        self.send_response(HTTPStatus.OK if is_jar else HTTPStatus.NOT_FOUND)
        self.end_headers()
        if is_jar:
            self.wfile.write(b"not what you asked for")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the standard library
        """Say nothing."""


@pytest.fixture
def forged_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """An empty cache, and settings that name a repository that cannot be trusted."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Forger)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = tmp_path / ".config" / "jgo.conf"
    settings.parent.mkdir()
    settings.write_text(f"[repositories]\nforged = http://127.0.0.1:{server.server_port}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield
    server.shutdown()
    server.server_close()


def test_every_jar_is_listed_with_its_hash_and_version() -> None:
    listed = jars.listed()
    assert len({jar.path for jar in listed}) == len(listed) == 47
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in listed)
    coordinates = {":".join(jar.coordinates) for jar in listed}
    assert {*jars.COORDINATES, ":".join(jars.TOOLS)} <= coordinates
    kafka = {version for group, _, version in (jar.coordinates for jar in listed) if group == "org.apache.kafka"}
    assert kafka == {jars.VERSION}


@pytest.mark.usefixtures("forged_repository")
async def test_a_jar_that_differs_is_deleted_and_never_run() -> None:
    assert not jars.are_cached()
    with pytest.raises(jars.JarDiffers, match="SHA-256"):
        await jars.kafka_jars()
    assert list(jars.cache_folder().rglob("*.jar")) == []
