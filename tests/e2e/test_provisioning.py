"""An identity provider at the directory's real door: what it says over the wire stands; a wrong secret says nothing."""

from typing import Any

import httpx
import pytest

from tests.e2e.life import Life, done
from tests.integration.directory.scim import ERROR, a_user

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
_ADDED = "scim-7"


async def test_an_identity_provider_adds_somebody_and_whoever_has_no_secret_adds_nobody(life: Life) -> None:
    secret = await _issue_secret(life)
    for wrong in (None, secret[:-1], f"{secret}x", "garbage"):
        refused = await _add(life, wrong)
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="SCIM"')
        assert refused.json()["schemas"] == [ERROR]
    assert await _find(life) == []
    added = await _add(life, secret)
    assert added.status_code == 201, added.text
    [person] = await _find(life)
    assert (person["person_id"], person["name"], person["status"]) == (added.json()["id"], f"Person {_ADDED}", "active")
    assert (await _add(life, secret)).status_code == 409
    assert len(await _find(life)) == 1


async def _issue_secret(life: Life) -> str:
    async with life.platform.client("directory", life.administrator) as http:
        token = await done(lambda: http.post("/provisioning-tokens", json={"name": "Identity provider"}))
        issued = await done(lambda: http.put(f"/provisioning-tokens/{token['token_id']}/secret"))
    return issued["secret"]


async def _add(life: Life, secret: str | None) -> httpx.Response:
    url = life.platform.status["services"]["directory"]["url"]
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=30) as http:
        return await http.post("/scim/v2/Users", json=a_user(_ADDED))


async def _find(life: Life) -> list[dict[str, Any]]:
    """Whom the hospital's administrator sees under this id."""
    async with life.platform.client("directory", life.administrator) as http:
        people = (await http.get("/people", params={"limit": "200"})).raise_for_status().json()["items"]
    return [person for person in people if person["external_id"] == _ADDED]
