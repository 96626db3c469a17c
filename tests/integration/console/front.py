"""The console's pages in a test: real database and real guard; issuer and pairing are played, as fakes at the edge."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, LiteralString, Protocol
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import asyncpg
import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from fastapi import FastAPI
from jwt.algorithms import RSAAlgorithm

from services.console import pages
from services.console.commands import Services
from services.console.live import Hub
from services.console.oidc import Client, Provider, Tokens
from services.console.sessions import CookieNames, Sessions, cipher_of
from services.console.use_cases import look
from shared.platform.clock import real_now
from shared.platform.http.application import build_app
from shared.platform.issuer import IssuerKeys
from shared.platform.settings import LOCAL_SIGN_IN_SECRET
from shared.testing.running import Running

URL: Final = "http://console.test"
ISSUER: Final = "http://issuer.test"
PAIRING: Final = "http://pairing.test"
DIRECTORY: Final = "http://directory.test"
MEETINGS: Final = "http://meetings.test"
_KEY: Final = generate_private_key(public_exponent=65537, key_size=2048)
"""Made once: each takes a tenth of a second."""
CLIENT: Final = Client(ISSUER, "osler-console", "a client secret of this test", f"{URL}/signed-in", f"{URL}/signed-out")


def _said(document: dict[str, Any]) -> httpx.Response:
    """An answer that can be read as it comes, which one made with `json` cannot."""
    return httpx.Response(200, stream=httpx.ByteStream(json.dumps(document).encode()))


@dataclass
class World:
    """Issuer and pairing, as far as the console talks to them. A test changes what they answer."""

    key: RSAPrivateKey = _KEY
    subject: str = ""
    nonce: str = ""
    spoil: dict[str, Any] = field(default_factory=dict[str, Any])
    """Claims of the id token that are other than they should be."""
    refreshes: int = 0
    gives_refresh_tokens: bool = True
    shows: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """What pairing shows beside pairs, by its path."""
    queries: list[str] = field(default_factory=list[str])
    pairs: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    commands: list[httpx.Request] = field(default_factory=list[httpx.Request])
    refuses: tuple[int, dict[str, Any]] | None = None
    exports: dict[str, httpx.Response] = field(default_factory=dict[str, httpx.Response])
    """What the services answer who are asked for a person's export, by their address."""
    exported_as: list[str] = field(default_factory=list[str])
    record: httpx.Response = field(default_factory=lambda: httpx.Response(503))
    """What pairing answers whoever asks for their record."""
    recorded_as: list[str] = field(default_factory=list[str])
    is_away: bool = False
    behind: dict[str, FastAPI] = field(default_factory=dict[str, FastAPI])
    """Services that are really there, by their address; a sign-in's token is the subject that it proves."""

    async def hear(self, request: httpx.Request) -> httpx.Response:
        """Whatever the console asks of anybody, real or played."""
        service = self.behind.get(f"{request.url.scheme}://{request.url.host}")
        if service is None or self.is_away:
            return self.answer(request)
        answered = await httpx.ASGITransport(service, raise_app_exceptions=False).handle_async_request(request)
        return httpx.Response(answered.status_code, headers=answered.headers, content=await answered.aread())

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Whatever the console asks of those who are played."""
        if self.is_away:
            raise httpx.ConnectError("nobody there")
        if request.url.path == "/me/export":
            self.exported_as.append(request.headers["authorization"])
            return self.exports[f"{request.url.scheme}://{request.url.host}"]
        if str(request.url).startswith(PAIRING):
            return self._pairing(request)
        match request.url.path:
            case "/.well-known/openid-configuration":
                return _said(self._about())
            case "/jwks.json":
                public: dict[str, str] = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
                return _said({"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]})
            case "/token":
                return self._token(parse_qs(request.content.decode()))
            case _:
                return httpx.Response(404)

    def _about(self) -> dict[str, Any]:
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "end_session_endpoint": f"{ISSUER}/end-session",
            "jwks_uri": f"{ISSUER}/jwks.json",
            "authorization_response_iss_parameter_supported": True,
        }

    def _token(self, form: dict[str, list[str]]) -> httpx.Response:
        given: dict[str, Any] = {"access_token": f"access {uuid4()}", "token_type": "Bearer", "expires_in": 600}
        if self.gives_refresh_tokens:
            given["refresh_token"] = "refresh"
        if form["grant_type"] == ["refresh_token"]:
            self.refreshes += 1
            return httpx.Response(200, json=given)
        if form.get("code") != ["the-code"] or len(form.get("code_verifier", [""])[0]) < 43:
            return httpx.Response(400, json={"error": "invalid_grant"})
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": CLIENT.client_id,
            "sub": self.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
        }
        token = jwt.encode(claims | self.spoil, self.key, algorithm="RS256", headers={"kid": "one"})
        return httpx.Response(200, json={**given, "id_token": token})

    def _pairing(self, request: httpx.Request) -> httpx.Response:
        self.queries.append(request.url.query.decode())
        if request.method == "GET" and request.url.path in self.shows:
            return httpx.Response(200, json=self.shows[request.url.path])
        if request.url.path == "/me/record":
            self.recorded_as.append(request.headers["authorization"])
            return self.record
        _, _, pair_id, *act = (*request.url.path.split("/"), "")
        pair = self.pairs.get(pair_id)
        if pair is None:
            return httpx.Response(404, json={"code": "pair_not_found", "title": "There is no pair here."})
        if request.method == "GET":
            return httpx.Response(200, json=pair, headers={"ETag": f'"{pair["revision"]}"'})
        self.commands.append(request)
        if self.refuses:
            return httpx.Response(self.refuses[0], json=self.refuses[1])
        pair["state"] = {"recall": "recalled", "accept": "accepted"}.get(act[0], act[0])
        return httpx.Response(200, json=pair)


class Subject(Protocol):
    """Somebody who signs in."""

    @property
    def subject(self) -> str:
        """What their sign-in proves."""
        ...


@dataclass
class Front:
    """The pages, and the world around them."""

    console: Running
    app: FastAPI
    world: World
    sessions: Sessions
    hub: Hub
    stopping: asyncio.Event

    @asynccontextmanager
    async def browser(self, cookie: str | None = None) -> AsyncGenerator[httpx.AsyncClient]:
        """A browser without pictures; it follows no redirect by itself."""
        transport = self.console.entrance(self.app)
        cookies = {"osler_session": cookie} if cookie else None
        async with httpx.AsyncClient(transport=transport, base_url=URL, cookies=cookies) as client:
            yield client

    async def let_in(self, person: Subject, *, lasts_seconds: int = 600, refresh: str | None = "refresh") -> str:
        """A session's cookie, without the way through the issuer; its token lasts so long."""
        now = real_now()
        access = person.subject if self.world.behind else "access"
        tokens = Tokens(access, refresh, now, now + timedelta(seconds=lasts_seconds))
        secret, _ = await self.sessions.begin(person.subject, tokens)
        return secret

    async def form_token(self, cookie: str) -> str:
        """What the forms of this sign-in carry."""
        signed_in = await self.sessions.find(cookie)
        assert signed_in is not None
        return signed_in.form_token

    async def press(
        self, cookie: str, address: str, headers: dict[str, str] | None = None, **fields: str
    ) -> httpx.Response:
        """A button's form, as this person's page holds it but for what is named here."""
        form = {"form_token": await self.form_token(cookie), "key": "one-press", "reason": "mistake"} | fields
        async with self.browser(cookie) as browser:
            return await browser.post(address, data=form, headers=headers or {})

    async def meddle(self, sql: LiteralString, *args: object) -> None:
        """Change a row as nobody but a database's administrator could."""
        connection = await asyncpg.connect(self.console.stage.admin_url)
        try:
            await connection.execute(sql, *args)
        finally:
            await connection.close()

    async def send(self, cookie: str, address: str, file: bytes, **fields: str) -> httpx.Response:
        """A form with a file, as this person's page holds it."""
        form = {"form_token": await self.form_token(cookie), "key": "one-press"} | fields
        async with self.browser(cookie) as browser:
            return await browser.post(address, data=form, files={"file": ("roster.csv", file)})

    async def look(self, cookie: str, address: str) -> httpx.Response:
        """A page, as this person sees it."""
        async with self.browser(cookie) as browser:
            return await browser.get(address)

    def knows(self, pair_id: UUID, state: str, revision: int = 1) -> None:
        """Let pairing have this pair."""
        self.world.pairs[str(pair_id)] = {"pair_id": str(pair_id), "state": state, "revision": revision}


