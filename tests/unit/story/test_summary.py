"""What the story says at its end: where to look while it stays up, and the way back when it does not."""

from collections.abc import Generator
from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.folder import DataFolder
from deploy.local.platform import Platform, plan
from deploy.local.saying import silent
from deploy.local.up import PERSONAS
from deploy.story.main import START
from deploy.story.summary import say_where


@pytest.fixture
def planned(tmp_path: Path) -> Generator[Platform]:
    """A platform that is decided and not started."""
    platform = plan(DataFolder.make(tmp_path / "data"), silent, ["console"], START, PERSONAS)
    yield platform
    for part in (platform.mailbox, platform.issuer, *platform.services.values()):
        ports.give_back(part.port)
    ports.give_back(platform.addresses.smtp_port)


def _said(platform: Platform, *, stays: bool) -> str:
    lines: list[str] = []
    say_where(platform, START, lines.append, stays=stays)
    return "\n".join(lines)


def test_what_stays_up_says_where_everything_answers(planned: Platform) -> None:
    said = _said(planned, stays=True)
    for address in (planned.addresses.console, planned.mailbox.url, planned.addresses.issuer):
        assert address in said
    assert "osler events tail osler.pairing --from-start" in said
    assert "Rosa Almeida" in said


def test_what_ends_names_no_address_that_answers_no_longer_but_the_way_back(planned: Platform) -> None:
    said = _said(planned, stays=False)
    assert "http://" not in said
    assert ".venv/bin/osler demo --stay" in said
    assert "Rosa Almeida" in said
