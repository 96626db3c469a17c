"""SCIM for tests: the door of the running directory, and one institution's provisioning client."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI
from scim2_client import BaseSyncSCIMClient

from services.directory.app import build
from shared.platform.http.observation import Observation
from shared.platform.service import Runtime
from shared.testing.running import Running
from tests.integration.directory.consortium import Hospital, settings_of

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def door_of(running: Running) -> FastAPI:
    """What the service serves beside its operations, behind what stands around everything it serves."""
    app = FastAPI()
    for pages in build().pages:
        app.router.routes.extend(pages(Runtime(running.app, running.worker, settings_of(running))))
    app.add_middleware(Observation)
    return app


@asynccontextmanager
async def with_secret(running: Running, secret: str | None) -> AsyncGenerator[httpx.AsyncClient]:
    """A provisioning client that shows this secret."""
    async with httpx.AsyncClient(
        transport=running.entrance(door_of(running)),
        base_url="http://directory/scim/v2",
        headers={} if secret is None else {"Authorization": f"Bearer {secret}"},
    ) as http:
        yield http


async def issue_secret(hospital: Hospital) -> tuple[str, str]:
    """A new token of a hospital: its id and its secret."""
    token = (await hospital.post("/provisioning-tokens", json={"name": "Identity provider"})).raise_for_status().json()
    async with hospital.client() as http:
        issued = await http.put(f"/provisioning-tokens/{token['token_id']}/secret")
    return token["token_id"], issued.raise_for_status().json()["secret"]


@asynccontextmanager
async def provisioning(hospital: Hospital) -> AsyncGenerator["Provisioner"]:
    """A hospital's identity provider with a token of its own."""
    _, secret = await issue_secret(hospital)
    async with with_secret(hospital.running, secret) as http:
        yield Provisioner(http)


def a_user(external_id: str, **said: Any) -> dict[str, Any]:
    """What an identity provider says of a user."""
    return {
        "schemas": [USER],
        "externalId": external_id,
        "userName": f"{external_id}@login.example",
        "displayName": f"Person {external_id}",
        "emails": [{"value": f"{external_id}@mail.example", "type": "work", "primary": True}],
        "active": True,
        **said,
    }


class Provisioner:
    """What an identity provider asks for."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def add(self, external_id: str, **said: Any) -> dict[str, Any]:
        """A new user."""
        answer = await self.http.post("/Users", json=a_user(external_id, **said))
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> httpx.Response:
        """Some operations on one resource."""
        return await self.http.patch(path, json={"schemas": [PATCH], "Operations": operations}, headers=headers)

    async def user(self, user_id: str) -> dict[str, Any]:
        """One user as the identity provider sees them."""
        answer = await self.http.get(f"/Users/{user_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def find(self, kind: str, text: str, **parameters: Any) -> list[dict[str, Any]]:
        """What a filter finds."""
        answer = await self.http.get(f"/{kind}", params={"filter": text, **parameters})
        assert answer.status_code == 200, answer.text
        return answer.json()["Resources"] if answer.json()["totalResults"] else []

    async def group(self, name: str, *user_ids: str) -> dict[str, Any]:
        """A new group with these members."""
        members = [{"value": user_id} for user_id in user_ids]
        answer = await self.http.post("/Groups", json={"schemas": [GROUP], "displayName": name, "members": members})
        assert answer.status_code == 201, answer.text
        return answer.json()


class Blocking(BaseSyncSCIMClient):
    """The tester's client, which runs in a thread of its own, on the event loop that the service lives in."""

    def __init__(self, http: httpx.AsyncClient, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._http = http
        self._loop = loop

    def request(self, method: str, url: str, **kwargs: Any) -> httpx.Response:
        """One request, waited for."""
        return asyncio.run_coroutine_threadsafe(self._http.request(method, url, **kwargs), self._loop).result(30)

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return str(self._http.build_request("GET", endpoint).url).startswith(str(self._http.base_url))


def fresh() -> str:
    """An external id that nobody has."""
    return f"x{uuid4().hex[:12]}"


def refusal(answer: Any) -> tuple[int, str | None]:
    """Status and scimType of an error in SCIM's own form."""
    assert answer.headers["Content-Type"] == "application/scim+json", answer.text
    body = answer.json()
    assert body["schemas"] == [ERROR]
    assert body["status"] == str(answer.status_code)
    return answer.status_code, body.get("scimType")


async def roles_of(hospital: Hospital, external_id: str) -> set[str]:
    """Which roles somebody holds."""
    return {held["role"] for held in (await hospital.people())[external_id]["roles"]}


async def status_of(hospital: Hospital, external_id: str) -> str:
    """Where somebody stands."""
    return (await hospital.people())[external_id]["status"]
