"""A Kafka that holds nothing but what one test says, so that a service can be built from its first record."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from deploy.local.folder import DataFolder
from shared.testing.stage import Engines, apply_topics, make_stage
from tests import backend
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.rebuilding.hospital import Hospital


@pytest.fixture
async def hospital(
    engines: Engines, passwords: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Hospital]:
    """The three services' schemas, empty topics, and a mail server that answers."""
    folder = DataFolder.make(tmp_path_factory.mktemp("broker"))
    mailbox = Mailbox()
    with folder.hold():
        async with backend.a_kafka(folder) as kafka, mailbox.open():
            own = Engines(engines.admin_url, kafka.bootstrap, kafka.username, kafka.password)
            await asyncio.to_thread(apply_topics, own, passwords)
            stage = await make_stage(own, passwords, ["feedback", "notifications", "console"])
            async with Hospital.standing(stage, kafka.client_settings(), mailbox) as hospital:
                yield hospital
