"""The compact's table of steps, walked whole; its terms; and the silence that it is judged by."""

import hashlib
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pairing.domain import NotYourStep, Who
from services.pairing.domain.compact import (
    COMPACT_STEPS,
    Compact,
    CompactAct,
    CompactState,
    Part,
)
from services.pairing.domain.compact_refusals import (
    AlreadySigned,
    CompactNotPossibleNow,
    StaleCompactVersion,
    TermsDoNotFit,
)
from services.pairing.domain.terms import INTERVALS, LONGEST_TERM, Interval, Terms, differing, usual_terms, words_end
from services.pairing.use_cases.wording import LATEST_WORDING, Locale, wording_of
from shared.contracts.pairing import CompactInForce, CompactOffered, CompactSigned
from tests.unit.pairing.agreeing import SOON, TERMS, a_compact
from tests.unit.pairing.proposals import EVERYONE, NOW

STATES: Final[tuple[CompactState, ...]] = get_args(CompactState)
ACTS: Final[tuple[CompactAct, ...]] = get_args(CompactAct)
PARTS: Final[tuple[Part, ...]] = get_args(Part)
LOCALES: Final[tuple[Locale, ...]] = get_args(Locale)
DAY: Final = timedelta(days=1)
TAKE: Final[dict[CompactAct, Callable[[Compact, Any], Any]]] = {
    "answer": lambda compact, who: compact.answer(who, TERMS, SOON),
    "offer": lambda compact, who: compact.offer(who, TERMS, 1, SOON),
    "withdraw": lambda compact, who: compact.withdraw(who, SOON),
    "sign": lambda compact, who: compact.sign(who, compact.last_number, SOON),
    "set_support": lambda compact, who: compact.set_support(who),
    "end": lambda compact, _: compact.end(SOON),
}
SAYS: Final[dict[CompactAct, list[type]]] = {"offer": [CompactOffered], "sign": [CompactSigned]}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", EVERYONE)
def test_a_step_is_taken_where_the_table_has_it_and_refused_without_a_trace_elsewhere(
    state: CompactState, act: CompactAct, who: Who
) -> None:
    if act == "end" and who != "clock":
        return  # whoever ended the pair, what follows is the same
    compact = a_compact(state)
    before = deepcopy(compact)
    step = COMPACT_STEPS.get((state, act))
    may = step is not None and who in step.by and not (act == "withdraw" and who == "mentee")
    if step is not None and may:
        said = _said(TAKE[act](compact, who))
        assert compact.state == step.to
        assert [type(event) for event in said] == SAYS.get(act, [])
        assert [event.version for event in said] == list(range(before.version + 1, compact.version + 1))
        assert compact.revision == before.revision + 1
    else:
        with pytest.raises((NotYourStep, CompactNotPossibleNow)):
            TAKE[act](compact, who)
        assert compact == before


@pytest.mark.parametrize("first", PARTS)
def test_what_both_have_done_leads_on(first: Part) -> None:
    second = _other(first)
    compact = a_compact("answering")
    compact.answer(first, TERMS, NOW)
    assert (compact.state, compact.compared_at) == ("answering", None)
    compact.answer(second, TERMS, NOW)
    assert (compact.state, compact.compared_at) == (COMPACT_STEPS["answering", "answer"].both, NOW)
    for state in ("offered", "amending"):
        compact = a_compact(state)
        compact.sign(first, compact.last_number, SOON)
        assert compact.state == state
        said, _ = compact.sign(second, compact.last_number, SOON)
        assert compact.state == COMPACT_STEPS[state, "sign"].both
        assert [type(event) for event in said] == [CompactSigned, CompactInForce]


def test_every_state_can_be_reached_and_nothing_leads_out_of_the_last() -> None:
    led_to = {step.to for step in COMPACT_STEPS.values()} | {step.both for step in COMPACT_STEPS.values()}
    assert led_to - {None} == set(STATES)
    assert not [state for state, _ in COMPACT_STEPS if state == "ended"]


def test_only_both_signatures_on_one_version_put_it_in_force() -> None:
    compact = a_compact("offered")
    compact.sign("mentor", 1, SOON)
    with pytest.raises(AlreadySigned):
        compact.sign("mentor", 1, SOON)
    compact.offer("mentee", replace(TERMS, meeting_minutes=45), 1, SOON)
    assert compact.waiting is not None
    assert (compact.waiting.number, compact.waiting.mentor_signed_at) == (2, None)
    for stale in (1, 3):
        with pytest.raises(StaleCompactVersion):
            compact.sign("mentee", stale, SOON)
    compact.sign("mentee", 2, SOON)
    assert compact.standing is None
    compact.sign("mentor", 2, SOON)
    assert compact.standing is not None
    assert (compact.standing.number, compact.state) == (2, "in_force")


