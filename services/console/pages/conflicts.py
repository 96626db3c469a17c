"""A conflict of interest in a pair: what it is, until when, what resolves it, and the recusal that does."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from services.console.commands import Question
from services.console.domain import SeenPair
from services.console.domain.refusals import CommandRefused, StaleForm
from services.console.pages.access import FIRST_PAGE, Asked
from services.console.pages.asking import ask, go_to, renewing, show
from services.console.pages.look import NOT_DONE, Notice
from services.console.pages.pairs import key_of, seen_of, words_of
from services.console.pages.parts import Parts
from services.console.use_cases import look
from shared.platform.http.refusals import status_of

_KINDS: Final[Mapping[str, str]] = {
    "director": "The mentor directs the programme of the mentee",
    "committee_member": "The mentor is a member of the competence committee of the mentee",
    "evaluator": "The mentor evaluates the mentee",
    "coach": "The mentor coaches the mentee, which does not rule a pair out",
    "family": "The two are family",
    "financial": "Money stands between the two",
    "personal": "Something personal stands between the two",
}
REASONS: Final[Mapping[str, str]] = {
    "assesses_no_more": "Whoever would judge assesses this mentee no more",
    "others_decide": "Others decide about this mentee",
    "administrative": "Another administrative reason",
}
_REFUSALS: Final[Mapping[str, str]] = {
    "no_conflict": "Nothing stands between the two any more. Nothing was changed. Below is how it stands.",
}


@renewing
async def show_conflict(parts: Parts, asked: Asked) -> Response:
    """What stands between the two of a pair, for them and for their administrators."""
    return await _show(parts, asked)


@renewing
async def recuse(parts: Parts, asked: Asked) -> Response:
    """Record that whoever was in conflict steps back, with the reason that is owed."""
    pair_id = asked.id_of("pair_id")
    await _pair(parts, asked)  # another institution's pair is nobody's here, as a missing one is
    reason = asked.form.get("reason", "")
    if reason not in REASONS:
        raise StaleForm
    question = Question(
        "POST",
        "pairing",
        f"/pairs/{pair_id}/recuse",
        form={"reason": reason},
        seen=seen_of(asked),
        key=key_of(asked),
    )
    try:
        await ask(parts, asked, question)
    except CommandRefused as error:
        notice = Notice(NOT_DONE, _REFUSALS.get(error.refusal, words_of(error)))
        return await _show(parts, asked, notice, status_of(type(error)))
    return go_to(parts, FIRST_PAGE, "recused", soon=True)


async def _show(parts: Parts, asked: Asked, notice: Notice | None = None, status: int = 200) -> Response:
    pair = await _pair(parts, asked)
    address = f"/pairs/{pair.couple.pair_id}"
    told = await ask(parts, asked, Question("GET", "pairing", address))
    found = await ask(parts, asked, Question("GET", "pairing", f"{address}/conflicts", query={"limit": "200"}))
    content: dict[str, Any] = {
        "couple": pair.couple,
        "pair": told.document,
        "seen": told.etag,
        "findings": found.document["items"],
        "kinds": _KINDS,
        "reasons": REASONS,
    }
    return await show(parts, asked, "conflict.html", content, notice=notice, status=status)


async def _pair(parts: Parts, asked: Asked) -> SeenPair:
    person = asked.who.session.person
    pair_id = asked.id_of("pair_id")
    return await parts.database.run(
        lambda tx: look.get_pair(tx, person, pair_id),
        institution_id=person.institution_id,
        person_id=person.person_id,
    )
