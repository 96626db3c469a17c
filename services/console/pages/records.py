"""A mentor's record as a file, asked for as that mentor: JSON for machines, a tagged PDF for people; nobody else's."""

import asyncio
import json
from collections.abc import Callable

from starlette.responses import Response

from services.console.commands import Question
from services.console.pages.access import Asked
from services.console.pages.export import download
from services.console.pages.paper import print_record
from services.console.pages.parts import Parts
from services.console.use_cases.records import NamedRecord, put_names


async def download_record(parts: Parts, asked: Asked) -> Response:
    """The record as pairing gives it, and beside it `names`: what the ids in it are called."""
    return await _download(parts, asked, _document, "json", "application/json")


async def download_paper(parts: Parts, asked: Asked) -> Response:
    """The record to read and to print."""
    return await _download(parts, asked, print_record, "pdf", "application/pdf")


async def _download(
    parts: Parts, asked: Asked, make: Callable[[NamedRecord], bytes], ending: str, media_type: str
) -> Response:
    person = asked.who.session.person

    async def made(token: str) -> Response:
        document = (await parts.services.ask(token, Question("GET", "pairing", "/me/record"))).document
        record = await parts.database.run(
            lambda tx: put_names(tx, person, document),
            institution_id=person.institution_id,
            person_id=person.person_id,
        )
        file = await asyncio.to_thread(make, record)
        name = f"osler-record-{document['as_of'][:10]}.{ending}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(file, media_type=media_type, headers=headers)

    return await download(parts, asked, made)


def _document(record: NamedRecord) -> bytes:
    names = {str(id_): name for id_, (name, _) in record.names.items()}
    return json.dumps({**record.document, "names": names}, ensure_ascii=False, indent=2, sort_keys=True).encode()
