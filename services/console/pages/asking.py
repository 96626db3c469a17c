"""Pages made of what another service answers: asked for as the person who looks, refused in words, never kept here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from services.console.commands import Question, Told
from services.console.domain import Viewer, Who
from services.console.domain.refusals import CommandRefused, NoSuchPage, TokenExpired
from services.console.pages.access import FIRST_PAGE, Answer, Asked
from services.console.pages.look import Notice, shell
from services.console.pages.parts import Parts
from services.console.pages.signing_in import send_to_issuer
from services.console.pages.today import SAID, say_next
from services.console.use_cases import look
from services.console.use_cases.asked import list_known
from shared.platform.database import Transaction


def renewing(answer: Answer) -> Answer:
    """The page, or the way through the issuer where the sign-in has to be renewed before a service answers."""

    @wraps(answer)
    async def renewed(parts: Parts, asked: Asked) -> Response:
        try:
            return await answer(parts, asked)
        except TokenExpired:
            if asked.request.method == "GET":
                return await send_to_issuer(parts, asked.request.url.path)
            return say_next(parts, await send_to_issuer(parts, FIRST_PAGE), "renewed")

    return renewed


async def ask(parts: Parts, asked: Asked, question: Question) -> Told:
    """What a service answers this person; raises NoSuchPage, CommandRefused, TokenExpired, ServiceUnavailable."""
    try:
        return await parts.services.ask(await parts.sessions.access_token(asked.who), question)
    except CommandRefused as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise NoSuchPage from None
        raise


async def show(
    parts: Parts,
    asked: Asked,
    template: str,
    content: Mapping[str, Any],
    *,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    """A page of this person's, with what was just done or what stood in its way above it."""
    person = asked.who.session.person

    async def read(tx: Transaction) -> tuple[Viewer, datetime]:
        return await look.find_viewer(tx, person), tx.now

    viewer, now = await parts.database.run(read, institution_id=person.institution_id, person_id=person.person_id)
    word = asked.request.cookies.get(parts.cookies.said, "").partition(".")[0]
    said = SAID.get(word, "") if asked.request.method == "GET" else ""
    around = {**shell(viewer, now, asked.who.form_token), "notice": notice, "said": said}
    response = parts.look.page(template, {**around, **content}, status)
    if said:
        parts.drop_cookie(response, parts.cookies.said)
    return response


async def known(parts: Parts, asked: Asked, person_ids: Sequence[UUID]) -> dict[str, Who]:
    """Those of these people whom this person may know, by id as services write it."""
    person = asked.who.session.person
    found = await parts.database.run(
        lambda tx: list_known(tx, person_ids), institution_id=person.institution_id, person_id=person.person_id
    )
    return {str(person_id): one for person_id, one in found.items()}


def people_in(documents: Sequence[Mapping[str, Any]], *names: str) -> list[UUID]:
    """Whom these documents name under these names."""
    return [UUID(each[name]) for each in documents for name in names if each[name]]


def go_to(parts: Parts, address: str, word: str = "", *, soon: bool = False) -> Response:
    """On to another page after a press, which says once what was done; `soon` where it may not be shown yet."""
    response = parts.look.dress(RedirectResponse(address, HTTPStatus.SEE_OTHER))
    return say_next(parts, response, word, soon=soon) if word else response
