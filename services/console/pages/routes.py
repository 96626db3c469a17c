"""The table of all pages: address, who may use it, what answers. What has no row here is not served."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from services.console.domain import NoSuchPage
from services.console.pages import compact, concern, export, lists, pairs, signing_in, today
from services.console.pages.access import ADMINISTRATOR, EVERYONE, PUBLIC, THE_TWO, Asked, Page, route
from services.console.pages.parts import Parts


async def show_file(parts: Parts, asked: Asked) -> Response:
    """Stylesheet, script or icon."""
    return parts.files.serve(asked.request)


async def show_nothing(parts: Parts, asked: Asked) -> Response:
    """Every other address; raises NoSuchPage."""
    del parts, asked
    raise NoSuchPage


PAGES: Final[tuple[Page, ...]] = (
    Page("GET", "/", PUBLIC, today.show_front),
    Page("GET", "/sign-in", PUBLIC, signing_in.show_sign_in),
    Page("POST", "/sign-in", PUBLIC, signing_in.begin_sign_in),
    Page("GET", "/signed-in", PUBLIC, signing_in.finish_sign_in),
    Page("GET", "/signed-out", PUBLIC, signing_in.show_signed_out),
    Page("GET", "/static/{name}", PUBLIC, show_file),
    Page("POST", "/sign-out", EVERYONE, signing_in.sign_out),
    Page("GET", "/today", EVERYONE, today.show_today),
    Page("GET", "/today/fragment", EVERYONE, today.show_today_fragment, signed_out="refuse"),
    Page("GET", "/today/events", EVERYONE, today.follow_today, signed_out="refuse"),
    Page("GET", "/export", EVERYONE, export.download_export),
    Page("GET", "/lists/{name}", ADMINISTRATOR, lists.show_list),
    Page("GET", "/pairs/{pair_id}/recall", ADMINISTRATOR, pairs.ask_recall),
    Page("POST", "/pairs/{pair_id}/recall", ADMINISTRATOR, pairs.recall_pair),
    Page("GET", "/pairs/{pair_id}/end", ADMINISTRATOR, pairs.ask_end),
    Page("POST", "/pairs/{pair_id}/end", ADMINISTRATOR, pairs.end_pair),
    Page("POST", "/pairs/{pair_id}/accept", THE_TWO, pairs.accept_pair),
    Page("POST", "/pairs/{pair_id}/decline", THE_TWO, pairs.decline_pair),
    Page("GET", "/pairs/{pair_id}/compact", THE_TWO, compact.show_compact),
    Page("GET", "/pairs/{pair_id}/compact/versions", THE_TWO, compact.list_compact_versions),
    Page("POST", "/pairs/{pair_id}/compact/expectations", THE_TWO, compact.state_expectation, is_long=True),
    Page("POST", "/pairs/{pair_id}/compact/offer", THE_TWO, compact.offer_compact, is_long=True),
    Page("POST", "/pairs/{pair_id}/compact/withdraw", THE_TWO, compact.withdraw_compact),
    Page("POST", "/pairs/{pair_id}/compact/sign", THE_TWO, compact.sign_compact),
    Page("POST", "/pairs/{pair_id}/compact/support", THE_TWO, compact.set_goal_support),
    Page("GET", "/pairs/{pair_id}/concern", THE_TWO, concern.ask_concern),
    Page("POST", "/pairs/{pair_id}/concern", THE_TWO, concern.raise_concern, is_long=True),
    Page("GET", "/{rest:path}", PUBLIC, show_nothing),
)


def routes(parts: Parts) -> Sequence[BaseRoute]:
    """Every page behind its guard, in the table's order."""
    return [route(page, parts) for page in PAGES]