def test_while_an_amendment_waits_the_old_version_holds() -> None:
    compact = a_compact("amending")
    old = compact.standing
    compact.sign("mentor", 2, SOON)
    assert old is not None
    assert (compact.standing, old.state) == (old, "in_force")
    [withdrawn] = compact.withdraw("mentor", SOON)
    assert (withdrawn.state, compact.standing, compact.state) == ("withdrawn", old, "in_force")
    compact.offer("mentee", TERMS, 1, SOON)
    compact.sign("mentor", 3, SOON)
    _, changed = compact.sign("mentee", 3, SOON)
    assert [(version.number, version.state) for version in changed] == [(1, "superseded"), (3, "in_force")]


def test_a_version_is_taken_back_by_who_offered_it() -> None:
    compact = a_compact("offered")
    with pytest.raises(NotYourStep):
        compact.withdraw("mentee", SOON)
    compact.offer("mentee", TERMS, 1, SOON)
    with pytest.raises(NotYourStep):
        compact.withdraw("mentor", SOON)
    assert [version.number for version in compact.withdraw("mentee", SOON)] == [2]


def test_a_compact_in_force_says_its_days_and_intervals() -> None:
    terms = Terms(date(2027, 1, 4), date(2027, 1, 14), "quarterly", 45, "three_weeks")
    compact = a_compact("offered")
    compact.offer("mentor", terms, 1, NOW)
    compact.sign("mentor", 2, NOW)
    [_, said], _ = compact.sign("mentee", 2, NOW)
    assert isinstance(said, CompactInForce)
    assert (said.starts_at, said.mid_term_at, said.ends_at) == (_at(4), _at(9), _at(15))
    assert (said.meeting_interval_days, said.meeting_minutes, said.touchpoint_interval_days) == (90, 45, 21)


@given(st.dates(date(2026, 1, 1), date(2040, 1, 1)), st.integers(1, LONGEST_TERM.days))
def test_the_middle_day_is_as_far_from_the_start_as_from_the_end(starts_on: date, days: int) -> None:
    terms = Terms(starts_on, starts_on + timedelta(days=days))
    before, after = terms.mid_term_on - terms.starts_on, terms.ends_on - terms.mid_term_on
    assert after - before in {timedelta(0), DAY}


@pytest.mark.parametrize(
    ("now", "ends_on"),
    [
        (datetime(2027, 1, 4, tzinfo=UTC), date(2027, 6, 30)),
        (datetime(2027, 6, 29, 23, 59, tzinfo=UTC), date(2027, 6, 30)),
        (datetime(2027, 6, 30, tzinfo=UTC), date(2028, 6, 30)),
        (datetime(2027, 7, 1, tzinfo=UTC), date(2028, 6, 30)),
    ],
)
def test_the_usual_compact_is_half_an_hour_a_month_to_the_end_of_the_academic_year(
    now: datetime, ends_on: date
) -> None:
    usual = usual_terms(now)
    assert usual == Terms(now.date(), ends_on, "monthly", 30, "two_weeks")
    usual.refuse_misfit(now)


@pytest.mark.parametrize(
    "terms",
    [
        Terms(TERMS.starts_on, TERMS.starts_on),
        Terms(TERMS.ends_on, TERMS.starts_on),
        Terms(date(2026, 9, 1), NOW.date()),
        Terms(TERMS.starts_on, TERMS.starts_on + LONGEST_TERM + DAY),
    ],
)
def test_terms_that_are_over_or_turned_round_or_too_long_are_refused_without_a_trace(terms: Terms) -> None:
    acts: dict[CompactState, Callable[[Compact], object]] = {
        "answering": lambda compact: compact.answer("mentor", terms, NOW),
        "compared": lambda compact: compact.offer("mentor", terms, 1, NOW),
    }
    for state, act in acts.items():
        compact = a_compact(state)
        before = deepcopy(compact)
        with pytest.raises(TermsDoNotFit):
            act(compact)
        assert compact == before


def test_a_version_whose_days_are_over_is_signed_no_more() -> None:
    compact = a_compact("offered")
    with pytest.raises(TermsDoNotFit):
        compact.sign("mentor", 1, _at(1) + timedelta(days=365))


@pytest.mark.parametrize(
    ("closed_at", "until"),
    [
        (datetime(2027, 3, 1, 9, tzinfo=UTC), datetime(2028, 3, 1, 9, tzinfo=UTC)),
        (datetime(2028, 2, 29, 9, tzinfo=UTC), datetime(2029, 2, 28, 9, tzinfo=UTC)),
        (datetime(2027, 2, 28, 9, tzinfo=UTC), datetime(2028, 2, 28, 9, tzinfo=UTC)),
    ],
)
def test_words_are_kept_for_twelve_months_also_from_a_leap_day(closed_at: datetime, until: datetime) -> None:
    assert words_end(closed_at) == until


def test_what_differs_is_named() -> None:
    other = replace(TERMS, meeting_minutes=60, touchpoint_interval="weekly")
    assert differing(TERMS, other) == ["meeting_minutes", "touchpoint_interval"]
    assert differing(TERMS, TERMS) == []


@pytest.mark.parametrize(
    ("interval", "days"),
    [("weekly", 11), ("two_weeks", 21), ("three_weeks", 32), ("monthly", 45), ("two_months", 90), ("quarterly", 135)],
)
def test_a_silence_is_too_long_after_one_and_a_half_intervals_in_whole_days(interval: Interval, days: int) -> None:
    assert replace(TERMS, meeting_interval=interval).silence == timedelta(days=days)


