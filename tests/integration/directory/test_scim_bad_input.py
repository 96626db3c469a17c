"""What identity providers may not say: every request that is none gets SCIM's own refusal, and leaves no trace."""

import json
from typing import Any

import pytest

from tests.integration.directory.consortium import Consortium
from tests.integration.directory.scim import GROUP, PATCH, a_user, fresh, provisioning, refusal

_BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b'{"a":' * 5000,
    b"[" * 100_000,
    b'{"schemas":["urn:x"],"userName":NaN}',
    b'{"schemas": 7, "userName": {"a": []}}',
]
_SAID: list[dict[str, Any]] = [
    {"externalId": None},
    {"externalId": "no blanks please"},
    {"externalId": "a" * 65},
    {"userName": ""},
    {"userName": "a\u0000b"},
    {"userName": "\ud800"},
    {"userName": ["x"]},
    {"userName": "u" * 201},
    {"displayName": "\u202eevil"},
    {"displayName": {"x": 1}},
    {"emails": []},
    {"emails": "x@y.example"},
    {"emails": [{"value": "no address"}]},
    {"emails": [{"value": 7}]},
    {"emails": [{"type": "work"}]},
    {"emails": [{"value": "a@b.example", "type": "w" * 201}]},
    {"emails": [{"value": "a@b.example", "primary": True}, {"value": "b@b.example", "primary": True}]},
    {"active": "perhaps"},
    {"active": None},
    {"name": {"givenName": [1]}, "displayName": None},
]
_SAID_OF_GROUPS: list[dict[str, Any]] = [
    {"displayName": ""},
    {"displayName": "x" * 201},
    {"externalId": "x\ny"},
    {"members": [{}]},
]
_OPERATIONS: list[Any] = [
    None,
    [],
    "replace",
    [{"op": "move", "path": "userName"}],
    [{"op": "replace"}],
    [{"op": "remove"}],
    [{"op": "remove", "path": "userName"}],
    [{"op": "replace", "path": "userName"}],
    [{"op": "replace", "path": "emails[", "value": 1}],
    [{"op": "replace", "path": 7, "value": 1}],
    [{"op": "replace", "path": "active", "value": {"x": 1}}],
    [{"op": "replace", "path": "id", "value": "x"}],
    [{"op": "add", "path": "emails", "value": [[]]}],
    [{"op": "replace", "path": "externalId", "value": "another"}],
    [{"op": "replace", "path": "userName", "value": "a\u0000"}],
]
_FILTERS = [
    "",
    "userName",
    "userName eq",
    "userName eq x",
    'userName co "x"',
    'userName eq "x" or externalId eq "y"',
    'not (userName eq "x")',
    'displayName eq "x"',
    "active eq true",
    "userName eq 7",
    "userName eq null",
    'nothing eq "x"',
    'emails[type eq "work"]',
    "(" * 1500 + 'userName eq "x"' + ")" * 1500,
    "' OR 1=1 --",
    'userName eq "x" and',
]


@pytest.mark.parametrize("content", _BODIES)
async def test_what_is_no_request_is_refused_in_scims_own_words(consortium: Consortium, content: bytes) -> None:
    async with provisioning(await consortium.add_hospital()) as client:
        user = await client.add(fresh())
        for method, path in (
            ("POST", "/Users"),
            ("POST", "/Groups"),
            ("PUT", f"/Users/{user['id']}"),
            ("PATCH", f"/Users/{user['id']}"),
            ("POST", "/Users/.search"),
        ):
            headers = {"Content-Type": "application/scim+json"}
            answer = await client.http.request(method, path, content=content, headers=headers)
            assert refusal(answer)[0] == 400, (method, path, answer.text)
        assert await client.user(user["id"]) == user


async def test_values_that_cannot_be_are_refused_and_leave_no_trace(consortium: Consortium) -> None:
    hospital = await consortium.add_hospital()
    async with provisioning(hospital) as client:
        user = await client.add(one := fresh())
        before = await hospital.people()
        for said in _SAID:
            for method, path, of in (("POST", "/Users", fresh()), ("PUT", f"/Users/{user['id']}", one)):
                wanted = a_user(of) | said
                wanted = {name: value for name, value in wanted.items() if name != "displayName" or value is not None}
                answer = await client.http.request(method, path, content=_json(wanted), headers=_SCIM)
                moved = {(400, "mutability")} if method == "PUT" and said.get("externalId") else set[tuple[int, str]]()
                assert refusal(answer) in {(400, "invalidValue"), (400, "invalidSyntax")} | moved, (said, answer.text)
        for operations in _OPERATIONS:
            wanted = {"schemas": [PATCH], "Operations": operations}
            answer = await client.http.patch(f"/Users/{user['id']}", content=_json(wanted), headers=_SCIM)
            assert refusal(answer)[0] == 400, (operations, answer.text)
        for said in _SAID_OF_GROUPS:
            wanted = {"schemas": [GROUP], "displayName": "Ward"} | said
            answer = await client.http.post("/Groups", content=_json(wanted), headers=_SCIM)
            assert refusal(answer)[0] == 400, (said, answer.text)
        assert await hospital.people() == before


async def test_filters_that_cannot_be_answered_are_refused_and_never_guessed(consortium: Consortium) -> None:
    async with provisioning(await consortium.add_hospital()) as client:
        for text in _FILTERS:
            answer = await client.http.get("/Users", params={"filter": text})
            assert refusal(answer)[0] == 400, (text, answer.text)
        for parameters in ({"startIndex": "x"}, {"count": "x"}, {"attributes": "a[["}, {"sortBy": "userName"}):
            assert refusal(await client.http.get("/Users", params=parameters))[0] in {400, 501}, parameters
        for text in ('userName eq "a\\u0000b"', 'userName eq "\\ud800"', 'id eq "x"', 'userName eq "\\"; DROP"'):
            answer = await client.http.get("/Users", params={"filter": text})
            assert answer.status_code in {200, 400}, answer.text
        far = await client.http.get("/Users", params={"startIndex": 10**30, "count": 10**30})
        assert far.status_code in {200, 400}, far.text
        for path in (
            *(f"/{kind}/{rest}" for kind in ("Users", "Groups") for rest in ("x", "x/y")),
            "/Nothing",
            "/",
            "/Me",
        ):
            assert refusal(await client.http.get(path))[0] in {404, 501}, path
        assert refusal(await client.http.post("/Bulk", json={}))[0] == 501
        assert refusal(await client.http.post("/Schemas", json={}))[0] == 405
        text = await client.http.post("/Users", content=b"x", headers={"Content-Type": "text/plain"})
        assert refusal(text)[0] in {400, 415}


_SCIM = {"Content-Type": "application/scim+json"}


def _json(value: Any) -> bytes:
    """With halves of characters as they are sent by whoever does not care."""
    return json.dumps(value).encode()
