"""The compact of one's own pair, step by step: stated alone, compared, offered, signed; nobody but the two opens it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from services.console.commands import Question
from services.console.domain import SeenPair, Viewer
from services.console.domain.refusals import CommandRefused, NoSuchPage, ServiceUnavailable, StaleForm, TokenExpired
from services.console.pages import compact_forms as forms
from services.console.pages.access import Asked
from services.console.pages.look import NOT_DONE, Notice, shell
from services.console.pages.pairs import key_of, words_of
from services.console.pages.parts import Parts
from services.console.pages.signing_in import send_to_issuer
from services.console.pages.today import say_next
from services.console.use_cases import look
from shared.platform.database import Transaction
from shared.platform.http.refusals import status_of

_LANGUAGES: Final = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}
"""Those in which pairing holds what a compact promises."""
_OPEN: Final = frozenset({"accepted", "active", "paused"})
_BEGUN: Final = _OPEN | {"ended"}
_LONGEST_NUMBER: Final = 9
BodyOf = Callable[[Mapping[str, str]], Mapping[str, Any]]
"""What pairing is sent, out of a form."""
_WORDS: Final = {"intervals": forms.INTERVALS, "supports": forms.SUPPORTS}

# What a cookie may make this page say after a press, once.
SAID: Final = {
    "expectations": "Done. Your expectations are kept; you may change them until the other of you has said theirs.",
    "compared": "Done. Both of you have said what you expect. Compare it below.",
    "offer": "Done. The version waits for both signatures.",
    "withdraw": "Done. The version was taken back.",
    "sign": "Done. You have signed; it waits for the other signature.",
    "in_force": "Done. Both of you have signed, and this version is in force.",
    "support": "Done. The goal is supported as you said.",
    "concern": "Done. Your concern reached the contact of your hospital, and nobody else.",
}
_STALE: Final = (
    "The compact was changed in the same moment. Nothing was sent, and what you wrote is still in the form. "
    "Look at what is new, then press again."
)


async def show_compact(parts: Parts, asked: Asked) -> Response:
    """The compact as far as it has come, with the one step that comes next."""
    said = SAID.get(asked.request.cookies.get(parts.cookies.said, ""), "")
    response = await _compact_page(parts, asked, said=said)
    if said:
        parts.drop_cookie(response, parts.cookies.said)
    return response


async def list_compact_versions(parts: Parts, asked: Asked) -> Response:
    """Every version that was offered, also those that hold no longer."""
    content, address = await open_pair(parts, asked), f"/pairs/{asked.id_of('pair_id')}/compact/versions"
    after = asked.request.query_params.get("after")
    try:
        token = await parts.sessions.access_token(asked.who)
        listed = await _read(parts, token, address, {} if after is None else {"after": after})
    except TokenExpired:
        return await send_to_issuer(parts, address)
    named = {"versions": listed["items"], "next": listed["next"], **_WORDS}
    return parts.look.page("compact-versions.html", {**content, **named})


async def state_expectation(parts: Parts, asked: Asked) -> Response:
    """Say what you expect, alone."""
    return await _press(parts, asked, "expectations", forms.expectation)


async def offer_compact(parts: Parts, asked: Asked) -> Response:
    """Offer a version, on the revision that the form was made from."""
    return await _press(parts, asked, "offer", forms.offer, as_seen=True)


async def withdraw_compact(parts: Parts, asked: Asked) -> Response:
    """Take back the version that you offered."""
    return await _press(parts, asked, "withdraw", None, as_seen=True)


async def sign_compact(parts: Parts, asked: Asked) -> Response:
    """Sign the version whose number the form names: no other, whatever waits by now."""
    return await _press(parts, asked, "sign", lambda form: {"number": _number(form, "number")})


async def set_goal_support(parts: Parts, asked: Asked) -> Response:
    """Say as the mentee how a goal is supported."""
    return await _press(parts, asked, "support", forms.support)


async def open_pair(parts: Parts, asked: Asked) -> dict[str, Any]:
    """What every page about one's own pair holds; raises NoSuchPage for everybody but the two."""
    person, pair_id = asked.who.session.person, asked.id_of("pair_id")

    async def read(tx: Transaction) -> tuple[Viewer, SeenPair, datetime]:
        return await look.find_viewer(tx, person), await look.get_pair(tx, person, pair_id), tx.now

    viewer, pair, now = await parts.database.run(read, institution_id=person.institution_id, person_id=person.person_id)
    couple = pair.couple
    if person.person_id not in {couple.mentor.person_id, couple.mentee.person_id}:
        raise NoSuchPage
    part = "mentor" if person.person_id == couple.mentor.person_id else "mentee"
    other = couple.mentee if part == "mentor" else couple.mentor
    return {**shell(viewer, now, asked.who.form_token), "couple": couple, "part": part, "other": other}