def test_every_interval_has_its_silence_tried() -> None:
    assert set(get_args(Interval)) == set(INTERVALS)


def test_drift_is_said_once_in_a_silence_and_not_before_its_time() -> None:
    compact = a_compact("in_force")
    due = NOW + timedelta(days=45)
    assert compact.drifts_at == due
    assert compact.raise_drift(due - timedelta(microseconds=1)) is None
    said = compact.raise_drift(due)
    assert said is not None
    assert said.silent_since == NOW
    assert compact.drifts_at is None
    assert compact.raise_drift(due + 45 * DAY) is None


def test_the_next_contact_clears_a_drift_and_begins_a_silence_of_its_own() -> None:
    compact = a_compact("in_force")
    due = NOW + 45 * DAY
    compact.raise_drift(due)
    said = compact.hear_contact(due + DAY, due + DAY)
    assert said is not None
    assert said.contact_at == due + DAY
    assert compact.drifts_at == due + 46 * DAY
    assert compact.hear_contact(due + 2 * DAY, due + 2 * DAY) is None


def test_a_contact_that_is_itself_too_long_ago_clears_nothing() -> None:
    compact = a_compact("in_force")
    late = NOW + 100 * DAY
    compact.raise_drift(late)
    assert compact.hear_contact(NOW + DAY, late) is None
    assert compact.drift_raised_at == late
    assert compact.hear_contact(NOW + 60 * DAY, late) is not None


@given(st.lists(st.integers(-30, 120)))
def test_contacts_heard_in_any_order_leave_the_silence_that_the_latest_began(days: list[int]) -> None:
    compact = a_compact("in_force")
    deadlines: list[datetime] = []
    for day in days:
        compact.hear_contact(NOW + day * DAY, NOW + 120 * DAY)
        assert compact.drifts_at is not None
        deadlines.append(compact.drifts_at)
    assert deadlines == sorted(deadlines)
    assert compact.silent_since == NOW + max([0, *days]) * DAY


def test_the_return_from_a_pause_begins_a_silence_anew_but_never_an_earlier_one() -> None:
    compact = a_compact("in_force")
    compact.go_on(NOW + 10 * DAY)
    assert compact.silent_since == NOW + 10 * DAY
    compact.go_on(NOW + 5 * DAY)
    assert compact.silent_since == NOW + 10 * DAY
    waiting = a_compact("offered")
    waiting.go_on(NOW + DAY)
    assert waiting.silent_since is None


def test_an_amendment_is_judged_from_the_same_silence_by_its_own_interval() -> None:
    compact = a_compact("in_force")
    compact.offer("mentor", replace(TERMS, meeting_interval="weekly"), 1, SOON)
    compact.sign("mentor", 2, SOON)
    assert compact.drifts_at == NOW + 45 * DAY
    compact.sign("mentee", 2, SOON)
    assert compact.drifts_at == NOW + 11 * DAY


@pytest.mark.parametrize("state", sorted(set(STATES) - {"in_force", "amending"}))
def test_without_a_version_in_force_nothing_drifts(state: CompactState) -> None:
    compact = a_compact(state)
    assert compact.drifts_at is None
    assert compact.raise_drift(NOW + 400 * DAY) is None
    assert compact.hear_contact(NOW + DAY, NOW + DAY) is None


# What people have signed stays as it was: a change of words is a new version, and a line here.
SIGNED_WORDS: Final[dict[tuple[int, Locale], str]] = {
    (1, "en"): "774f728d8ac3574d",
    (1, "de"): "fd15853b85a5923a",
    (1, "fr"): "b84363bc38bdf850",
    (1, "es"): "5c518932173759a3",
}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("version", range(1, LATEST_WORDING + 1))
def test_the_words_of_a_version_are_there_in_every_language_and_never_change(version: int, locale: Locale) -> None:
    words, english = asdict(wording_of(version, locale)), asdict(wording_of(version, "en"))
    assert {name: _shape(text) for name, text in words.items()} == {
        name: _shape(text) for name, text in english.items()
    }
    assert locale == "en" or all(words[name] != english[name] for name in words)
    digest = hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:16]
    assert digest == SIGNED_WORDS[version, locale]


def _shape(text: str | tuple[str, ...]) -> int:
    """How many sentences there are, and that none is empty."""
    sentences = (text,) if isinstance(text, str) else text
    assert all(sentence.strip() == sentence != "" for sentence in sentences)
    return len(sentences)


def _said(outcome: Any) -> list[Any]:
    """The events among what a step gives: one, several, or none."""
    if not isinstance(outcome, tuple):
        return []
    first: Any = cast("tuple[Any, ...]", outcome)[0]
    return cast("list[Any]", first) if isinstance(first, list) else [first]


def _other(part: Part) -> Part:
    return "mentee" if part == "mentor" else "mentor"


def _at(day: int) -> datetime:
    return datetime(2027, 1, day, tzinfo=UTC)
