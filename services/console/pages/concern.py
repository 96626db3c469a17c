"""The form of a concern: it reaches the contact whom one's own hospital names, and never the other of the two."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from services.console.commands import Question
from services.console.domain.refusals import CommandRefused, NoSuchPage, ServiceUnavailable, TokenExpired
from services.console.pages.access import Asked
from services.console.pages.asking import known, people_in
from services.console.pages.compact import keep_words, open_pair
from services.console.pages.look import Notice
from services.console.pages.pairs import key_of, words_of
from services.console.pages.parts import Parts
from services.console.pages.signing_in import send_to_issuer
from services.console.pages.today import say_next

_NOBODY: Final = "no_concern_contact"


async def ask_concern(parts: Parts, asked: Asked) -> Response:
    """The form, which names whom it reaches before anybody writes."""
    return await _concern_page(parts, asked)


async def raise_concern(parts: Parts, asked: Asked) -> Response:
    """Send a concern; a refusal keeps what was written."""
    pair_id = asked.id_of("pair_id")
    await open_pair(parts, asked)
    try:
        token = await parts.sessions.access_token(asked.who)
        form = {"words": asked.form.get("words", "")}
        address = f"/pairs/{pair_id}/concerns"
        await parts.services.ask(token, Question("POST", "pairing", address, form=form, key=key_of(asked)))
    except (TokenExpired, ServiceUnavailable) as error:
        return await keep_words(parts, asked, error)
    except CommandRefused as error:
        notice = Notice("This was not sent", words_of(error))
        return await _concern_page(parts, asked, notice=notice, status=HTTPStatus.CONFLICT)
    response = parts.look.dress(RedirectResponse(f"/pairs/{pair_id}/compact", HTTPStatus.SEE_OTHER))
    return say_next(parts, response, "concern")


async def _concern_page(
    parts: Parts, asked: Asked, *, notice: Notice | None = None, status: int = HTTPStatus.OK
) -> Response:
    content = await open_pair(parts, asked)
    try:
        contact = await _find_contact(parts, await parts.sessions.access_token(asked.who))
    except TokenExpired:
        return await send_to_issuer(parts, asked.request.url.path)
    shown = {
        "contact_id": contact["person_id"] if contact else None,
        "people": await known(parts, asked, people_in([contact] if contact else [], "person_id")),
        "words": asked.form.get("words", ""),
        "notice": notice,
    }
    return parts.look.page("concern.html", {**content, **shown}, status)


async def _find_contact(parts: Parts, token: str) -> Mapping[str, Any] | None:
    try:
        return (await parts.services.ask(token, Question("GET", "pairing", "/concern-contact"))).document
    except CommandRefused as error:
        if error.refusal != _NOBODY:
            raise NoSuchPage from None
        return None
