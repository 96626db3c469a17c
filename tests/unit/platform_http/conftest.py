"""What all tests of the edge share."""

from collections.abc import Generator

import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def unprinted() -> Generator[None]:
    """Bugs are planted here on purpose, and printing a traceback in colours takes a second each."""
    with capture_logs():
        yield
