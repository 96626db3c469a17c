"""The demo's own checks, each with a name; they look at what the platform holds, and never at what was meant."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import compat32
from pathlib import Path
from typing import Any, Final

from deploy.story import databases, topics
from deploy.story.doors import Doors
from deploy.story.due import Connection
from deploy.story.hospitals import HOSPITALS
from deploy.story.topics import Aggregates

MOST_STOPS: Final = 350
_PARKED: Final = """
SELECT string_agg(format('SELECT count(*) AS n FROM %I.parked UNION ALL SELECT count(*) FROM %I.unreadable UNION ALL
    SELECT count(*) FROM %I.timers WHERE reason IS NOT NULL', s, s, s), ' UNION ALL ')
FROM unnest($1::text[]) s
"""
_ABOVE_PLACES: Final = """
SELECT count(*) FROM (
    SELECT 1 FROM pairing.pairs p JOIN directory.roles r
        ON r.institution_id = p.mentor_institution_id AND r.person_id = p.mentor_id AND r.role = 'mentor'
    WHERE p.state IN ('accepted', 'active', 'paused')
    GROUP BY r.institution_id, r.person_id, r.places, r.shared_places
    HAVING count(*) > r.places
        OR count(*) FILTER (WHERE p.mentor_institution_id <> p.mentee_institution_id) > r.shared_places
) above
"""
_REMINDERS: Final = """
SELECT count(*), count(*) FILTER (WHERE decided_at < about_starts_at - interval '24 hours'),
       count(*) FILTER (WHERE decided_at > about_starts_at - interval '23 hours')
FROM notifications.messages WHERE category = 'meeting_reminder' AND state = 'sent'
"""
# What the other services remember of pairs, beside pairing's own word.
_COPIES: Final = """
SELECT (SELECT count(*) FROM meetings.pairs c JOIN pairing.pairs p USING (pair_id) WHERE c.state = p.state),
       (SELECT count(*) FROM meetings.pairs),
       (SELECT count(*) FROM feedback.pairs c JOIN pairing.pairs p USING (pair_id)
        WHERE (c.ended_at IS NOT NULL) = (p.state = 'ended')),
       (SELECT count(*) FROM feedback.pairs),
       (SELECT count(*) FROM pairing.pairs WHERE activated_at IS NOT NULL)
"""


@dataclass(frozen=True)
class Check:
    """One thing that must be so: `holds` says whether it is, `sentence` what was seen."""

    name: str
    holds: bool
    sentence: str


@dataclass(frozen=True)
class Seen:
    """Everything the checks and the summary are made of."""

    databases: dict[str, dict[str, int]]
    topics: dict[str, dict[str, int]]
    mails: int
    checks: list[Check]


@dataclass(frozen=True)
class Told:
    """What is known of the telling itself: the commands that were acknowledged, and where the clock stood."""

    done: Mapping[str, int]
    stops: int
    said_for_same_files: int


async def look(
    connection: Connection,
    kafka: Mapping[str, str | int | float | bool],
    doors: Doors,
    mailbox: Path,
    told: Told,
) -> Seen:
    """Count everything twice and check what must hold; the platform has to be quiet."""
    held = await databases.count(connection)
    aggregates, repeated = await asyncio.to_thread(topics.read_all, kafka)
    said = topics.count(aggregates)
    message_ids = await asyncio.to_thread(_message_ids, mailbox)
    checks = [
        *(compare(kind, held[kind], said[kind]) for kind in databases.KINDS),
        _acknowledged(held, told.done),
        _log(aggregates, repeated),
        mailbox_check(aggregates, message_ids),
        await _copies(connection),
        await _places(connection),
        await _ledger(doors),
        await _parked(connection, doors.services),
        await _reminders(connection),
        Check(
            "same_files",
            told.said_for_same_files == 0,
            f"the same rosters a second time changed nothing and said {told.said_for_same_files} events",
        ),
        Check("stops", told.stops <= MOST_STOPS, f"the clock stood still {told.stops} times, at most {MOST_STOPS}"),
    ]
    return Seen(held, said, len(message_ids), checks)


def compare(kind: str, held: Mapping[str, int], said: Mapping[str, int]) -> Check:
    """Whether a database and its topic count the same of one kind."""
    differing = sorted(name for name in held.keys() | said.keys() if held.get(name, 0) != said.get(name, 0))
    if not differing:
        return Check(kind, True, f"database and topic agree in {sum(held.values())} {kind}")
    each = "; ".join(f"{name} {held.get(name, 0)} and {said.get(name, 0)}" for name in differing)
    return Check(kind, False, f"database and topic differ: {each}")


def _acknowledged(held: dict[str, dict[str, int]], done: Mapping[str, int]) -> Check:
    """What services said yes to, against what they hold; people may have added to it since."""
    pairs = {
        "pairs proposed": sum(held["pairs"].values()),
        "meetings proposed": sum(held["meetings"].values()),
        "touchpoints logged": sum(held["touchpoints"].values()),
    }
    lost = [f"{done[what]} {what}, {there} there" for what, there in pairs.items() if there < done.get(what, 0)]
    total = sum(done.get(what, 0) for what in pairs)
    return Check(
        "acknowledged", not lost, "; ".join(lost) or f"nothing of {total} things that were acknowledged is lost"
    )


def _log(aggregates: Aggregates, repeated: int) -> Check:
    gaps = topics.has_gaps(aggregates)
    events = sum(len(events) for events in aggregates.values())
    sentence = f"{events} events of {len(aggregates)} aggregates without a gap, {repeated} of them came twice"
    return Check("log", not gaps, sentence if not gaps else f"versions are missing of {', '.join(gaps[:3])}")


def _message_ids(mailbox: Path) -> Counter[str]:
    parser = BytesHeaderParser(policy=compat32)
    found: Counter[str] = Counter()
    for path in mailbox.glob("*.eml"):
        with path.open("rb") as file:
            found[str(parser.parse(file).get("Message-ID")).strip()] += 1
    return found


def mailbox_check(aggregates: Aggregates, message_ids: Mapping[str, int]) -> Check:
    """Whether each notification that is said to be sent is just one mail; `message_ids` counts those in the mailbox."""
    sent = topics.mails_sent(aggregates)
    notified = {message_id.strip("<>").partition("@")[0]: number for message_id, number in message_ids.items()}
    missing = len(sent - notified.keys())
    twice = sum(number > 1 for number in notified.values())
    unsaid = len(notified.keys() - sent)
    if missing or twice or unsaid:
        return Check(
            "mailbox", False, f"of {len(sent)} mails {missing} are missing, {twice} came twice, {unsaid} unsaid"
        )
    return Check("mailbox", True, f"each of {len(sent)} notifications is one mail in the mailbox, by its Message-ID")


async def _copies(connection: Connection) -> Check:
    meetings, of_meetings, feedback, of_feedback, activated = await _one(connection, _COPIES)
    holds = meetings == of_meetings == feedback == of_feedback == activated
    sentence = f"meetings and feedback hold the same {activated} pairs as pairing, in the same states"
    if not holds:
        sentence = (
            f"of {activated} pairs meetings holds {of_meetings}, {meetings} of them right; "
            f"feedback {of_feedback}, {feedback} of them right"
        )
    return Check("copies", holds, sentence)


async def _places(connection: Connection) -> Check:
    [above] = await _one(connection, _ABOVE_PLACES)
    return Check(
        "places", above == 0, f"{above or 'no'} mentor has more pairs than places, or lends more than shared ones"
    )


async def _ledger(doors: Doors) -> Check:
    ledgers = [await doors.get("pairing", "/ledger", hospital.administrator_subject) for hospital in HOSPITALS]
    lent, borrowed = sum(each["lent"] for each in ledgers), sum(each["borrowed"] for each in ledgers)
    balances = ", ".join(f"{each['balance']:+d}" for each in ledgers)
    holds = sum(each["balance"] for each in ledgers) == 0 and lent == borrowed
    return Check("ledger", holds, f"{lent} places lent, {borrowed} borrowed; the balances {balances} sum to zero")


async def _parked(connection: Connection, services: list[str]) -> Check:
    rows = await connection.fetch(await connection.fetchval(_PARKED, services))
    parked = sum(row["n"] for row in rows)
    return Check("parked", parked == 0, f"{parked or 'no'} event waits, is unreadable, or has a timer that fails")


async def _reminders(connection: Connection) -> Check:
    sent, early, late = await _one(connection, _REMINDERS)
    sentence = f"{sent} reminders were sent 24 hours before their meeting, {early} of them earlier, {late} an hour late"
    return Check("reminders", not early and not late, sentence)


async def _one(connection: Connection, sql: str) -> tuple[Any, ...]:
    row = await connection.fetchrow(sql)
    return tuple(row) if row is not None else ()
