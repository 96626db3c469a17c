"""What people say of themselves: what is so already is not said again, and no text is ever in an event."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.domain.people import Details, Person, PersonAlreadyErased
from services.directory.domain.profiles import Facts, OverlappingAvailability, Profile, UnknownGoal, goals
from shared.contracts.directory import WeeklySpan

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
FACTS = Facts(
    "early", ("pt-BR", "en"), ("research",), "Europe/Lisbon", (WeeklySpan(weekday=1, from_minute=0, to_minute=60),)
)


def a_person() -> Person:
    person = Person(uuid4(), uuid4(), "0" * 32, Details("e1", "Ada Okafor", "ada@x.example", "en", "Europe/Warsaw"))
    person.join(NOW)
    return person


def a_profile(person: Person) -> Profile:
    return Profile(person.person_id, person.institution_id)


def test_facts_are_said_once_and_the_text_never() -> None:
    person = a_person()
    profile, said = a_profile(person).change(person, FACTS, "I am lost", NOW)
    assert [event.type for event in said] == ["osler.directory.profile_changed.v1"]
    assert (said[0].version, profile.revision) == (2, 1)
    assert "lost" not in said[0].model_dump_json()
    assert profile.change(person, FACTS, "I am lost", NOW) == (profile, [])
    changed, silent = profile.change(person, FACTS, "No more", NOW)
    assert (changed.goals_text, changed.revision, silent) == ("No more", 2, [])


def test_times_of_the_week_are_in_the_persons_own_zone_unless_they_say_another() -> None:
    person = a_person()
    profile, said = a_profile(person).change(person, Facts(languages=("en",)), None, NOW)
    assert profile.facts.time_zone == said[0].time_zone == "Europe/Warsaw"


def test_a_goal_outside_the_list_is_refused() -> None:
    person = a_person()
    with pytest.raises(UnknownGoal):
        a_profile(person).change(person, Facts(goals=("research", "world_peace")), None, NOW)
    assert person.version == 1


def test_whoever_was_erased_says_nothing_any_more() -> None:
    person = a_person()
    person.erase("asked", NOW)
    with pytest.raises(PersonAlreadyErased):
        a_profile(person).change(person, FACTS, None, NOW)


@given(
    st.lists(
        st.builds(
            WeeklySpan,
            weekday=st.integers(1, 2),
            from_minute=st.integers(0, 6).map(lambda n: n * 60),
            to_minute=st.integers(1, 7).map(lambda n: n * 60),
        ),
        max_size=5,
    )
)
def test_times_are_taken_in_order_exactly_when_no_minute_is_in_two(spans: list[WeeklySpan]) -> None:
    person = a_person()
    minutes = [(span.weekday, n) for span in spans for n in range(span.from_minute, span.to_minute, 60)]
    fits = len(minutes) == len(set(minutes)) and all(span.from_minute < span.to_minute for span in spans)
    if fits:
        profile, _ = a_profile(person).change(person, Facts(availability=tuple(spans)), None, NOW)
        kept = [(span.weekday, span.from_minute) for span in profile.facts.availability]
        assert kept == sorted((span.weekday, span.from_minute) for span in spans)
    else:
        with pytest.raises(OverlappingAvailability):
            a_profile(person).change(person, Facts(availability=tuple(spans)), None, NOW)


def test_the_list_of_goals_has_codes_and_their_meanings() -> None:
    assert len(goals()) > 20
    for code, meaning in goals().items():
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,62}", code)
        assert meaning.strip()
