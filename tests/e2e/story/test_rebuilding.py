"""After the story: feedback and notifications are stopped, emptied and built again from the first event."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.folder import DataFolder
from deploy.local.platform import Platform, service_names
from deploy.local.up import bring_up
from deploy.story import main as story
from deploy.story.topics import read_all
from shared.platform.consumer.rewind import rewind
from tests.e2e.story.conftest import SECONDS, Demo
from tests.integration.rebuilding.tables import HELD, empty, held, rebuilt_services

_FULL = ("feedback.pairs", "feedback.feedback_requests", "notifications.causes", "notifications.messages")
"""Without rows in these, to find them again would say nothing."""
_REBUILT = [service.name for service in rebuilt_services()]


@pytest.mark.slow
@pytest.mark.timeout(2 * SECONDS)
async def test_emptied_services_know_the_whole_story_again_and_say_nothing(told: Demo, tmp_path: Path) -> None:
    folder = DataFolder(told.copy(tmp_path / "data"))
    said: list[str] = []
    others = [name for name in service_names() if name not in _REBUILT]

    async with bring_up(folder, said.append, services=others) as platform:
        before = await _everything(platform)
        assert all(before["tables"][table] for table in _FULL)
        await _empty(platform)

    async with bring_up(folder, said.append) as platform:
        holds = await story.tell(platform, said.append, stays=False)
        after = await _everything(platform)

    assert after["tables"] == before["tables"]
    assert after == before
    assert holds, said


async def _empty(platform: Platform) -> None:
    connection = await asyncpg.connect(platform.postgres.admin_url)
    try:
        for service in rebuilt_services():
            await empty(connection, service.name)
            await rewind(platform.kafka.client_settings(), service.events)
    finally:
        await connection.close()


async def _everything(platform: Platform) -> Mapping[str, Any]:
    """What every service holds, what was said in Kafka, and which mails came."""
    connection = await asyncpg.connect(platform.postgres.admin_url)
    try:
        tables = await held(connection, HELD)
    finally:
        await connection.close()
    events, _ = await asyncio.to_thread(read_all, platform.kafka.client_settings())
    mails = sorted(file.name for file in (platform.folder.path / "mailbox").rglob("*") if file.is_file())
    return {"tables": tables, "events": {key: len(heard) for key, heard in events.items()}, "mails": mails}
