"""What Today has no room for: an administrator's lists to their end, a hundred rows a page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from starlette.responses import Response

from services.console.domain import ListName, LongList, Position
from services.console.domain.refusals import NoSuchPage
from services.console.pages.access import Asked
from services.console.pages.look import shell
from services.console.pages.parts import Parts
from services.console.use_cases import look
from shared.platform.database import Transaction
from shared.platform.http.pages import PageRequest, decode

_TITLES: Final[Mapping[ListName, str]] = {
    "proposals": "Waiting for an answer",
    "silences": "Without recent contact",
    "feedback": "Unanswered feedback",
    "meetings": "Coming meetings",
}


async def show_list(parts: Parts, asked: Asked) -> Response:
    """One list from the row on that the address names; raises NoSuchPage, MalformedCursor."""
    person, name = asked.who.session.person, _name(asked)
    after = _after(asked)

    async def read(tx: Transaction) -> LongList:
        return await look.look_at_list(tx, person, name, after)

    found = await parts.database.run(read, institution_id=person.institution_id, person_id=person.person_id)
    content = shell(found.viewer, found.now, asked.who.form_token)
    return parts.look.page("list.html", {**content, "title": _TITLES[name], "list": found})


def _name(asked: Asked) -> ListName:
    for name in _TITLES:
        if name == asked.request.path_params["name"]:
            return name
    raise NoSuchPage


def _after(asked: Asked) -> Position | None:
    cursor = asked.request.query_params.get("after")
    return None if cursor is None else PageRequest(1, decode(cursor)).position(datetime, UUID)
