"""What the console asks of others, as the signed-in user and with that user's token; it decides nothing itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Literal, cast
from urllib.parse import urlencode
from uuid import UUID

import httpx
from opentelemetry import propagate

from services.console.domain import PairState
from services.console.domain.refusals import CommandRefused, NoLongerWaits, NoSuchPage, ServiceUnavailable, TokenExpired

CommandName = Literal["recall", "end", "accept", "decline"]


@dataclass(frozen=True)
class Command:
    """One thing to do with a pair that waits: the state it waits in, the state it leads to, and who must say why."""

    name: CommandName
    waits: PairState
    leads_to: PairState


COMMANDS: Final[Mapping[CommandName, Command]] = {
    command.name: command
    for command in (
        Command("recall", "proposed", "recalled"),
        Command("end", "accepted", "ended"),
        Command("accept", "proposed", "accepted"),
        Command("decline", "proposed", "declined"),
    )
}

REASONS: Final[Mapping[str, str]] = {
    "mistake": "It was a mistake",
    "workload": "Too much work at present",
    "rotation": "A rotation stands in the way",
    "conflict_of_interest": "A conflict of interest",
    "asked": "One of the two asked for it",
    "administrative": "Another administrative reason",
}
"""The reasons that pairing takes from administrators, in words."""

_ZIPPED: Final = b"PK\x03\x04"
_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Pairing:
    """Pairing's public HTTP interface."""

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self._url = url
        self._http = http

    async def act(self, command: Command, pair_id: UUID, token: str, key: str, reason: str | None) -> None:
        """Do it, or find it done by an earlier press of the same button, whose key is `key`.

        Raises NoLongerWaits, CommandRefused, TokenExpired, ServiceUnavailable.
        """
        seen = await self._ask("GET", f"/pairs/{pair_id}", token)
        _refuse(seen)
        state = _document(seen).get("state")
        if state == command.leads_to:
            return
        if state != command.waits or "etag" not in seen.headers:
            raise NoLongerWaits
        headers = {"If-Match": seen.headers["etag"], "Idempotency-Key": key}
        body = None if reason is None else {"reason": reason}
        _refuse(await self._ask("POST", f"/pairs/{pair_id}/{command.name}", token, headers, body))

    async def read(self, path: str, token: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """What pairing shows the person there. Raises CommandRefused, TokenExpired, ServiceUnavailable."""
        return _read(await self._ask("GET", path + (f"?{urlencode(query)}" if query else ""), token))

    async def send(
        self, path: str, token: str, key: str, body: Mapping[str, Any] | None = None, revision: int | None = None
    ) -> Mapping[str, Any]:
        """Give a command, once for each `key`, on the revision that the person saw where one is named.

        Raises CommandRefused, TokenExpired, ServiceUnavailable.
        """
        headers = {"Idempotency-Key": key} | ({} if revision is None else {"If-Match": f'"{revision}"'})
        return _read(await self._ask("POST", path, token, headers, body))

    async def _ask(
        self,
        method: str,
        path: str,
        token: str,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        sent = {"Authorization": f"Bearer {token}", "Accept": "application/json", **(headers or {})}
        propagate.inject(sent)
        try:
            return await self._http.request(method, self._url + path, headers=sent, json=body)
        except httpx.HTTPError as error:
            raise ServiceUnavailable from error


@dataclass(frozen=True)
class Question:
    """One request to a service: what of whom, with the form or the file that goes with it, and the press's own key.

    `seen` is the ETag of what the person saw when they pressed.
    """

    method: Literal["GET", "POST", "PUT"]
    service: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    form: Mapping[str, Any] | None = None
    file: bytes | None = None
    seen: str = ""
    key: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What goes with it beside the token."""
        named = {"If-Match": self.seen, "Idempotency-Key": self.key}
        if self.file is not None:
            named["Content-Type"] = _WORKBOOK if self.file.startswith(_ZIPPED) else "text/csv"
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True)
class Told:
    """What a service answered, and the ETag of what it shows."""

    document: Mapping[str, Any]
    etag: str


class Services:
    """Every service's public HTTP interface, asked as the person who looks; nothing of the answers is kept."""

    def __init__(self, urls: Mapping[str, str], http: httpx.AsyncClient) -> None:
        self._urls = urls
        self._http = http

    async def ask(self, token: str, question: Question) -> Told:
        """What a service answers; raises NoSuchPage, CommandRefused, TokenExpired, ServiceUnavailable."""
        sent = {"Authorization": f"Bearer {token}", "Accept": "application/json", **question.headers}
        propagate.inject(sent)
        url = self._urls.get(question.service)
        if url is None:
            raise ServiceUnavailable
        try:
            answer = await self._http.request(
                question.method,
                url + question.path,
                params=question.query,
                headers=sent,
                json=question.form,
                content=question.file,
            )
        except httpx.HTTPError as error:
            raise ServiceUnavailable from error
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise NoSuchPage
        _refuse(answer)
        return Told(_document(answer), answer.headers.get("etag", ""))


class Exports:
    """The parts that other services contribute to what a person takes with them."""

    def __init__(self, urls: Mapping[str, str], http: httpx.AsyncClient) -> None:
        self._urls = urls
        self._http = http

    async def gather(self, token: str) -> dict[str, Mapping[str, Any]]:
        """Each service's part, by its name; none of one that has nothing for a person of these roles.

        Raises CommandRefused, TokenExpired, ServiceUnavailable, NoLongerWaits.
        """
        parts: dict[str, Mapping[str, Any]] = {}
        sent = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        propagate.inject(sent)
        for service, url in sorted(self._urls.items()):
            try:
                answer = await self._http.get(f"{url}/me/export", headers=sent)
            except httpx.HTTPError as error:
                raise ServiceUnavailable from error
            if answer.status_code != HTTPStatus.FORBIDDEN:
                _refuse(answer)
                parts[service] = _document(answer)
        return parts


def _read(response: httpx.Response) -> Mapping[str, Any]:
    """The document; what is not there is refused with its code, which says what."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise _said(response)
    _refuse(response)
    return _document(response)


def _refuse(response: httpx.Response) -> None:
    """Raise what the service's answer means for the person who pressed the button."""
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ServiceUnavailable
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        raise TokenExpired
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise NoLongerWaits
    raise _said(response)


def _said(response: httpx.Response) -> CommandRefused:
    problem = _document(response)
    return CommandRefused(str(problem.get("code", "refused")), _in_words(problem))


def _in_words(problem: Mapping[str, Any]) -> str:
    """What a service said of its refusal, to the point: with the fields that were wrong, where it names some."""
    said = str(problem.get("detail") or problem.get("title", CommandRefused.message()))
    wrong = [f"{str(each['pointer']).rpartition('/')[2]}: {each['message']}" for each in problem.get("errors", ())]
    return " ".join([said, *wrong])


def _document(response: httpx.Response) -> Mapping[str, Any]:
    try:
        document = response.json()
    except ValueError:
        raise ServiceUnavailable from None
    if not isinstance(document, dict):
        raise ServiceUnavailable
    return cast("dict[str, Any]", document)
