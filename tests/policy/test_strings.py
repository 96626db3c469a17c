"""Every text that an operation takes is data to it, and never a part of a statement.

What is sent wrong answers with a refusal; a 500 would say that PostgreSQL was asked something that was not ours.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest

from services.directory.domain.headers import COLUMNS
from shared.contracts import policy
from shared.contracts.event import Role
from shared.platform.http import Operation
from shared.platform.http.pages import encode
from shared.testing.policy_matrix import ROLES
from tests.integration.feedback.couple import ANSWERS
from tests.policy.offered import DOCUMENTS, OPERATIONS, body_of, name_of, path_names
from tests.policy.places import Place
from tests.unit.directory.rosters import a_roster

TEXTS: Final = (
    "'",
    "''; SELECT 1/0; --",
    "' OR '1'='1",
    'a"b',
    "\\",
    "\\' || 1/0 || '",
    "$1 $$ %s %(x)s {0} {}",
    "x'); DROP TABLE members; --",
    "%_*",
    "a\r\n\tb",
    "\x00",
    "\ud800",
    "\u02bc\uff07\u202e\ufeff",  # what a careless conversion would make a quotation mark of
    "9" * 400,
    "",
)
"""What ends a text, a statement or a number in SQL, in a format or in a driver, and what PostgreSQL cannot store."""

STORABLE: Final = [text for text in TEXTS if text not in {"\x00", "\ud800"}]
IN_HEADERS: Final = [text for text in TEXTS if text and text.isprintable()]

VALID: Final[Mapping[str, Callable[[], Any]]] = {
    "answers": lambda: ANSWERS,
    "ends_on": lambda: "2027-06-30",
    "ends_at": lambda: "2027-03-01T11:00:00Z",
    "cap": lambda: 1,
    "deadline": lambda: "2027-03-01",
    "email": lambda: "ada@st-mary.example",
    "happened_at": lambda: "2027-01-04T08:00:00Z",
    "goals": lambda: ["research"],
    "languages": lambda: ["en"],
    "locale": lambda: "en",
    "mail_domain": lambda: f"{uuid4().hex}.example",
    "notice_days": lambda: 30,
    "person_ids": lambda: [str(uuid4()), str(uuid4())],
    "review_at": lambda: "2027-01-20T08:00:00Z",
    "time_zone": lambda: "Europe/Warsaw",
}
"""Fields of which the document does not say what a valid one looks like, so that the others get beyond the form."""

TRIED: Final = {each.id if each.login == "app" else each.name: each for each in OPERATIONS}
"""Every operation; those that the platform gives to each service, once."""


def valid(sent: Any) -> Any:
    """A body with valid fields."""
    match sent:
        case dict():
            fields = cast("dict[str, Any]", sent)
            return {name: valid_field(name, value) for name, value in fields.items()}
        case list():
            return [valid(each) for each in cast("list[Any]", sent)]
        case _:
            return sent


def valid_field(name: str, value: Any) -> Any:
    """One field's value; a list of objects says itself what is valid in it, whatever a list of codes has to hold."""
    match value:
        case [dict(), *_]:
            return valid(value)
        case _:
            return VALID[name]() if name in VALID else valid(value)


def with_each_text(sent: Any) -> Iterator[Any]:
    """A JSON value again and again, with each of TEXTS in place of each text in it and of each field's name."""
    match sent:
        case str():
            yield from TEXTS
        case list():
            items = cast("list[Any]", sent)
            for n, item in enumerate(items):
                yield from ([*items[:n], value, *items[n + 1 :]] for value in with_each_text(item))
        case dict():
            fields = cast("dict[str, Any]", sent)
            for name, field in fields.items():
                yield from ({**fields, name: value} for value in with_each_text(field))
                rest = {other: fields[other] for other in fields if other != name}
                yield from ({**rest, text: field} for text in TEXTS)
        case _:
            return