async def keep_words(parts: Parts, asked: Asked, error: ServiceUnavailable | TokenExpired) -> Response:
    """A page that holds what was written and could not be sent: nobody writes it twice."""
    content = await open_pair(parts, asked)
    fields = {name: text for name, text in asked.form.items() if name != "form_token"}
    again = {
        "address": asked.request.url.path,
        "fields": fields,
        "can_press": isinstance(error, ServiceUnavailable),
        "why": str(error),
    }
    return parts.look.page("again.html", {**content, **again}, status_of(type(error)))


async def _compact_page(
    parts: Parts,
    asked: Asked,
    *,
    said: str = "",
    notice: Notice | None = None,
    typed: Mapping[str, forms.Draft] | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    content = await open_pair(parts, asked)
    path = f"/pairs/{asked.id_of('pair_id')}"
    language = _language(asked, content["viewer"])
    try:
        token = await parts.sessions.access_token(asked.who)
        pair = await _read(parts, token, path)
        compact = await _read(parts, token, f"{path}/compact")
        wording = await _read(parts, token, f"{path}/compact/wording", {"locale": language})
    except TokenExpired:
        return await send_to_issuer(parts, f"{path}/compact")
    except CommandRefused:
        raise NoSuchPage from None
    if pair["state"] not in _BEGUN:
        raise NoSuchPage
    drafts = {
        "expectation": forms.expectation_draft(compact),
        "offer": forms.offer_draft(compact, content["part"]),
    }
    shown = {
        "pair": pair,
        "compact": compact,
        "wording": wording,
        "languages": _LANGUAGES,
        "is_open": pair["state"] in _OPEN,
        "drafts": {**drafts, **(typed or {})},
        "typed": tuple(typed or ()),
        "said": said,
        "notice": notice,
        **_WORDS,
    }
    return parts.look.page("compact.html", {**content, **shown}, status)


async def _press(parts: Parts, asked: Asked, act: str, body_of: BodyOf | None, *, as_seen: bool = False) -> Response:
    """Take a step as the person; on refusal the same page says why, with everything that was written.

    `as_seen` builds on the revision that the form was made from, and else on the latest. Raises NoSuchPage, StaleForm.
    """
    await open_pair(parts, asked)  # another's pair is nobody's here, as a missing one is
    path = f"/pairs/{asked.id_of('pair_id')}/compact"
    body = body_of(asked.form) if body_of else None
    revision = _number(asked.form, "revision") if as_seen else None
    try:
        token = await parts.sessions.access_token(asked.who)
        if revision is None and act != "expectations":  # what holds is the number in the form, or the goal's id
            revision = (await _read(parts, token, path))["revision"]
        seen = "" if revision is None else f'"{revision}"'
        step = Question("POST", "pairing", f"{path}/{act}", form=body, seen=seen, key=key_of(asked))
        stands = (await parts.services.ask(token, step)).document
    except (TokenExpired, ServiceUnavailable) as error:
        return await keep_words(parts, asked, error)
    except CommandRefused as error:
        words = _STALE if error.refusal == "stale_revision" else words_of(error)
        notice = Notice(NOT_DONE, words)
        return await _compact_page(parts, asked, notice=notice, typed=_typed(act, asked), status=HTTPStatus.CONFLICT)
    became = {("expectations", "compared"): "compared", ("sign", "in_force"): "in_force"}.get((act, stands["state"]))
    return say_next(parts, parts.look.dress(RedirectResponse(path, HTTPStatus.SEE_OTHER)), became or act)


async def _read(parts: Parts, token: str, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """What pairing shows there; what is not there is refused with its code, which says what."""
    return (await parts.services.ask(token, Question("GET", "pairing", path, query or {}))).document


def _typed(act: str, asked: Asked) -> Mapping[str, forms.Draft]:
    match act:
        case "expectations":
            return {"expectation": forms.typed_expectation(asked.form)}
        case "offer":
            return {"offer": forms.typed_offer(asked.form)}
        case _:
            return {}


def _language(asked: Asked, viewer: Viewer) -> str:
    """The language that the address names, else the reader's own, else English."""
    named = asked.request.query_params.get("language", (viewer.locale or "").split("-")[0])
    return named if named in _LANGUAGES else "en"


def _number(form: Mapping[str, str], name: str) -> int:
    """A number that our own page put into the form; raises StaleForm where somebody else wrote there."""
    text = form.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER):
        raise StaleForm
    return int(text)
