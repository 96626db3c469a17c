"""What the console asks of others, as the signed-in user and with that user's token; it decides nothing itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Literal, cast
from uuid import UUID

import httpx
from opentelemetry import propagate

from services.console.domain import PairState
from services.console.domain.refusals import CommandRefused, NoLongerWaits, ServiceUnavailable, TokenExpired

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


@dataclass(frozen=True)
class Question:
    """One request to a service: what of whom, with the form or the file that goes with it, and the press's own key.

    `seen` is the ETag of what the person saw when they pressed. After `patience_seconds` the service counts as away.
    """

    method: Literal["GET", "POST", "PUT"]
    service: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    form: Mapping[str, Any] | None = None
    file: bytes | None = None
    seen: str = ""
    key: str = ""
    patience_seconds: float = 5.0

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
        """What a service answers; raises CommandRefused, TokenExpired, ServiceUnavailable."""
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
                timeout=question.patience_seconds,
            )
        except httpx.HTTPError as error:
            raise ServiceUnavailable from error
        _refuse(answer)
        return Told(_document(answer), answer.headers.get("etag", ""))

    async def act(self, command: Command, pair_id: UUID, token: str, key: str, reason: str | None) -> None:
        """Do it, or find it done by an earlier press of the same button, whose key is `key`.

        Raises NoLongerWaits, CommandRefused, TokenExpired, ServiceUnavailable.
        """
        address = f"/pairs/{pair_id}"
        form = None if reason is None else {"reason": reason}
        try:
            pair = await self.ask(token, Question("GET", "pairing", address))
            state = pair.document.get("state")
            if state == command.leads_to:
                return
            if state != command.waits or not pair.etag:
                raise NoLongerWaits
            step = Question("POST", "pairing", f"{address}/{command.name}", form=form, seen=pair.etag, key=key)
            await self.ask(token, step)
        except CommandRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise NoLongerWaits from None
            raise

    async def gather(self, token: str) -> dict[str, Mapping[str, Any]]:
        """What each service contributes to what a person takes along, by its name; none where their roles have none.

        Raises CommandRefused, TokenExpired, ServiceUnavailable.
        """
        parts: dict[str, Mapping[str, Any]] = {}
        for service in sorted(self._urls):
            try:
                parts[service] = (await self.ask(token, Question("GET", service, "/me/export"))).document
            except CommandRefused as error:
                if error.status != HTTPStatus.FORBIDDEN:
                    raise
        return parts


def _refuse(response: httpx.Response) -> None:
    """Raise what the service's answer means for the person who looks, or pressed a button."""
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ServiceUnavailable
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        raise TokenExpired
    problem = _document(response)
    raise CommandRefused(str(problem.get("code", "refused")), _in_words(problem), response.status_code)


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