def bodies(operation: Operation) -> Iterator[dict[str, Any]]:
    """What is sent as a body: first a valid one."""
    sent = body_of(operation, whole=True)
    if "content" in sent:
        for column, text in ((column, text) for column in COLUMNS for text in TEXTS):
            try:
                yield sent | {"content": a_roster({column: text}, {})}
            except UnicodeEncodeError:
                yield sent | {"content": b"\xed\xa0\x80"}
        return
    if "json" not in sent:
        yield {}
        return
    whole = valid(sent["json"])
    for value in (whole, *with_each_text(whole)):
        yield {"content": json.dumps(value), "headers": {"Content-Type": "application/json"}}


def queries(operation: Operation) -> Iterator[dict[str, str]]:
    """Each parameter of the query with each text; cursors also with texts inside."""
    said = DOCUMENTS[operation.service]["paths"][operation.path][operation.method.lower()]
    names = [each["name"] for each in said.get("parameters", ()) if each["in"] == "query"]
    for name in names:
        yield from ({name: text.encode("utf-8", "replace").decode()} for text in TEXTS)
        if name == "after":
            for text in STORABLE:
                for position in ((text,), (text, uuid4()), (text, text, uuid4())):
                    yield {name: encode(position)}


def addresses(operation: Operation, ids: Mapping[str, UUID]) -> Iterator[str]:
    """The operation's address with each text in place of each name, and at last the real one."""
    for name in sorted(path_names(operation)):
        for text in TEXTS:
            yield address(operation, {**ids, name: quote(text.encode("utf-8", "replace"), safe="")})
    yield address(operation, ids)


def address(operation: Operation, ids: Mapping[str, object]) -> str:
    known = {name: ids.get(name) or uuid4() for name in path_names(operation)}
    return operation.path.format_map(known)


def who(operation: Operation, place: Place) -> tuple[Role, UUID]:
    """A role that the operation lets in, and somebody in it who is shown the rows if there is one."""
    row = policy.load().find_row(operation.id)
    assert row is not None
    let_in: list[Role] = [role for role in ROLES if row.get(role)]
    known: list[Role] = [role for role in let_in if place.rows.people.get(role)]
    role = (known or let_in)[0]
    return role, place.rows.people.get(role) or uuid4()


def assert_no_bug(answer: httpx.Response, sent: object) -> None:
    assert answer.status_code < 500, sent
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json", sent


@pytest.mark.parametrize("operation", TRIED.values(), ids=name_of)
async def test_no_text_is_more_than_text(operation: Operation, places: dict[str, Place]) -> None:
    place = places[operation.service]
    role, person_id = who(operation, place)
    path = address(operation, place.rows.ids)
    async with place.running.client(person_id, place.rows.institution_id, [role]) as http:
        http.headers["If-Match"] = '"1"'
        for url in addresses(operation, place.rows.ids):
            assert_no_bug(await http.request(operation.method, url, **body_of(operation)), url)
        for query in queries(operation):
            assert_no_bug(await http.request(operation.method, path, params=query, **body_of(operation)), query)
        for number, body in enumerate(bodies(operation)):
            answer = await http.request(operation.method, path, **body)
            assert_no_bug(answer, body)
            assert number or answer.status_code != 422, f"say in VALID what a valid body is: {answer.text}"
        for name in ("If-Match", "Idempotency-Key"):
            for text in IN_HEADERS:
                headers = {name.encode(): text.encode()}
                assert_no_bug(await http.request(operation.method, path, headers=headers), headers)


async def test_what_a_roster_says_is_only_text_when_it_is_applied_too(places: dict[str, Place]) -> None:
    place = places["directory"]
    rows = [
        {"external_id": f"S-{n}", "email": f"s{n}@st-mary.example", "programme": "", "name": f"Ada {text}"}
        for n, text in enumerate(STORABLE)
    ]
    administrator_id = place.rows.people["administrator"]
    async with place.running.client(administrator_id, place.rows.institution_id, ["administrator"]) as http:
        preview = await http.post("/roster-imports", content=a_roster(*rows), headers={"Content-Type": "text/csv"})
        import_id = preview.raise_for_status().json()["import_id"]
        applied = await http.post(f"/roster-imports/{import_id}/apply", json={"rows": "good"})
        assert_no_bug(applied, rows)
        assert applied.json()["counts"]["new"] > len(STORABLE) / 2, applied.text
