"""A form with a file: kept in memory, for it holds names and addresses; refuses a second file, and what is no form."""

from typing import Final

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from services.console.domain.refusals import StaleForm
from shared.platform.http import MIB, bodies

_MOST_FILE_BYTES: Final = 10 * MIB
_MOST_OTHER_BYTES: Final = 64 * 1024
_MOST_FIELDS: Final = 30


class _InMemory(MultiPartParser):
    """Files that are written to no disk of this machine."""

    spool_max_size = _MOST_FILE_BYTES + _MOST_OTHER_BYTES


async def read_upload(request: Request) -> tuple[dict[str, str], bytes]:
    """The fields of a form, and its file of at most 10 MiB, empty where none was chosen.

    Raises StaleForm, BodyTooLarge, BodyTooSlow, BodyCutShort, UnsupportedMediaType.
    """
    whole = await bodies.read(request, _MOST_FILE_BYTES + _MOST_OTHER_BYTES)
    await whole.refuse_other_than("multipart/form-data")
    if not await whole.body():
        return {}, b""
    try:
        form = await _InMemory(whole.headers, whole.stream(), max_files=1, max_fields=_MOST_FIELDS).parse()
    except MultiPartException:
        raise StaleForm from None
    fields: dict[str, str] = {}
    file = b""
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            file = await value.read()
            await value.close()
        else:
            fields[name] = value
    return fields, file
