"""What a person can do about a pair that waits: pressed here, done by pairing as that person, and told in words."""

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from services.console.commands import COMMANDS, REASONS, Command
from services.console.domain import SeenPair, Viewer
from services.console.domain.refusals import (
    CommandRefused,
    NoLongerWaits,
    ServiceUnavailable,
    StaleForm,
    TokenExpired,
    TooManyWatchers,
)
from services.console.pages.access import FIRST_PAGE, Asked
from services.console.pages.look import NOT_DONE, Notice, shell
from services.console.pages.parts import Parts
from services.console.pages.signing_in import send_to_issuer
from services.console.pages.today import say_next, today_page
from services.console.use_cases import look
from shared.platform.database import Transaction
from shared.platform.errors import OslerError
from shared.platform.http.refusals import status_of
from shared.platform.members import Person

_FOLLOW_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.5
_LONGEST_KEY: Final = 100
_SEE_OTHER: Final = 303

_TOO_LATE: Final = f"{NoLongerWaits.message()} The list below shows how things stand."
# What pairing's refusals mean on these pages: what happened, what was kept, what to press.
_REFUSALS: Final = {
    "stale_revision": "Somebody changed this pair in the same moment. You changed nothing. Look again, then press.",
    "no_longer_waits": _TOO_LATE,
    "not_possible_now": _TOO_LATE,
    "not_your_step": "This step belongs to somebody else. Nothing was changed. Below is what waits for you.",
    "proposal_lapsed": "The seven days to answer are over. Nothing was changed. An administrator can propose again.",
    "activation_lapsed": "The 21 days to sign are over. Nothing was signed. An administrator can propose again.",
    "conflict_of_interest": "A conflict of interest stands between the two. Nothing was changed. "
    "Press again when it is resolved.",
    "someone_is_away": "One of the two is on leave. Nothing was changed. Press again when both are back.",
    "capacity_exhausted": "All your places are taken. Nothing was changed. Press again when a pair of yours has ended.",
    "shared_capacity_exhausted": "All your places for other hospitals are taken. Nothing was changed. "
    "Press again when one of these pairs has ended.",
    "agreement_cap": "The two hospitals share as many pairs as they agreed. Nothing was changed. "
    "Press again when one of these pairs has ended.",
    "lend_cap": "Your hospital lends as many mentors as it wants to. Nothing was changed. "
    "Ask your administrator, or press again when one of these pairs has ended.",
    "borrow_cap": "The other hospital borrows as many mentors as it wants to. Nothing was changed. "
    "Press again when one of these pairs has ended.",
    "agreement_ending": "The agreement between the two hospitals is coming to its end. Nothing was changed. "
    "Ask your administrator what is planned.",
    "no_agreement": "No agreement between the two hospitals is in force. Nothing was changed. "
    "Ask your administrator what is planned.",
    "compact_not_possible_now": "The compact has moved on meanwhile, so this step is not open. Nothing was changed. "
    "Below is how it stands.",
    "stale_compact_version": "Another version waits by now. Nothing was signed. Read the one below, and sign that one.",
    "already_signed": "You have signed this version already; it waits for the other of you. Nothing was changed.",
    "terms_do_not_fit": "The last day lies after the first one and after today, three years later at most. "
    "Nothing was changed. Correct the days, then press again.",
    "goal_not_found": "A goal in the form is none of this compact's any more. Nothing was changed. "
    "Below is how it stands.",
    "duplicate_goal": "The same goal stands in the form twice. Nothing was changed. Name it once, then press again.",
    "malformed_request": "Something in the form does not fit. Nothing was changed. There are ten goals at most, each "
    "on one line of up to 200 letters; other text has up to 4,000; a meeting takes 10 to 240 minutes.",
    "no_concern_contact": "Your hospital has named nobody whom a concern reaches. Nothing was sent. "
    "Turn to an administrator of yours.",
    "contact_concerned": "The contact whom your hospital names is one of you two. Nothing was sent. "
    "Turn to an administrator of yours.",
    "not_accepting": "You are listed as taking nobody now. Nothing was changed. "
    "Open your intake again, or ask your administrator to correct it.",
}


async def ask_recall(parts: Parts, asked: Asked) -> Response:
    """The form that takes a proposal back, with the reason that an administrator owes."""
    return await _ask(parts, asked, COMMANDS["recall"])


