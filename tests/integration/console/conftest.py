"""The console on the shared stage."""

from collections.abc import AsyncGenerator

import pytest

from services.console import consumers
from services.directory.app import build as build_directory
from services.pairing.app import build as build_pairing
from shared.platform.seal import ContactsKey, open_sealed
from shared.platform.service import Service
from shared.platform.settings import LOCAL_CONTACTS_KEY
from shared.testing.running import Running, run_service
from shared.testing.stage import Engines, Stage, make_stage
from tests.e2e.console.conftest import browser
from tests.integration.console.front import Front, open_front
from tests.integration.directory.consortium import Consortium, found

__all__ = ["browser"]

_KEY = ContactsKey.from_base64(LOCAL_CONTACTS_KEY)


@pytest.fixture(scope="package")
async def console(stage: Stage) -> AsyncGenerator[Running]:
    """The console's handlers and its two databases; the key is the one of local runs."""
    service = Service("console", events=(consumers.listen(lambda record: open_sealed(_KEY, record)),))
    async with run_service(stage, service) as running:
        yield running


@pytest.fixture(scope="package")
async def directory(engines: Engines, passwords: dict[str, str]) -> AsyncGenerator[Running]:
    """A directory behind the pages, with a database of its own."""
    stage = await make_stage(engines, passwords, ["directory"])
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OSLER_CONTACTS_KEY", LOCAL_CONTACTS_KEY)
        async with run_service(stage, build_directory()) as running:
            yield running


@pytest.fixture(scope="package")
async def consortium(directory: Running) -> Consortium:
    """The consortium of that directory."""
    return await found(directory)


@pytest.fixture(scope="package")
async def pairing(stage: Stage) -> AsyncGenerator[Running]:
    """Pairing behind the pages."""
    async with run_service(stage, build_pairing()) as running:
        yield running


@pytest.fixture
def front(console: Running) -> Front:
    """The pages on that console, with a world of their own around them."""
    return open_front(console)
