"""ETag and If-Match: the revision that a change builds on; without one, or with an old one, nothing is changed."""

import re
from typing import Annotated, Final

from fastapi import Depends, Header

from shared.platform.errors import StaleRevision
from shared.platform.http.refusals import MalformedIfMatch

_ETAG: Final = re.compile(r'"(0|[1-9][0-9]{0,17})"')


class Revision(int):
    """The revision that the caller looked at."""

    def check(self, stored: int) -> None:
        """Pass when `stored`, the row's revision under its lock, is the one that the caller saw; else StaleRevision."""
        if self != stored:
            raise StaleRevision


def etag(revision: int) -> str:
    """The strong ETag of a revision."""
    return f'"{revision}"'


async def _if_match(
    if_match: Annotated[str, Header(alias="If-Match", description="The ETag of the revision you looked at.")],
) -> Revision:
    # `*` and lists would name no revision that a person saw; a weak tag never matches (RFC 9110, 13.1.1).
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise MalformedIfMatch
    return Revision(found[1])


IfMatch = Annotated[Revision, Depends(_if_match)]
"""The revision in If-Match: 428 `precondition_required` without; `if_match.check(revision)` is 412 `stale_revision`."""
