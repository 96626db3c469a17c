"""The console on the shared stage."""

from collections.abc import AsyncGenerator

import pytest

from services.console import consumers
from shared.platform.seal import ContactsKey, open_sealed
from shared.platform.service import Service
from shared.platform.settings import LOCAL_CONTACTS_KEY
from shared.testing.running import Running, run_service
from shared.testing.stage import Stage
from tests.integration.console.front import Front, open_front

_KEY = ContactsKey.from_base64(LOCAL_CONTACTS_KEY)


@pytest.fixture(scope="package")
async def console(stage: Stage) -> AsyncGenerator[Running]:
    """The console's handlers and its two databases; the key is the one of local runs."""
    service = Service("console", events=(consumers.listen(lambda record: open_sealed(_KEY, record)),))
    async with run_service(stage, service) as running:
        yield running


@pytest.fixture
def front(console: Running) -> Front:
    """The pages on that console, with a world of their own around them."""
    return open_front(console)
