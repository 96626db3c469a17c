"""The sums and the leave of a mentor's record."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pairing.domain import Counts, NotPossibleNow, NotYourStep, Pair, PairNotFound
from services.pairing.domain.record import Acknowledgement, Mentored, Record, Tally, refuse_to_acknowledge

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
_NUMBERS = st.integers(min_value=0, max_value=10_000)
_TALLIES = st.builds(Tally, *[_NUMBERS] * 5)


def a_pair(mentee_id: UUID | None = None, **facts: Any) -> Pair:
    return Pair(
        pair_id=uuid4(),
        mentor_id=uuid4(),
        mentee_id=mentee_id or uuid4(),
        mentor_institution_id=uuid4(),
        mentee_institution_id=uuid4(),
        proposed_by=uuid4(),
        proposed_at=NOW,
        answer_by=NOW,
        **facts,
    )


@given(st.lists(_TALLIES, max_size=6))
def test_a_total_is_the_sum_of_its_pairs_number_by_number(tallies: list[Tally]) -> None:
    record = Record(Counts(0, 0, 0), [Mentored(a_pair(), None, tally, Acknowledgement()) for tally in tallies])
    for name in Tally.__dataclass_fields__:
        assert getattr(record.total, name) == sum(getattr(tally, name) for tally in tallies)


def test_levels_count_different_mentees_and_the_unknown_comes_last() -> None:
    again = uuid4()
    mentees = [(again, "pgy_1"), (again, "pgy_1"), (again, "pgy_2"), (None, None), (None, "pgy_1")]
    pairs = [Mentored(a_pair(mentee_id), level, Tally(), Acknowledgement()) for mentee_id, level in mentees]
    record = Record(Counts(0, 0, 0), pairs)
    assert list(record.levels.items()) == [("pgy_1", 2), ("pgy_2", 1), (None, 1)]


def test_a_note_is_shown_with_leave_alone() -> None:
    assert Acknowledgement(thanks="Thank you", thanks_in_record=True, thanked_at=NOW).shown == ("Thank you", NOW)
    assert Acknowledgement(thanks="Thank you", thanked_at=NOW).shown is None
    assert Acknowledgement(is_named=True).shown is None


def test_the_mentee_alone_acknowledges_from_the_mentors_yes_until_words_end() -> None:
    pair = a_pair(accepted_at=NOW, closed_at=NOW)
    year = timedelta(days=365)
    refuse_to_acknowledge(pair, pair.mentee_id, NOW + year - timedelta(microseconds=1), writes=True)
    refuse_to_acknowledge(pair, pair.mentee_id, NOW + 9 * year, writes=False)
    with pytest.raises(NotPossibleNow):
        refuse_to_acknowledge(pair, pair.mentee_id, NOW + year, writes=True)
    with pytest.raises(NotPossibleNow):
        refuse_to_acknowledge(a_pair(pair.mentee_id), pair.mentee_id, NOW, writes=False)
    with pytest.raises(NotYourStep):
        refuse_to_acknowledge(pair, pair.mentor_id, NOW, writes=False)
    with pytest.raises(PairNotFound):
        refuse_to_acknowledge(pair, uuid4(), NOW, writes=False)