class _Nobody:
    async def subject(self, token: str) -> str:
        raise AssertionError(token)


def open_front(console: Running, url: str = URL) -> Front:
    """The pages on this console's database, at an address."""
    world = World()
    http = httpx.AsyncClient(transport=httpx.MockTransport(world.hear))
    provider = Provider(CLIENT, http, IssuerKeys(ISSUER, http))
    cipher = cipher_of(CLIENT.client_secret)
    sessions = Sessions(console.app, provider, cipher, LOCAL_SIGN_IN_SECRET)
    stopping = asyncio.Event()
    hub = Hub(lambda ids: console.app.run(lambda tx: look.list_revisions(tx, ids)), stopping)
    console.worker.on_commit(hub.wake)
    files = pages.Files.read()
    app = build_app(
        "console", (), database=console.app, authenticator=_Nobody(), settings=console.stage.settings("console")
    )
    parts = pages.Parts(
        database=console.app,
        sessions=sessions,
        provider=provider,
        services=Services({"directory": DIRECTORY, "meetings": MEETINGS, "pairing": PAIRING}, http),
        hub=hub,
        files=files,
        look=pages.Look(files, issuer_origin=ISSUER, is_secure=False),
        cookies=CookieNames.of(is_secure=False),
        cipher=cipher,
        url=url,
    )
    app.router.routes.extend(pages.routes(parts))
    return Front(console, app, world, sessions, hub, stopping)


def query(address: str) -> dict[str, str]:
    """The query of an address, each name once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
