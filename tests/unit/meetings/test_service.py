"""The service as data: what it says, hears and times is what its README tells."""

import re
from pathlib import Path

from services.meetings import app
from shared.contracts.meetings import MeetingEvent, TouchpointLogged

README = Path(app.__file__).with_name("README.md").read_text(encoding="utf-8")


def wire_types_under(heading: str) -> set[str]:
    text = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^- (osler\.\S+)$", text, re.MULTILINE))


def test_the_readme_lists_exactly_what_is_said_and_heard() -> None:
    service = app.build()
    assert wire_types_under("Says") == {event.type for event in service.says}
    assert wire_types_under("Hears") == {name for events in service.events for name in events.heard}


def test_every_event_of_the_vocabulary_is_said() -> None:
    assert set(app.build().says) == {*MeetingEvent.__subclasses__(), TouchpointLogged}


def test_both_timers_have_a_handler_and_none_of_them_expires() -> None:
    clock = app.build().timers
    assert clock is not None
    assert set(clock.due) == {"meeting_expires", "meeting_silence"}
    assert not clock.expired
