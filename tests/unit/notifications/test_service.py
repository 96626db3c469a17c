"""The service as data: what it says, hears and times is what its README tells."""

import re
from pathlib import Path
from typing import get_args

from services.notifications import app
from services.notifications.domain import HOLDS, Category
from services.notifications.sender.wording import LANGUAGES, wording
from shared.contracts.notifications import NotificationEvent

README = Path(app.__file__).with_name("README.md").read_text(encoding="utf-8")


def wire_types_under(heading: str) -> list[str]:
    text = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^- (osler\.\S+)$", text, re.MULTILINE)


def test_the_readme_lists_exactly_what_is_said_and_heard() -> None:
    service = app.build()
    assert wire_types_under("Says") == sorted(event.type for event in service.says)
    assert wire_types_under("Hears") == sorted(name for events in service.events for name in events.heard)


def test_every_event_of_the_vocabulary_is_said() -> None:
    assert set(app.build().says) == set(NotificationEvent.__subclasses__())


def test_the_reminder_fires_and_expires() -> None:
    clock = app.build().timers
    assert clock is not None
    assert set(clock.due) == set(clock.expired) == {"reminder_due"}


def test_every_category_has_its_states_and_its_words_in_every_language() -> None:
    assert set(HOLDS) == set(get_args(Category))
    for language in LANGUAGES:
        assert set(wording(language).mails) == set(get_args(Category)), language


def test_the_readme_names_every_category() -> None:
    assert all(f"`{category}`" in README for category in get_args(Category))
