"""A form takes what it names, in its own JSON types, and nothing that could not be stored or meant."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from shared.platform.http import Day, Form, Instant, Line, Text


class SlotForm(Form):
    starts_at: Instant


class BigForm(Form):
    name: Line = "x"
    note: Text = "x"
    plain: str = ""
    count: int = 0
    large: Annotated[int, Field(ge=0, le=2**40)] = 0
    share: float = 0.0
    agreed: bool = False
    kind: Literal["one", "two"] = "one"
    day: Day | None = None
    slots: Annotated[list[SlotForm], Field(max_length=3, default_factory=list)]
    words: Annotated[dict[str, str], Field(default_factory=dict)]
    either: int | str = 0


def refusal(**sent: Any) -> tuple[str, tuple[int | str, ...]]:
    with pytest.raises(ValidationError) as refused:
        BigForm.model_validate(sent)
    error = refused.value.errors(include_input=False)[0]
    return error["type"], error["loc"]


def test_a_form_that_is_as_it_should_be_is_read():
    form = BigForm.model_validate(
        {
            "name": "  Żółć العربية 中文 ",
            "note": "two\nlines",
            "count": 3,
            "share": 1,
            "agreed": True,
            "day": "2026-11-23",
            "slots": [{"starts_at": "2026-11-23T10:00:00+02:00"}],
        }
    )
    assert form.name == "Żółć العربية 中文"
    assert form.slots[0].starts_at == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert form.day == date(2026, 11, 23)


def test_a_field_that_is_not_known_is_refused_at_any_depth():
    assert refusal(surname="x") == ("extra_forbidden", ("surname",))
    assert refusal(slots=[{"starts_at": "2026-11-23T10:00:00Z", "zone": 1}])[0] == "extra_forbidden"


@pytest.mark.parametrize("field", ["name", "note", "plain", "either"])
@pytest.mark.parametrize(("text", "kind"), [("a\x00b", "nul_in_text"), ("a\ud800b", "broken_text")])
def test_nul_and_half_characters_are_refused_in_every_string(field: str, text: str, kind: str):
    found, loc = refusal(**{field: text})
    assert loc[0] == field
    # pydantic itself refuses half characters where a string has limits; a union's other side speaks first.
    assert found in {kind, "string_unicode", "int_type"}


def test_nul_is_refused_inside_of_a_dictionary_too():
    assert refusal(words={"a": "\x00"}) == ("nul_in_text", ("words", "a"))
    assert refusal(words={"\x00": "a"})[0] == "nul_in_text"


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=20))
def test_whatever_text_is_taken_can_be_stored(text: str):
    try:
        taken = BigForm.model_validate({"plain": text}).plain
    except ValidationError:
        assert "\x00" in text or any("\ud800" <= each <= "\udfff" for each in text)
    else:
        taken.encode()
        assert "\x00" not in taken


@pytest.mark.parametrize("value", ["5", 5.0, True, None, [5], 2**31, -(2**31) - 1])
def test_a_whole_number_is_a_json_number_that_fits_the_column(value: object):
    assert refusal(count=value)[1] == ("count",)


def test_a_field_may_say_that_its_numbers_are_larger():
    assert BigForm.model_validate({"large": 2**40}).large == 2**40
    assert refusal(large=2**40 + 1)[0] == "less_than_equal"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1.5", True])
def test_a_number_is_a_finite_json_number(value: object):
    assert refusal(share=value)[1] == ("share",)


@pytest.mark.parametrize("value", ["true", "yes", 1, 0, None])
def test_true_and_false_are_said_in_json(value: object):
    assert refusal(agreed=value)[1] == ("agreed",)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("1999-12-31T23:59:59Z", "absurd_date"),
        ("2101-01-01T00:00:00Z", "absurd_date"),
        ("0001-01-01T00:00:00+14:00", "absurd_date"),
        ("9999-12-31T23:59:59-14:00", "absurd_date"),
        ("2026-11-23T10:00:00", "timezone_aware"),
        ("2026-11-23", "timezone_aware"),
        ("2026-02-30T00:00:00Z", "datetime_from_date_parsing"),
        ("soon", "datetime_from_date_parsing"),
        (1_800_000_000, "not_text"),
        (1.5, "not_text"),
        (None, "not_text"),
    ],
)
def test_a_moment_has_its_zone_and_lies_in_our_time(value: object, kind: str):
    assert refusal(slots=[{"starts_at": value}]) == (kind, ("slots", 0, "starts_at"))


@pytest.mark.parametrize("value", ["1999-12-31", "2101-01-01", "2026-02-30", "2026-11-23T10:00:00Z", 20_000, ""])
def test_a_day_is_a_day_of_our_time(value: object):
    assert refusal(day=value)[1] == ("day",)


@pytest.mark.parametrize("value", ["", "   ", "a\nb", "a\u2028b", "a\tb", "a\x07b", "\x7f", "x" * 201])
def test_a_line_is_one_line_with_something_in_it(value: str):
    assert refusal(name=value)[1] == ("name",)


@pytest.mark.parametrize("value", ["", "a\x07b", "x" * 4001])
def test_a_text_is_bounded_and_without_control_characters(value: str):
    assert refusal(note=value)[1] == ("note",)


def test_a_form_cannot_be_changed():
    form = BigForm.model_validate({})
    with pytest.raises(ValidationError):
        form.count = 4
