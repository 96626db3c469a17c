"""What is wrong with a request, place by place, in plain words; it never repeats a value that was sent."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi.exceptions import RequestValidationError

_MOST: Final = 20
_LONGEST_POINTER: Final = 200
_OTHERWISE: Final = "This is not allowed here."

# Only limits that the schema itself states are filled in: pydantic's own sentences quote the input here and there.
_SENTENCES: Final[dict[str, str]] = {
    "missing": "This is required.",
    "extra_forbidden": "This field is not known here.",
    "json_invalid": "This is not JSON, is nested too deeply, gives a name twice, or holds what JSON does not have.",
    "model_attributes_type": "This must be an object.",
    "model_type": "This must be an object.",
    "dict_type": "This must be an object.",
    "list_type": "This must be a list.",
    "tuple_type": "This must be a list.",
    "set_type": "This must be a list.",
    "string_type": "This must be text.",
    "string_unicode": "This text holds half of a character.",
    "string_too_short": "This text needs at least {min_length} character(s).",
    "string_too_long": "This text may have at most {max_length} character(s).",
    "string_pattern_mismatch": "This text does not have the form it should have.",
    "too_short": "This needs at least {min_length} item(s).",
    "too_long": "This may have at most {max_length} item(s).",
    "int_type": "This must be a whole number.",
    "int_parsing": "This must be a whole number.",
    "int_parsing_size": "This number is too large.",
    "int_from_float": "This must be a whole number.",
    "float_type": "This must be a number.",
    "float_parsing": "This must be a number.",
    "finite_number": "This must be a finite number.",
    "bool_type": "This must be true or false.",
    "bool_parsing": "This must be true or false.",
    "greater_than": "This must be more than {gt}.",
    "greater_than_equal": "This must be at least {ge}.",
    "less_than": "This must be less than {lt}.",
    "less_than_equal": "This must be at most {le}.",
    "multiple_of": "This must be a multiple of {multiple_of}.",
    "literal_error": "This must be one of {expected}.",
    "enum": "This must be one of {expected}.",
    "uuid_parsing": "This must be an id (UUID).",
    "uuid_type": "This must be an id (UUID).",
    "timezone_aware": "This moment needs its time zone, such as Z or +02:00.",
    "datetime_parsing": "This must be a moment with its time zone (RFC 3339).",
    "datetime_from_date_parsing": "This must be a moment with its time zone (RFC 3339).",
    "datetime_type": "This must be a moment with its time zone (RFC 3339).",
    "date_parsing": "This must be a day (YYYY-MM-DD).",
    "date_from_datetime_parsing": "This must be a day (YYYY-MM-DD).",
    "date_from_datetime_inexact": "This must be a day (YYYY-MM-DD).",
    "date_type": "This must be a day (YYYY-MM-DD).",
    "value_error": "{error}",  # a form's own validator: its sentence is written by us
}
_OURS: Final = {"nul_in_text", "broken_text", "not_text", "absurd_date", "control_in_text", "not_one_line"}


def complaints(error: RequestValidationError) -> list[dict[str, str]]:
    """At most 20 entries {pointer, message}; each pointer is one (RFC 6901) into {body, query, path, header}."""
    return [{"pointer": _pointer(each["loc"]), "message": _message(each)} for each in error.errors()[:_MOST]]


def _pointer(loc: Sequence[int | str]) -> str:
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in loc)
    # A field's name is the caller's too: bounded, and without the halves of characters that UTF-8 cannot write.
    return "".join(f"/{part}" for part in parts)[:_LONGEST_POINTER].encode("utf-8", "replace").decode()


def _message(each: dict[str, Any]) -> str:
    if each["type"] in _OURS:
        return each["msg"]
    sentence = _SENTENCES.get(each["type"], _OTHERWISE)
    return sentence.format_map(each.get("ctx") or {})
