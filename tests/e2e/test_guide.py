"""What the guide tells readers to type, typed as it stands there, on a platform that runs."""

import asyncio
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import pytest

from deploy.local.folder import read_json
from shared.testing.eventually import eventually
from tests.docs.repository import ROOT, fences, read
from tests.e2e import log
from tests.e2e.life import Life
from tests.e2e.up import Platform

_BIN: Final = Path(sys.executable).parent
_ADDRESS: Final = re.compile(r"^([A-Z]+)=http://127\.0\.0\.1:\d+$", re.MULTILINE)
_WITHIN: Final = 60.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def blocks(page: str, language: str) -> list[str]:
    return [body for spoken, body in fences(read(ROOT / f"docs/guide/{page}.md")) if spoken == language]


def environment(platform: Platform, **more: str) -> dict[str, str]:
    """What a person's shell knows, with `osler` on its path."""
    return {**os.environ, "OSLER_DATA": str(platform.folder.path), "PATH": f"{_BIN}:{os.environ['PATH']}", **more}


@asynccontextmanager
async def reading(platform: Platform, program: Path) -> AsyncGenerator[asyncio.StreamReader]:
    """The page's shell block, which starts its program; the address and where the data lies are this platform's."""
    [said] = [body for body in blocks("events", "") if "export KAFKA=" in body]
    said = re.sub(r"KAFKA=\S+", f"KAFKA={platform.status['kafka']['SASL_PLAINTEXT']}", said, count=1)
    said = said.replace(".osler/", f"{platform.folder.path}/").replace(".venv/bin/python", f"exec {sys.executable}")
    process = await asyncio.create_subprocess_exec(
        "bash", "-ec", said, cwd=program.parent, env=environment(platform), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield process.stdout
    finally:
        process.kill()
        await process.wait()


async def test_the_readers_program_of_the_guide_prints_every_event_once(life: Life, tmp_path: Path) -> None:
    program = tmp_path / "attendance.py"
    program.write_text("\n".join(blocks("events", "python")), encoding="utf-8")
    options = life.platform.kafka_options("analytics")
    records = [
        record
        for topic in ("osler.pairing", "osler.meetings")
        for record in await asyncio.to_thread(log.read, options, "analytics.guide", topic)
    ]
    expected = {(record.headers["ce_type"] + b" " + (record.body or b"")).decode() for record in records}

    printed: Counter[str] = Counter()
    async with reading(life.platform, program) as output, asyncio.timeout(_WITHIN):
        while not printed.keys() >= expected:  # the life goes on, so it may print what was not said yet
            printed[(await output.readline()).decode().rstrip("\n")] += 1

    assert len(expected) > 10
    assert set(printed.values()) == {1}


async def test_the_commands_for_a_roster_and_a_proposal_work(brigid: Platform, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("No curl was found, so the guide's commands were not run: apt-get install curl")
    begin, preview, apply, propose, recall = blocks("http", "")
    begin = _ADDRESS.sub(lambda found: f"{found[1]}={brigid.status['services'][found[1].lower()]['url']}", begin)

    async def typed(block: str) -> bool:
        process = await asyncio.create_subprocess_exec(
            "bash", "-euo", "pipefail", "-c", f"{begin}\n{block}", cwd=tmp_path, env=environment(brigid)
        )
        return await process.wait() == 0

    assert await typed(preview)
    counts = answer(tmp_path / "preview.json")["counts"]
    assert (counts["new"], counts["error"]) == (2, 0)
    assert await typed(apply)
    await eventually(lambda: typed(propose), within=_WITHIN)  # pairing may hear of the people a moment later
    pair = answer(tmp_path / "pair.json")
    assert pair["state"] == "proposed"
    assert await typed(recall)
    async with brigid.client("pairing", "p10001@stbrigids.example") as http:
        shown = await http.get(f"/pairs/{pair['pair_id']}")
    assert (shown.status_code, shown.json()["state"]) == (HTTPStatus.OK, "recalled")


def answer(file: Path) -> dict[str, Any]:
    found = read_json(file)
    assert found is not None
    return found


async def test_a_tail_whose_reader_has_seen_enough_ends_well(life: Life) -> None:
    [command] = set(re.findall(r"`(osler events tail [^`]*)`", read(ROOT / "README.md")))
    process = await asyncio.create_subprocess_exec(
        *("bash", "-o", "pipefail", "-c", f"{command} | head -n 1"),
        env=environment(life.platform),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaints = await asyncio.wait_for(process.communicate(), _WITHIN)
    assert (process.returncode, len(said.splitlines()), complaints) == (0, 1, b"")
