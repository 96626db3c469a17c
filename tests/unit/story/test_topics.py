"""What the topics say, folded by their last event."""

import json
from typing import Any

from deploy.story import topics
from deploy.story.checks import compare, mailbox_check


class Record:
    """The fake of a Kafka record."""

    def __init__(self, kind: str, subject: str, sequence: int, **body: Any) -> None:
        self._headers = [
            ("ce_type", f"osler.{kind}.v1".encode()),
            ("ce_subject", subject.encode()),
            ("ce_sequence", f"{sequence:019d}".encode()),
        ]
        self._body = json.dumps(body).encode()

    def headers(self) -> list[tuple[str, bytes]]:
        return self._headers

    def value(self) -> bytes:
        return self._body


def read(*records: Any) -> tuple[topics.Aggregates, int]:
    return topics.by_aggregate(list(records))


def test_a_record_that_came_twice_counts_once() -> None:
    aggregates, repeated = read(
        Record("pairing.pair_proposed", "p", 1),
        Record("pairing.pair_accepted", "p", 2),
        Record("pairing.pair_proposed", "p", 1),
    )
    assert repeated == 1
    assert topics.count(aggregates)["pairs"] == {"pairs: accepted": 1}


def test_a_pair_that_goes_on_is_active_again_and_a_moved_meeting_is_still_coming() -> None:
    aggregates, _ = read(
        Record("pairing.pair_paused", "p", 1),
        Record("pairing.pair_resumed", "p", 2),
        Record("meetings.meeting_scheduled", "m", 1),
        Record("meetings.meeting_moved", "m", 2),
        Record("meetings.meeting_held", "n", 1, confirmed=False),
        Record("meetings.touchpoint_logged", "t", 1),
        Record("directory.role_assigned", "person", 2),
        Record("directory.person_joined", "person", 1),
    )
    counted = topics.count(aggregates)
    assert counted["pairs"] == {"pairs: active": 1}
    assert counted["meetings"] == {"meetings: scheduled": 1, "meetings: held, by silence": 1}
    assert counted["touchpoints"] == {"touchpoints": 1}
    assert counted["people"] == {"people: here": 1}


def test_a_missing_version_is_a_gap() -> None:
    aggregates, _ = read(Record("pairing.pair_proposed", "p", 1), Record("pairing.pair_ended", "p", 3))
    assert topics.has_gaps(aggregates) == ["p"]


def test_a_number_that_differs_is_named_with_both_sides() -> None:
    check = compare(
        "meetings", {"meetings: held": 3, "meetings: missed": 1}, {"meetings: held": 2, "meetings: missed": 1}
    )
    assert not check.holds
    assert check.sentence.endswith("meetings: held 3 and 2")
    assert compare("meetings", {"meetings: held": 3}, {"meetings: held": 3}).holds


def test_a_mail_that_is_missing_or_came_twice_or_was_never_said_is_found() -> None:
    aggregates, _ = read(
        Record("notifications.notification_sent", "a", 1), Record("notifications.notification_sent", "b", 1)
    )
    assert mailbox_check(aggregates, {"<a@localhost>": 1, "<b@localhost>": 1}).holds
    assert "1 are missing" in mailbox_check(aggregates, {"<a@localhost>": 1}).sentence
    assert "1 came twice" in mailbox_check(aggregates, {"<a@localhost>": 2, "<b@localhost>": 1}).sentence
    assert (
        "1 unsaid" in mailbox_check(aggregates, {"<a@localhost>": 1, "<b@localhost>": 1, "<c@localhost>": 1}).sentence
    )
