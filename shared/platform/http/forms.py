"""What people may send: forms refuse unknown fields, wrong types, NUL, lone surrogates, NaN and absurd dates."""

import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, cast

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_YEARS: Final = range(2000, 2101)
_ALLOWED_CONTROLS: Final = frozenset("\t\n\r")
_STRICT: Final = {"int", "bool", "float"}  # JSON has these types itself, so nothing is gained by reading them from text


def _tightened(node: Any) -> Any:
    if isinstance(node, list):
        return [_tightened(each) for each in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    schema = cast("dict[str, Any]", node)
    kind = schema.get("type")
    if kind in _STRICT:
        return {"strict": True, **(_within_integer(schema) if kind == "int" else schema)}
    if kind == "str":
        return core_schema.no_info_after_validator_function(_storable, cast("CoreSchema", schema))
    if kind == "function-after" and schema["function"].get("function") is _storable:
        return schema  # a nested form is tight already
    return {name: _tightened(value) for name, value in schema.items()}


def _within_integer(schema: dict[str, Any]) -> dict[str, Any]:
    """A whole number without limits of its own gets those of PostgreSQL's integer, so that it can be stored."""
    least = {} if schema.keys() & {"ge", "gt"} else {"ge": -(2**31)}
    most = {} if schema.keys() & {"le", "lt"} else {"le": 2**31 - 1}
    return {**schema, **least, **most}


def _storable(text: str) -> str:
    if "\x00" in text:
        raise PydanticCustomError("nul_in_text", "This text holds a NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("broken_text", "This text holds half of a character.") from None
    return text


class Form(BaseModel):
    """What a request's body holds: frozen, no unknown fields, numbers and booleans of their own JSON type.

    Every string in it, however deep, is free of NUL and of lone surrogates, which JSON allows and PostgreSQL does not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return cast("CoreSchema", _tightened(handler(source)))


def _from_text(value: object) -> object:
    # pydantic would also take a number, as seconds or milliseconds since 1970: a guess that nobody asked for.
    if isinstance(value, str | date):
        return value
    raise PydanticCustomError("not_text", "Write this as text in the form of ISO 8601.")


def _sane_day(value: date) -> date:
    if value.year not in _YEARS:
        raise PydanticCustomError("absurd_date", "The year must lie between 2000 and 2100.")
    return value


def _sane_instant(value: datetime) -> datetime:
    _sane_day(value)  # before the zone is changed: year 1 or 9999 has no neighbour to move into
    return value.astimezone(UTC)


def _no_controls(text: str) -> str:
    if any(unicodedata.category(each) == "Cc" and each not in _ALLOWED_CONTROLS for each in text):
        raise PydanticCustomError("control_in_text", "This text holds a control character.")
    return text


def _one_line(text: str) -> str:
    if not _ALLOWED_CONTROLS.isdisjoint(text) or len(text.splitlines()) > 1:
        raise PydanticCustomError("not_one_line", "This must be one line.")
    return _no_controls(text)


Instant = Annotated[AwareDatetime, BeforeValidator(_from_text), AfterValidator(_sane_instant)]
"""A moment with its zone, from 2000 to 2100, in UTC after reading."""

Day = Annotated[date, BeforeValidator(_from_text), AfterValidator(_sane_day)]
"""A calendar day from 2000 to 2100."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)]
"""One line of text, 1 to 200 characters, without space around it."""

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), AfterValidator(_no_controls)
]
"""Text of several lines, 1 to 4,000 characters, without space around it."""