async def ask_end(parts: Parts, asked: Asked) -> Response:
    """The form that ends an accepted pair before it began, with the reason that an administrator owes."""
    return await _ask(parts, asked, COMMANDS["end"])


async def recall_pair(parts: Parts, asked: Asked) -> Response:
    """Take a proposal back."""
    return await _act(parts, asked, COMMANDS["recall"], _reason(asked))


async def end_pair(parts: Parts, asked: Asked) -> Response:
    """End an accepted pair before it began."""
    return await _act(parts, asked, COMMANDS["end"], _reason(asked))


async def accept_pair(parts: Parts, asked: Asked) -> Response:
    """Say yes as the mentor."""
    return await _act(parts, asked, COMMANDS["accept"])


async def decline_pair(parts: Parts, asked: Asked) -> Response:
    """Say no, as either of the two."""
    return await _act(parts, asked, COMMANDS["decline"])


async def _ask(parts: Parts, asked: Asked, command: Command) -> Response:
    person = asked.who.session.person
    pair_id = asked.id_of("pair_id")

    async def read(tx: Transaction) -> tuple[Viewer, SeenPair, datetime]:
        return await look.find_viewer(tx, person), await look.get_pair(tx, person, pair_id), tx.now

    viewer, pair, now = await parts.database.run(read, institution_id=person.institution_id, person_id=person.person_id)
    if pair.state != command.waits:
        return await _refused(parts, asked, NoLongerWaits())
    content = shell(viewer, now, asked.who.form_token)
    return parts.look.page("ask.html", {**content, "command": command.name, "pair": pair, "reasons": REASONS})


async def _act(parts: Parts, asked: Asked, command: Command, reason: str | None = None) -> Response:
    person = asked.who.session.person
    pair_id = asked.id_of("pair_id")
    await _state(parts, person, pair_id)  # another institution's pair is nobody's here, as a missing one is
    try:
        token = await parts.sessions.access_token(asked.who)
        await parts.services.act(command, pair_id, token, key_of(asked), reason)
    except TokenExpired:
        return say_next(parts, await send_to_issuer(parts, FIRST_PAGE), "renewed")
    except (CommandRefused, NoLongerWaits, ServiceUnavailable) as error:
        return await _refused(parts, asked, error)
    follows = await _follow(parts, person, pair_id, command)
    response = parts.look.dress(RedirectResponse(FIRST_PAGE, _SEE_OTHER))
    return say_next(parts, response, command.name, soon=not follows)


async def _follow(parts: Parts, person: Person, pair_id: UUID, command: Command) -> bool:
    """Wait a moment for our own rows to hear what was done, so that the next page shows it; whether they did."""
    with suppress(TooManyWatchers, TimeoutError):
        async with asyncio.timeout(_FOLLOW_SECONDS), parts.hub.watch(person) as watcher:
            seen = ""
            while await _state(parts, person, pair_id) == command.waits:
                seen = await watcher.next(seen, _LOOK_SECONDS) or seen
            return True
    return False


async def _state(parts: Parts, person: Person, pair_id: UUID) -> str:
    """How a pair stands in our own rows; raises NoSuchPage."""
    pair = await parts.database.run(
        lambda tx: look.get_pair(tx, person, pair_id),
        institution_id=person.institution_id,
        person_id=person.person_id,
    )
    return pair.state


def words_of(error: OslerError) -> str:
    """What a refusal means for the person who pressed."""
    code = error.refusal if isinstance(error, CommandRefused) else error.code()
    return _REFUSALS.get(code, str(error))


async def _refused(parts: Parts, asked: Asked, error: OslerError) -> Response:
    """Today, with what stood in the way above it."""
    notice = Notice(NOT_DONE, words_of(error))
    return await today_page(parts, asked, notice=notice, status=status_of(type(error)))


def key_of(asked: Asked) -> str:
    """What makes two presses of one button one command; raises StaleForm."""
    key = asked.form.get("key", "")
    if not 0 < len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise StaleForm
    return key


def seen_of(asked: Asked) -> str:
    """The ETag of what the person saw when they pressed; raises StaleForm for what can be none."""
    seen = asked.form.get("seen", "")
    if len(seen) > _LONGEST_KEY or not seen.isascii() or not seen.isprintable():
        raise StaleForm
    return seen


def _reason(asked: Asked) -> str:
    reason = asked.form.get("reason", "")
    if reason not in REASONS:
        raise StaleForm
    return reason
