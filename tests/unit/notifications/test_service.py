"""The service as data: what it times, and the words of every category."""

from pathlib import Path
from typing import get_args

from services.notifications import app
from services.notifications.domain import HOLDS, Category
from services.notifications.sender.wording import LANGUAGES, wording

README = Path(app.__file__).with_name("README.md").read_text(encoding="utf-8")


def test_the_reminder_fires_and_expires() -> None:
    clock = app.build().timers
    assert clock is not None
    assert set(clock.expired) == {"reminder_due"}
    assert set(clock.due) == {"reminder_due", "opportunity_week_due", "opportunity_day_due"}


def test_every_category_has_its_states_and_its_words_in_every_language() -> None:
    assert set(HOLDS) == set(get_args(Category))
    for language in LANGUAGES:
        assert set(wording(language).mails) == set(get_args(Category)), language


def test_the_readme_names_every_category() -> None:
    assert all(f"`{category}`" in README for category in get_args(Category))
