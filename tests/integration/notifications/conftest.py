"""Notifications on a database of its own, with a real mail server and a clock that tests step."""

from collections.abc import AsyncGenerator

import pytest

from services.notifications.app import build
from shared.testing.running import Running, run_service
from shared.testing.stage import Engines, make_stage
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.notifications.office import Office


@pytest.fixture(scope="package")
async def notifications(engines: Engines, passwords: dict[str, str]) -> AsyncGenerator[Running]:
    """The service, which all its tests share; ids and addresses are fresh in each."""
    stage = await make_stage(engines, passwords, ["notifications"])
    async with run_service(stage, build()) as running:
        yield running


@pytest.fixture
async def mailbox() -> AsyncGenerator[Mailbox]:
    """A mail server that answers."""
    mailbox = Mailbox()
    async with mailbox.open():
        yield mailbox


@pytest.fixture
async def office(notifications: Running, mailbox: Mailbox) -> Office:
    """A pair of two hospitals whom mail can reach, and the sender."""
    office = Office(notifications, mailbox)
    await office.open()
    return office
