"""Drift on Today: the two alone are invited to meet, once their own compact says that it is time."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from shared.contracts.event import Event
from shared.contracts.pairing import CompactInForce, DriftCleared, DriftRaised
from tests.integration.console.consortium import NOW, Hospital, Pair, Person
from tests.integration.console.front import Front

_DAY = timedelta(days=1)
_SENTENCE = "You have not met since"
_INVITES = "Ten minutes this week?"


def _say(pair: Pair, kind: type[Event], at: datetime, **facts: Any) -> Event:
    two = {
        "mentor_institution_id": pair.mentor.hospital.institution_id,
        "mentee_institution_id": pair.mentee.hospital.institution_id,
    }
    return pair.say(kind, at, **two, **facts)


def _agree(pair: Pair, at: datetime, days: int = 14) -> dict[str, Any]:
    """Both sign a compact by which they meet every so many days; gives what names it."""
    of: dict[str, Any] = {"compact_id": uuid4()}
    terms: dict[str, Any] = {"starts_at": at, "mid_term_at": at + 50 * _DAY, "ends_at": at + 100 * _DAY, "number": 1}
    numbers = {"meeting_interval_days": days, "meeting_minutes": 30, "touchpoint_interval_days": 14}
    _say(pair, CompactInForce, at, **of, **terms, **numbers)
    return of


async def _today(front: Front, person: Person) -> str:
    async with front.browser(await front.let_in(person)) as browser:
        return (await browser.get("/today")).raise_for_status().text


async def test_drift_invites_the_two_and_nobody_else_until_their_next_contact(front: Front) -> None:
    hospital = Hospital("A hospital")
    rosa = hospital.person("Rosa", "administrator")
    pair = Pair(hospital.person("Dr A", "mentor"), hospital.person("B", "mentee")).active(NOW - 30 * _DAY)
    of = _agree(pair, NOW - 30 * _DAY)
    pair.met(NOW - 25 * _DAY)
    await front.console.deliver(*hospital.said, *pair.said)
    for person in (pair.mentor, pair.mentee):
        assert _SENTENCE not in await _today(front, person)
    silent_since = NOW - 25 * _DAY + timedelta(minutes=30)
    await front.console.deliver(_say(pair, DriftRaised, NOW, silent_since=silent_since, **of))
    for person in (pair.mentor, pair.mentee):
        text = await _today(front, person)
        assert text.count(_INVITES) == 1
        assert '<time datetime="2026-12-10T04:30-05:00">10 December 2026</time>' in text
    assert _INVITES not in await _today(front, rosa)
    contact = NOW - timedelta(hours=1)
    before = len(pair.said)
    pair.touched(contact)
    await front.console.deliver(*pair.said[before:])
    assert _INVITES not in await _today(front, pair.mentee)  # the contact is heard before what it clears
    await front.console.deliver(_say(pair, DriftCleared, NOW, contact_at=contact, **of))
    assert _INVITES not in await _today(front, pair.mentor)


async def test_a_compact_with_long_intervals_lets_a_silence_of_45_days_be(front: Front) -> None:
    hospital = Hospital("A hospital")
    agreed = Pair(hospital.person("Dr A", "mentor"), hospital.person("B", "mentee")).active(NOW - 60 * _DAY)
    _agree(agreed, NOW - 60 * _DAY, days=90)
    without = Pair(hospital.person("Dr C", "mentor"), hospital.person("D", "mentee")).active(NOW - 60 * _DAY)
    await front.console.deliver(*hospital.said, *agreed.said, *without.said)
    assert _INVITES not in await _today(front, agreed.mentee)
    assert _INVITES in await _today(front, without.mentee)


async def test_two_who_have_a_day_are_not_asked_for_one(front: Front) -> None:
    hospital = Hospital("A hospital")
    pair = Pair(hospital.person("Dr A", "mentor"), hospital.person("B", "mentee")).active(NOW - 30 * _DAY)
    of = _agree(pair, NOW - 30 * _DAY)
    _say(pair, DriftRaised, NOW - _DAY, silent_since=NOW - 30 * _DAY, **of)
    await front.console.deliver(*hospital.said, *pair.said)
    assert _INVITES in await _today(front, pair.mentor)
    before = len(pair.said)
    pair.meets(NOW + 2 * _DAY)
    await front.console.deliver(*pair.said[before:])
    assert _INVITES not in await _today(front, pair.mentor)
