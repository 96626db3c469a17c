"""The services' public doors, as the story's people use them; a refusal that nobody expected ends the story."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from time import monotonic
from typing import Any, Final, Self
from uuid import NAMESPACE_URL, uuid5

import httpx

from deploy.local.issuer.tokens import ACCESS_SECONDS, PERSONA_GRANT
from deploy.local.platform import Platform
from deploy.local.problems import LocalProblem

_TIMEOUT_SECONDS: Final = 30
_KEPT_ALIVE_SECONDS: Final = 3
_TRIES: Final = 10
_PAUSE_SECONDS: Final = 0.5
_RENEWED_BEFORE_SECONDS: Final = 60
_CSV: Final = "text/csv"


class StoryStopped(LocalProblem):
    """A service did not do what the story needs, so it cannot be told to its end."""


class Refusal(Exception):
    """A service said no; `code` is the problem's stable code."""

    def __init__(self, what: str, status: int, code: str, title: str) -> None:
        super().__init__(f"{what}: {status} {code}. {title}")
        self.code = code


class Doors:
    """HTTP to every service, as whoever acts; tokens are real ones of the local issuer, kept while they hold."""

    def __init__(self, clients: Mapping[str, httpx.AsyncClient], issuer: httpx.AsyncClient, secret: str) -> None:
        self._clients = clients
        self._issuer = issuer
        self._secret = secret
        self._tokens: dict[str, tuple[str, float]] = {}
        self.commands = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, platform: Platform) -> AsyncGenerator[Self]:
        """The doors of a running platform."""
        async with AsyncExitStack() as stack:
            clients = {
                name: await stack.enter_async_context(_client(program.url))
                for name, program in platform.services.items()
            }
            issuer = await stack.enter_async_context(_client(platform.addresses.issuer))
            yield cls(clients, issuer, platform.secrets.persona())

    @property
    def services(self) -> list[str]:
        """The services that have a door."""
        return list(self._clients)

    async def get(self, service: str, path: str, by: str, **query: str) -> dict[str, Any]:
        """Look something up, as `by`. Raises Refusal."""
        return await self._ask("GET", service, path, by, {"params": query})

    async def list(self, service: str, path: str, by: str, **query: str) -> list[dict[str, Any]]:
        """Every item of a list, page after page. Raises Refusal."""
        items: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            page = await self.get(service, path, by, limit="200", **query, **after)
            items += page["items"]
            if page["next"] is None:
                return items
            after = {"after": page["next"]}

    async def post(
        self, service: str, path: str, by: str, body: Mapping[str, Any] | None = None, revision: int | None = None
    ) -> dict[str, Any]:
        """Give a command, as `by`; `revision` is what it builds on. Raises Refusal."""
        headers = {} if revision is None else {"If-Match": f'"{revision}"'}
        return await self._command(service, path, by, {"json": body, "headers": headers})

    async def send_csv(self, service: str, path: str, by: str, content: bytes) -> dict[str, Any]:
        """Send a file, as `by`. Raises Refusal."""
        return await self._command(service, path, by, {"content": content, "headers": {"Content-Type": _CSV}})

    async def _command(self, service: str, path: str, by: str, options: dict[str, Any]) -> dict[str, Any]:
        self.commands += 1
        # The same key with every try: a command whose answer was lost is not done a second time.
        options["headers"]["Idempotency-Key"] = str(uuid5(NAMESPACE_URL, f"{self.commands} {path}"))
        return await self._ask("POST", service, path, by, options)

    async def _ask(self, method: str, service: str, path: str, by: str, options: dict[str, Any]) -> dict[str, Any]:
        headers = {**options.pop("headers", {}), "Authorization": f"Bearer {await self._token(by)}"}

        def request() -> Awaitable[httpx.Response]:
            return self._clients[service].request(method, path, headers=headers, **options)

        return _read(f"{method} {service}{path} by {by}", await _patiently(service, request))

    async def _token(self, subject: str) -> str:
        token, until = self._tokens.get(subject, ("", 0.0))
        if monotonic() < until:
            return token
        form = {"grant_type": PERSONA_GRANT, "subject": subject, "persona_secret": self._secret}
        answer = await _patiently("issuer", lambda: self._issuer.post("/token", data=form))
        token = _read(f"a token for {subject}", answer)["access_token"]
        self._tokens[subject] = (token, monotonic() + ACCESS_SECONDS - _RENEWED_BEFORE_SECONDS)
        return token


async def _patiently(name: str, request: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The answer, after a few tries where none came: what ended by itself is started again. Raises StoryStopped."""
    for left in reversed(range(_TRIES)):
        try:
            answer = await request()
        except httpx.TransportError as lost:
            if not left:
                raise StoryStopped(f"{name} does not answer ({lost!r}). Its log is in the data folder.") from lost
        else:
            if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE or not left:
                return answer
        await asyncio.sleep(_PAUSE_SECONDS)  # noqa: TID251 - nothing tells when it is back
    raise AssertionError(name)


def _client(url: str) -> httpx.AsyncClient:
    # Connections are given up before the server does it: it would close one in the very moment in which it is used.
    limits = httpx.Limits(keepalive_expiry=_KEPT_ALIVE_SECONDS)
    return httpx.AsyncClient(base_url=url, timeout=_TIMEOUT_SECONDS, limits=limits, trust_env=False)


def _read(what: str, answer: httpx.Response) -> dict[str, Any]:
    if answer.is_success:
        return answer.json() if answer.content else {}
    try:
        problem: dict[str, Any] = answer.json()
    except ValueError:
        problem = {}
    code = problem.get("code") or problem.get("error") or "no_code"
    raise Refusal(what, answer.status_code, str(code), str(problem.get("title", "")))
