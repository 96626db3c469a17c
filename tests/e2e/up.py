"""The whole platform as a person starts it: `osler up` as a process in a data folder of its own; nothing is shared."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx

from deploy.local.clock import start_of_clock
from deploy.local.folder import DataFolder
from deploy.local.issuer.tokens import PERSONA_GRANT
from deploy.local.surroundings import Secrets
from shared.testing.eventually import eventually

READY: Final = "osler status"
"""What `osler up` says last, when everything answers."""
_OSLER: Final = Path(sys.executable).with_name("osler")
_START_SECONDS: Final = 150.0
_STOP_SECONDS: Final = 60.0


@dataclass
class Platform:
    """Everything that runs, as `osler status --json --secrets` tells it, and how long it took to be ready."""

    folder: DataFolder
    process: asyncio.subprocess.Process
    status: dict[str, Any] = field(repr=False)
    ready_after: float = 0.0

    @property
    def secrets(self) -> Secrets:
        """The secrets of the data folder."""
        return Secrets(self.folder)

    def kafka_options(self, user: str) -> dict[str, Any]:
        """How a librdkafka client signs in as one of the principals."""
        return {
            "bootstrap.servers": self.status["kafka"]["SASL_PLAINTEXT"],
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": self.status["secrets"]["kafka"]["mechanism"],
            "sasl.username": user,
            "sasl.password": self.secrets.passwords()[user],
            "log_level": 0,
        }

    def database(self, login: str) -> str:
        """The database's address as one of the logins."""
        address: str = self.status["database"]
        return address.replace("//", f"//{login}:{self.secrets.passwords()[login]}@")

    async def stop(self) -> None:
        """Let it end as Ctrl-C does; what it holds stays in its folder."""
        await _stop(self.process)

    @asynccontextmanager
    async def administrator(self) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
        """A connection as the local superuser."""
        connection = await asyncpg.connect(self.status["secrets"]["database"])
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def client(self, service: str, subject: str) -> AsyncGenerator[httpx.AsyncClient]:
        """A service's interface, with a real token of the local issuer for this subject."""
        form = {"grant_type": PERSONA_GRANT, "subject": subject, "persona_secret": self.secrets.persona()}
        async with httpx.AsyncClient(trust_env=False) as http:
            given = await http.post(f"{self.status['issuer']}/token", data=form)
        headers = {"Authorization": f"Bearer {given.raise_for_status().json()['access_token']}"}
        url = self.status["services"][service]["url"]
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=30) as client:
            yield client


@asynccontextmanager
async def osler_up(folder: Path, *, stepped_from: datetime | None = None, **more: str) -> AsyncGenerator[Platform]:
    """Run `osler up` in this folder with further environment variables; it has ended when the block ends."""
    data = DataFolder.make(folder)
    start_of_clock(data, stepped_from)  # the folder's time is decided once, and `up` keeps to it
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OSLER_")}
    environment = {**inherited, "OSLER_DATA": str(folder), "PYTHONUNBUFFERED": "1", **more}
    output = folder.with_suffix(".log")
    begun = time.monotonic()
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(_OSLER, "up", env=environment, stdout=log, stderr=log)
    try:
        await _ready(process, output)
        ready_after = time.monotonic() - begun
        asked = await asyncio.create_subprocess_exec(
            _OSLER, "status", "--json", "--secrets", env=environment, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await asked.communicate()
        yield Platform(data, process, json.loads(said), ready_after)
    finally:
        await _stop(process)


async def _ready(process: asyncio.subprocess.Process, output: Path) -> None:
    async def is_ready() -> bool:
        said = await asyncio.to_thread(output.read_text, encoding="utf-8")
        assert process.returncode is None, f"osler up ended by itself:\n{said}"
        return READY in said

    await eventually(is_ready, within=_START_SECONDS, every=0.1)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
