"""When a pair is asked, and the life of a request."""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.feedback.domain import (
    STEPS,
    AlreadyRevealed,
    FeedbackRequest,
    RequestClosed,
    RequestNotFound,
    RequestWithdrawn,
    request_id_of,
)
from shared.platform.errors import Conflict, OslerError
from tests.unit.feedback.making import DAY, MOMENT, NOW, a_pair, a_request


def test_the_third_held_meeting_asks_and_no_other_does() -> None:
    pair = a_pair()
    assert [pair.count(uuid4()) for _ in range(6)] == [False, False, True, False, False, False]


def test_a_meeting_that_is_said_to_be_held_twice_counts_once() -> None:
    pair, meeting = a_pair(), uuid4()
    assert [pair.count(meeting) for _ in range(5)] == [False] * 5
    assert [pair.count(uuid4()) for _ in range(2)] == [False, True]


def test_the_same_meetings_in_another_order_leave_the_same_pair() -> None:
    meetings = [uuid4() for _ in range(5)]
    pair, rebuilt = a_pair(), a_pair()
    for heard, again in zip(meetings, reversed(meetings), strict=True):
        pair.count(heard)
        rebuilt.count(again)
    assert pair.held_meeting_ids == rebuilt.held_meeting_ids


def test_the_same_cause_makes_the_same_request() -> None:
    cause = uuid4()
    assert request_id_of(cause) == request_id_of(cause) != request_id_of(uuid4())


def test_the_first_answer_sets_the_reveal_fourteen_days_later_and_changing_it_does_not_move_it() -> None:
    request = a_request()
    assert request.accept(request.mentee_id, NOW + DAY).reveals_at == NOW + 15 * DAY
    assert request.accept(request.mentee_id, NOW + 2 * DAY).reveals_at == NOW + 15 * DAY
    assert request.accept(request.mentor_id, NOW + 3 * DAY).reveals_at == NOW + 15 * DAY
    assert request.both_answered


def test_the_reveal_says_why() -> None:
    both, one = a_request(), a_request()
    both.accept(both.mentor_id, NOW)
    both.accept(both.mentee_id, NOW)
    one.accept(one.mentor_id, NOW)
    assert both.reveal(NOW).reason == "both_answered"
    assert one.reveal(NOW + 14 * DAY).reason == "fourteen_days"


def test_an_answer_after_the_instant_of_the_reveal_is_refused_even_if_the_timer_is_late() -> None:
    request = a_request()
    request.accept(request.mentor_id, NOW)
    request.accept(request.mentor_id, NOW + 14 * DAY - MOMENT)
    with pytest.raises(AlreadyRevealed):
        request.accept(request.mentee_id, NOW + 14 * DAY)


def test_a_first_answer_after_thirty_days_is_refused_even_if_the_timer_is_late() -> None:
    request = a_request()
    with pytest.raises(RequestClosed):
        request.accept(request.mentor_id, NOW + 30 * DAY)
    assert request.version == 1


def test_nobody_but_the_two_answers_and_an_erased_person_no_more() -> None:
    request = a_request()
    request.erased_ids.append(request.mentee_id)
    for stranger in (uuid4(), request.mentee_id):
        with pytest.raises(RequestNotFound):
            request.accept(stranger, NOW)


@pytest.mark.parametrize(
    ("end", "refusal"),
    [
        (FeedbackRequest.close, RequestClosed),
        (FeedbackRequest.withdraw, RequestWithdrawn),
    ],
)
def test_a_closed_form_takes_no_answer_and_says_why(
    end: Callable[[FeedbackRequest, object], object], refusal: type[Conflict]
) -> None:
    request = a_request()
    end(request, NOW)
    with pytest.raises(refusal):
        request.accept(request.mentor_id, NOW)


def test_an_answered_request_is_neither_closed_nor_withdrawn() -> None:
    request = a_request()
    request.accept(request.mentor_id, NOW)
    assert not request.may("close")
    assert not request.may("withdraw")


def test_the_end_of_a_pair_withdraws_what_was_open_then() -> None:
    open_, early, answered, over = a_request(), a_request(), a_request(), a_request()
    answered.accept(answered.mentor_id, NOW)
    for request, at in ((open_, NOW + 30 * DAY - MOMENT), (early, NOW - DAY)):
        said = request.end_with_pair(at)
        assert said is not None
        assert (request.state, request.over_at) == ("withdrawn", max(at, NOW))
    assert answered.end_with_pair(NOW + DAY) is None
    assert over.end_with_pair(NOW + 30 * DAY) is None, "it was over by then, however late the timer is"
    assert over.state == "open"


def test_a_request_is_recalled_with_its_own_id_and_instants() -> None:
    pair = a_pair()
    request, asked = FeedbackRequest.ask(pair, uuid4(), NOW)
    asked = asked.model_copy(update={"closes_at": NOW + 20 * DAY})
    answered = request.accept(pair.mentor_id, NOW + DAY)
    recalled = FeedbackRequest.recall(pair, [asked, answered])
    assert recalled == replace(request, closes_at=NOW + 20 * DAY)


ACTS = ["mentor_answers", "mentee_answers", "reveal", "close", "withdraw"]


@given(some.lists(some.tuples(some.sampled_from(ACTS), some.integers(0, 40)), max_size=12))
def test_whatever_is_tried_versions_rise_by_one_and_only_named_steps_happen(acts: list[tuple[str, int]]) -> None:
    request = a_request()
    for act, day in sorted(acts, key=lambda each: each[1]):
        before, version = request.state, request.version
        try:
            said = _try(request, act, day)
        except OslerError:
            assert (request.state, request.version) == (before, version)
            continue
        assert said == request.version == version + 1
        assert request.state in {after for (state, _), after in STEPS.items() if state == before}
    assert (request.over_at is not None) == (request.state in {"revealed", "closed", "withdrawn"})
    assert (request.reveals_at is not None) == (request.state in {"one_answered", "revealed"})


def _try(request: FeedbackRequest, act: str, day: int) -> int:
    now = NOW + day * DAY
    match act:
        case "mentor_answers":
            return request.accept(request.mentor_id, now).version
        case "mentee_answers":
            return request.accept(request.mentee_id, now).version
        case "reveal":
            return request.reveal(now).version
        case "close":
            return request.close(now).version
        case _:
            return request.withdraw(now).version
