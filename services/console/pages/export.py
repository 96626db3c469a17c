"""Everything of a person as one ZIP: a part of each service, asked for as that person; nobody gets another's."""

import io
import json
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.responses import Response

from services.console.domain.refusals import ServiceUnavailable, TokenExpired
from services.console.pages.access import FIRST_PAGE, Asked
from services.console.pages.look import NOT_DONE, Notice
from services.console.pages.parts import Parts
from services.console.pages.signing_in import send_to_issuer
from services.console.pages.today import say_next, today_page
from services.console.use_cases import look
from shared.platform.http.refusals import status_of


async def download_export(parts: Parts, asked: Asked) -> Response:
    """The ZIP, whole or not at all."""
    person = asked.who.session.person

    async def made(token: str) -> Response:
        gathered = await parts.services.gather(token)
        own = await parts.database.run(
            lambda tx: look.gather_own(tx, person), institution_id=person.institution_id, person_id=person.person_id
        )
        name = f"osler-{own['as_of']:%Y-%m-%d}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(_zip({**gathered, "console": own}), media_type="application/zip", headers=headers)

    return await download(parts, asked, made)


async def download(parts: Parts, asked: Asked, make: Callable[[str], Awaitable[Response]]) -> Response:
    """A file that is made with the person's token; where a service does not answer, the page says so."""
    try:
        made = await make(await parts.sessions.access_token(asked.who))
    except TokenExpired:
        return say_next(parts, await send_to_issuer(parts, FIRST_PAGE), "renewed")
    except ServiceUnavailable as error:
        notice = Notice(NOT_DONE, str(error))
        return await today_page(parts, asked, notice=notice, status=status_of(type(error)))
    return parts.look.dress(made)


def _zip(documents: Mapping[str, Mapping[str, Any]]) -> bytes:
    """One file of JSON for each service."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for service, document in sorted(documents.items()):
            text = json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True, default=_plain)
            archive.writestr(f"{service}.json", text)
    return packed.getvalue()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
