"""The service as data: what it says, hears and times is what its README tells."""

import re
from pathlib import Path

from services.feedback import app
from shared.contracts.feedback import FeedbackEvent

README = Path(app.__file__).with_name("README.md").read_text(encoding="utf-8")


def wire_types_under(heading: str) -> list[str]:
    text = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^- (osler\.\S+)$", text, re.MULTILINE)


def test_the_readme_lists_exactly_what_is_said_and_heard() -> None:
    service = app.build()
    assert wire_types_under("Says") == sorted(event.type for event in service.says)
    assert wire_types_under("Hears") == sorted(name for events in service.events for name in events.heard)


def test_every_event_of_the_vocabulary_is_said() -> None:
    assert set(app.build().says) == set(FeedbackEvent.__subclasses__())


def test_no_event_has_room_for_what_was_answered() -> None:
    fields = {name for event in FeedbackEvent.__subclasses__() for name in event.model_fields}
    assert not {name for name in fields if "answer" in name or "text" in name}


def test_both_timers_have_a_handler_and_none_of_them_expires() -> None:
    clock = app.build().timers
    assert clock is not None
    assert set(clock.due) == {"reveal_due", "closing_due"}
    assert not clock.expired
