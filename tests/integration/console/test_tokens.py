"""Provisioning tokens at the console, a real directory behind it: a secret shows once, a revoked one opens nothing."""

import re
from http import HTTPStatus
from uuid import uuid4

import pytest

from tests.integration.console.behind import administer
from tests.integration.console.front import Front
from tests.integration.directory.consortium import Consortium
from tests.integration.directory.scim import with_secret

pytestmark = pytest.mark.timeout(120)


def _secret(page: str) -> str:
    (secret,) = re.findall(r'id="issued"[^>]*>([^<]+)</textarea>', page)
    return secret


async def _opens(consortium: Consortium, secret: str) -> int:
    async with with_secret(consortium.running, secret) as http:
        return (await http.get("/Users")).status_code


async def test_a_secret_is_shown_once_opens_scim_and_ends_with_the_next_and_with_the_token(
    front: Front, consortium: Consortium
) -> None:
    _, cookie = await administer(front, consortium)
    made = await front.press(cookie, "/tokens", name="Our <directory>")
    first = _secret(made.text)
    assert made.headers["cache-control"] == "no-store"
    assert await _opens(consortium, first) == HTTPStatus.OK
    listed = (await front.look(cookie, "/tokens")).text
    assert "Our &lt;directory&gt;" in listed
    assert first not in listed
    assert "In force" in listed
    (address,) = re.findall(r'action="(/tokens/[^"]+)/secret"', listed)
    second = _secret((await front.press(cookie, f"{address}/secret", key="next")).text)
    assert [await _opens(consortium, each) for each in (first, second)] == [HTTPStatus.UNAUTHORIZED, HTTPStatus.OK]
    revoked = await front.press(cookie, f"{address}/revoke", key="over")
    assert (revoked.headers["location"], revoked.cookies["osler_said"]) == ("/tokens", "token_revoked")
    assert await _opens(consortium, second) == HTTPStatus.UNAUTHORIZED
    assert "Revoked" in (await front.look(cookie, "/tokens")).text
    late = await front.press(cookie, f"{address}/secret", key="late")
    assert late.status_code == HTTPStatus.CONFLICT
    assert 'id="issued"' not in late.text


async def test_a_token_without_a_name_is_none_and_anothers_is_not_here(front: Front, consortium: Consortium) -> None:
    _, cookie = await administer(front, consortium)
    refused = await front.press(cookie, "/tokens", name="  ")
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "name: " in refused.text
    assert "No token was made yet" in refused.text
    await front.press(cookie, "/tokens", name="Ours", key="ours")
    (address,) = re.findall(r'action="(/tokens/[^"]+)/secret"', (await front.look(cookie, "/tokens")).text)
    _, stranger = await administer(front, consortium)
    for act in ("secret", "revoke"):
        for at in (address, f"/tokens/{uuid4()}", "/tokens/x"):
            assert (await front.press(stranger, f"{at}/{act}", key=uuid4().hex)).status_code == HTTPStatus.NOT_FOUND
    assert "In force" in (await front.look(cookie, "/tokens")).text
