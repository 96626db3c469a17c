"""Lists in pages: opaque cursors that are checked before they reach a query, and one shape of answer for all lists."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Generic, TypeVar, overload
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict

from shared.platform.http.refusals import MalformedCursor

Value = str | int | datetime | UUID
T = TypeVar("T")
A = TypeVar("A", bound=Value)
B = TypeVar("B", bound=Value)
C = TypeVar("C", bound=Value)

_VERSION: Final = 1
_MAX_VALUES: Final = 8
_BIGINT: Final = 2**63
# What goes before a page is at most a text of 200 characters, of four bytes each, and an id: 1,140 characters here.
_MAX_CURSOR: Final = 2000
_YEARS: Final = range(1970, 2201)  # wide enough for any row; at the calendar's ends zones overflow


class Listing(BaseModel, Generic[T]):
    """One page of a list; `next` is the cursor of the page after it, or null at the end."""

    model_config = ConfigDict(frozen=True)

    items: Sequence[T]
    next: str | None = None


@dataclass(frozen=True)
class PageRequest:
    """Which page is asked for: at most `limit` items after the position `after` (None: from the start).

    `after` holds what the cursor holds; `position` also checks that it has the shape of the list's own order.
    """

    limit: int
    after: tuple[Value, ...] | None = None

    @overload
    def position(self, one: type[A], /) -> tuple[A] | None: ...
    @overload
    def position(self, one: type[A], two: type[B], /) -> tuple[A, B] | None: ...
    @overload
    def position(self, one: type[A], two: type[B], three: type[C], /) -> tuple[A, B, C] | None: ...
    def position(self, *kinds: type[Value]) -> tuple[Value, ...] | None:
        """The values after which the page begins, of exactly these types, or None for the first page.

        A cursor is not signed, so whoever takes one apart can send other values: raises MalformedCursor for those of
        another shape, and row-level security guards the rest.
        """
        if self.after is None:
            return None
        if tuple(map(type, self.after)) != kinds:
            raise MalformedCursor
        return self.after

    def listing(self, rows: Sequence[T], key: Callable[[T], tuple[Value, ...]]) -> Listing[T]:
        """One page of `rows`, of which the caller read one more than `limit`, so as to know whether more follow."""
        if len(rows) <= self.limit:
            return Listing(items=rows)
        shown = rows[: self.limit]
        return Listing(items=shown, next=encode(key(shown[-1])))


def encode(values: tuple[Value, ...]) -> str:
    """A cursor for these sort values: base64url of JSON, with a version so that its inside may change."""
    written = json.dumps([_VERSION, *map(_plain, values)], ensure_ascii=False)
    return urlsafe_b64encode(written.encode()).rstrip(b"=").decode()


def decode(cursor: str) -> tuple[Value, ...]:
    """The sort values in a cursor; raises MalformedCursor for anything that `encode` did not write."""
    try:
        raw = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = _values(raw)
    except (ValueError, binascii.Error, RecursionError) as error:
        raise MalformedCursor from error
    if encode(values) != cursor:  # one spelling per position: no other padding, spacing or way to write a number
        raise MalformedCursor
    return values


def _values(raw: Any) -> tuple[Value, ...]:
    match raw:
        case [version, *values] if version == _VERSION and 0 < len(values) <= _MAX_VALUES:
            return tuple(map(_value, values))
        case _:
            raise MalformedCursor


def _plain(value: Value) -> str | int | dict[str, str]:
    if isinstance(value, datetime):
        return {"at": value.astimezone(UTC).isoformat()}
    if isinstance(value, UUID):
        return {"id": str(value)}
    return value


def _value(raw: Any) -> Value:
    match raw:
        case {"at": str(text)}:
            return _instant(text)
        case {"id": str(text)}:
            return UUID(text)
        case bool():
            raise MalformedCursor
        case int() if -_BIGINT <= raw < _BIGINT:
            return raw
        case str() if "\x00" not in raw:
            raw.encode()  # half a character raises UnicodeEncodeError, which is a ValueError
            return raw
        case _:
            raise MalformedCursor


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.utcoffset() != timedelta(0) or instant.year not in _YEARS:
        raise MalformedCursor
    return instant.replace(tzinfo=UTC)


async def _page(
    after: Annotated[str | None, Query(max_length=_MAX_CURSOR, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many items at most.")] = 50,
) -> PageRequest:
    return PageRequest(limit, None if after is None else decode(after))


Page = Annotated[PageRequest, Depends(_page)]
"""The page that is asked for: `page.limit` (1 to 200, 50 by default), `page.position(...)` or `page.after`."""
