"""The directory on a stage of its own, with the keys of local runs."""

from collections.abc import AsyncGenerator

import pytest

from services.directory.app import build
from shared.platform.settings import LOCAL_CONTACTS_KEY
from shared.testing.running import Running, run_service
from shared.testing.stage import Engines, make_stage
from tests.integration.directory.consortium import Consortium, found


@pytest.fixture(scope="package")
async def directory(engines: Engines, passwords: dict[str, str]) -> AsyncGenerator[Running]:
    """One directory for all of its tests; institutions are fresh in each."""
    stage = await make_stage(engines, passwords, ["directory"])
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OSLER_CONTACTS_KEY", LOCAL_CONTACTS_KEY)
        async with run_service(stage, build()) as running:
            yield running


@pytest.fixture(scope="package")
async def consortium(directory: Running) -> Consortium:
    """The consortium's office and its administrator."""
    return await found(directory)
