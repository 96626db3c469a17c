"""Agreements between institutions: their terms, and how they end."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.domain.institutions import AbsurdDates, Agreement, AgreementEnding, AgreementWithOneself
from tests.unit.directory.rosters import NOW

instants = st.integers(0, 40).map(lambda days: NOW + timedelta(days=days))


def an_agreement(starts_at: datetime = NOW, ends_at: datetime | None = None, notice_days: int = 30) -> Agreement:
    return Agreement(uuid4(), uuid4(), uuid4(), 5, starts_at, ends_at, notice_days)


def test_an_institution_lends_nothing_to_itself() -> None:
    agreement = an_agreement()
    agreement.borrower_institution_id = agreement.lender_institution_id
    with pytest.raises(AgreementWithOneself):
        agreement.sign(NOW)


@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [
        (NOW, NOW),
        (NOW + timedelta(days=2), NOW + timedelta(days=1)),
        (NOW - timedelta(days=2), NOW - timedelta(days=1)),
        (NOW + timedelta(days=366 * 6), None),
        (NOW - timedelta(days=366 * 60), None),
        (NOW, NOW + timedelta(days=366 * 60)),
    ],
)
def test_absurd_dates_are_refused(starts_at: datetime, ends_at: datetime | None) -> None:
    with pytest.raises(AbsurdDates):
        an_agreement(starts_at, ends_at).sign(NOW)


@given(instants, st.none() | instants, instants, st.none() | instants, instants)
def test_overlap_means_that_both_hold_at_one_instant(
    a: datetime, a_end: datetime | None, b: datetime, b_end: datetime | None, instant: datetime
) -> None:
    first, second = an_agreement(a, a_end), an_agreement(b, b_end)

    def holds(agreement: Agreement) -> bool:
        return agreement.starts_at <= instant and (agreement.ends_at is None or instant < agreement.ends_at)

    assert first.overlaps(second) == second.overlaps(first)
    assert first.overlaps(second) or not (holds(first) and holds(second))


def test_one_agreement_may_begin_at_the_instant_where_another_ends() -> None:
    half = NOW + timedelta(days=30)
    assert not an_agreement(NOW, half).overlaps(an_agreement(half))


def test_an_agreement_that_was_ended_early_leaves_its_time_free() -> None:
    agreement = an_agreement(NOW, NOW + timedelta(days=300))
    agreement.sign(NOW)
    agreement.end("mutual", NOW + timedelta(days=1))
    assert not agreement.overlaps(an_agreement(NOW + timedelta(days=2)))


def test_notice_ends_at_midnight_after_its_last_whole_day() -> None:
    agreement = an_agreement(notice_days=30)
    agreement.sign(NOW)
    assert agreement.give_notice(datetime(2026, 9, 7, 23, 59, tzinfo=UTC)).ends_at == datetime(2026, 10, 8, tzinfo=UTC)


def test_notice_does_not_prolong_an_agreement() -> None:
    ends_at = NOW + timedelta(days=3)
    agreement = an_agreement(NOW, ends_at)
    agreement.sign(NOW)
    assert agreement.give_notice(NOW).ends_at == ends_at


def test_notice_is_given_once_and_no_end_comes_twice() -> None:
    agreement = an_agreement()
    agreement.sign(NOW)
    agreement.give_notice(NOW)
    with pytest.raises(AgreementEnding):
        agreement.give_notice(NOW)
    assert agreement.end("notice", NOW).version == 3
    with pytest.raises(AgreementEnding):
        agreement.end("mutual", NOW)
