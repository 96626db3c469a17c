"""Today: the page, the part of it that changes, and the word that it did; nothing on it needs a script."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from services.console.domain import ConsortiumToday, InstitutionToday, Today, Who
from services.console.domain.refusals import TooManyWatchers
from services.console.live import Watcher, state_of
from services.console.pages.access import FIRST_PAGE, Asked
from services.console.pages.look import Notice, shell
from services.console.pages.parts import Parts
from services.console.sessions import SignedIn
from services.console.use_cases import look
from services.console.use_cases.asked import Ask, list_asks
from shared.platform.database import Transaction

_HEARTBEAT_SECONDS: Final = 15.0
_SAID_SECONDS: Final = 600  # as long as a sign-in that stands in between may take
_HEARTBEATS_TO_ASK: Final = 4  # a session that ended elsewhere ends its open pages within a minute
_STREAM: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

# What a cookie may make the page say after a press, once; anything else says nothing.
SAID: Final = {
    "recall": "Done. The proposal was taken back.",
    "end": "Done. The pair is over, and its place is free.",
    "accept": "Done. You said yes. Now the two of you agree on a compact.",
    "decline": "Done. The proposal was declined; nobody asks why.",
    "roster_applied": "Done. The rows were imported.",
    "roster_reverted": "Done. The import was taken back.",
    "request_sent": "Done. The first of your mentors is asked now.",
    "request_withdrawn": "Done. Nobody is asked any more.",
    "not_now": "Done. The mentee learns that it is not now, and nothing more.",
    "intake_close": "Done. You take nobody new until you open again.",
    "intake_open": "Done. You take mentees again.",
    "recused": "Done. The recusal is recorded.",
    "token_revoked": "Done. The token opens nothing any more.",
    "profile_saved": "Done. Your profile is saved.",
    "fields_saved": "Done. Mentees read these fields beside your name.",
    "renewed": "Your sign-in was renewed. Nothing was changed yet: press once more.",
}
SOON: Final = " This page follows in a moment."


async def show_front(parts: Parts, asked: Asked) -> Response:
    """The bare address leads to today, or to the sign-in page."""
    address = FIRST_PAGE if asked.signed_in else "/sign-in"
    return parts.look.dress(RedirectResponse(address, HTTPStatus.SEE_OTHER))


async def show_today(parts: Parts, asked: Asked) -> Response:
    """The page of this person's role."""
    await parts.sessions.touch(asked.who.session)
    word, _, soon = asked.request.cookies.get(parts.cookies.said, "").partition(".")
    said = SAID.get(word, "")
    response = await today_page(parts, asked, said=said + (SOON if said and soon else ""))
    if word:
        parts.drop_cookie(response, parts.cookies.said)
    return response


def say_next(parts: Parts, response: Response, word: str, *, soon: bool = False) -> Response:
    """Let the next Today say what was done, that one alone: no address and no reload can say it again."""
    parts.set_cookie(response, parts.cookies.said, f"{word}.soon" if soon else word, _SAID_SECONDS)
    return response


async def today_page(
    parts: Parts, asked: Asked, *, said: str = "", notice: Notice | None = None, status: int = HTTPStatus.OK
) -> Response:
    """The whole page, with the result of a press or with what stood in its way."""
    content = await _content(parts, asked.who)
    return parts.look.page("today.html", {**content, "said": said, "notice": notice}, status)


async def show_today_fragment(parts: Parts, asked: Asked) -> Response:
    """What of the page changes; asked for by its script, which is no sign that somebody sits there."""
    content = await _content(parts, asked.who)
    return parts.look.page("today-content.html", content)


async def follow_today(parts: Parts, asked: Asked) -> Response:
    """Server-sent events: `changed` when the page is out of date, `ended` when the session is over."""
    person = asked.who.session.person
    parts.hub.refuse_too_many(person)

    async def stream() -> AsyncGenerator[bytes]:
        # Entered here and not before: a browser that is gone by now never starts this, and would be watched for ever.
        with suppress(TooManyWatchers):
            async with parts.hub.watch(person) as watcher:
                async for word in _changes(parts, asked.who, watcher, _seen(asked.request)):
                    yield word

    return parts.look.dress(StreamingResponse(stream(), headers=_STREAM, media_type="text/event-stream"))


def _seen(request: Request) -> str:
    """What the page was made from: told by the browser after a lost connection, by the page's address at first."""
    return request.headers.get("last-event-id") or request.query_params.get("seen", "")


async def _changes(parts: Parts, who: SignedIn, watcher: Watcher, seen: str) -> AsyncGenerator[bytes]:
    yield b"retry: 2000\n\n"
    quiet = 0
    while not watcher.has_ended:
        state = await watcher.next(seen, _HEARTBEAT_SECONDS)
        if state is not None:
            seen, quiet = state, 0
            yield f"id: {state}\nevent: changed\ndata: {state}\n\n".encode()
            continue
        quiet += 1
        if quiet % _HEARTBEATS_TO_ASK == 0 and await parts.sessions.find(who.secret) is None:
            yield b"event: ended\ndata: signed_out\n\n"
            return
        yield b": still here\n\n"


async def _content(parts: Parts, who: SignedIn) -> dict[str, Any]:
    person = who.session.person

    async def read(tx: Transaction) -> tuple[str, Today, tuple[Sequence[Ask], Mapping[UUID, Who]]]:
        # The state first: a change between the two reads makes one look too many, and never one too few.
        now, revisions = await look.list_revisions(tx, [person.institution_id])
        state = state_of(revisions.get(person.institution_id, 0), now)
        return state, await look.look_at_today(tx, person), await list_asks(tx, person)

    state, today, (asks, people) = await parts.database.run(
        read, institution_id=person.institution_id, person_id=person.person_id
    )
    return {
        **shell(today.viewer, today.now, who.form_token),
        "state": state,
        "today": today,
        "kind": _kind(today),
        "asks": asks,
        "people": people,
        "waiting": _waiting(today, sum(each.mentor_id == person.person_id for each in asks)),
    }


def _waiting(today: Today, asks: int) -> int:
    """How many things wait for whoever looks; requests that ask them are shown where their own day is."""
    match today:
        case ConsortiumToday():
            return 0
        case InstitutionToday():
            return today.waiting
        case _:
            return today.waiting + asks


def _kind(today: Today) -> str:
    match today:
        case InstitutionToday():
            return "institution"
        case ConsortiumToday():
            return "consortium"
        case _:
            return "own"
