"""A cursor is a position in a list, in one spelling, of the list's own types; anything else is refused."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform.http.pages import PageRequest, Value, decode, encode
from shared.platform.http.refusals import MalformedCursor

instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
values = st.one_of(texts, st.integers(-(2**63), 2**63 - 1), instants, st.uuids())


def forged(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@given(st.lists(values, min_size=1, max_size=8).map(tuple))
def test_what_went_into_a_cursor_comes_out_of_it(position: tuple[Value, ...]):
    assert decode(encode(position)) == position


def test_a_moment_of_any_zone_is_the_same_position():
    moment = datetime(2026, 11, 23, 10, tzinfo=timezone(timedelta(hours=2)))
    assert decode(encode((moment,))) == (moment,)


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text: str):
    try:
        position = decode(text)
    except MalformedCursor:
        return
    assert encode(position) == text


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        [1],
        [2, "a"],
        ["1", "a"],
        [1, None],
        [1, True],
        [1, 1.5],
        [1, 2**63],
        [1, [1]],
        [1, "a\x00"],
        [1, "\ud800"],
        [1, {"at": "2026-11-23T10:00:00"}],
        [1, {"at": "0001-01-01T00:00:00+00:00"}],
        [1, {"at": "9999-12-31T23:59:59+00:00"}],
        [1, {"at": "2026-11-23T10:00:00+02:00"}],
        [1, {"at": "soon"}],
        [1, {"id": "x"}],
        [1, {"id": str(uuid4()).upper()}],
        [1, {"id": str(uuid4()), "more": 1}],
        [1, *range(9)],
    ],
)
def test_a_forged_cursor_of_no_value_that_we_write_is_refused(value: object):
    with pytest.raises(MalformedCursor):
        decode(forged(value))


@pytest.mark.parametrize("text", ["", "=", "a", "%%%", "é", "[" * 900, forged([1, "a"]) + "=", forged("[" * 500)])
def test_text_that_is_no_cursor_is_refused(text: str):
    with pytest.raises(MalformedCursor):
        decode(text)


def test_a_list_gets_positions_of_its_own_types_only():
    moment, pair_id = datetime(2026, 11, 23, tzinfo=UTC), uuid4()
    page = PageRequest(10, decode(encode((moment, pair_id))))
    assert page.position(datetime, UUID) == (moment, pair_id)
    for kinds in [(UUID, datetime), (datetime,), (datetime, UUID, str), (str, UUID)]:
        with pytest.raises(MalformedCursor):
            page.position(*kinds)  # pyright: ignore[reportCallIssue, reportArgumentType] - any shape


def test_the_first_page_has_no_position():
    assert PageRequest(10).position(int) is None


def test_a_page_tells_whether_more_follow():
    page = PageRequest(2)
    full = page.listing([5, 6, 7], lambda row: (row,))
    assert (list(full.items), full.next) == ([5, 6], encode((6,)))
    last = page.listing([5, 6], lambda row: (row,))
    assert (list(last.items), last.next) == ([5, 6], None)
