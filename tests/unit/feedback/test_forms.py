"""Answers and their form."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.feedback.domain import FORMS, THIRD_MEETING, Answers, AnswersDoNotFit, Scale, form_of

WHOLE = {"useful": 4, "open": 5, "keep_and_change": "More of the same."}


def test_answers_that_fit_are_kept_as_they_are() -> None:
    assert THIRD_MEETING.check(WHOLE) == WHOLE


def test_a_free_text_may_be_left_out_or_empty_and_is_then_not_kept() -> None:
    scales = {"useful": 1, "open": 1}
    assert THIRD_MEETING.check(scales) == scales
    assert THIRD_MEETING.check({**scales, "keep_and_change": ""}) == scales


@pytest.mark.parametrize(
    "answers",
    [
        {"open": 5},
        {**WHOLE, "useful": 0},
        {**WHOLE, "useful": 6},
        {**WHOLE, "useful": "4"},
        {**WHOLE, "useful": True},
        {**WHOLE, "keep_and_change": 3},
        {**WHOLE, "keep_and_change": "x" * 4_001},
        {**WHOLE, "salary": 3},
        {},
    ],
)
def test_answers_that_do_not_fit_are_refused(answers: Answers) -> None:
    with pytest.raises(AnswersDoNotFit):
        THIRD_MEETING.check(answers)


@given(some.dictionaries(some.sampled_from([*WHOLE, "other"]), some.integers(-1, 7) | some.text(max_size=5)))
def test_what_is_kept_answers_every_scale_and_nothing_else(answers: dict[str, int | str]) -> None:
    try:
        kept = THIRD_MEETING.check(answers)
    except AnswersDoNotFit:
        return
    for question in THIRD_MEETING.questions:
        if isinstance(question, Scale):
            assert kept[question.key] in range(1, len(question.words) + 1)
    assert kept.keys() <= {question.key for question in THIRD_MEETING.questions}


def test_every_form_is_found_by_its_name_and_version() -> None:
    assert all(form_of(name, version) is form for (name, version), form in FORMS.items())


def test_the_form_says_who_will_see_what_and_asks_for_no_patient_information() -> None:
    assert "The other person of your pair will read your answers" in THIRD_MEETING.who_sees
    assert "administrators see who was asked, who answered and when, and nothing more" in THIRD_MEETING.who_sees
    assert "patients" in THIRD_MEETING.caution
