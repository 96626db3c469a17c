"""The table of all pages: address, who may use it, what answers. What has no row here is not served."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from services.console.domain.refusals import NoSuchPage
from services.console.pages import (
    asked,
    compact,
    concern,
    conflicts,
    export,
    lists,
    pairs,
    profile,
    records,
    requests,
    rosters,
    signing_in,
    today,
    tokens,
)
from services.console.pages.access import ADMINISTRATOR, EVERYONE, MENTEE, MENTOR, PUBLIC, THE_TWO, Asked, Page, route
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
    Page("GET", "/record.json", THE_TWO | ADMINISTRATOR, records.download_record),
    Page("GET", "/record.pdf", THE_TWO | ADMINISTRATOR, records.download_paper),
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
    Page("GET", "/rosters", ADMINISTRATOR, rosters.list_rosters),
    Page("POST", "/rosters", ADMINISTRATOR, rosters.send_roster, takes_file=True),
    Page("GET", "/rosters/{import_id}", ADMINISTRATOR, rosters.show_roster),
    Page("POST", "/rosters/{import_id}/apply", ADMINISTRATOR, rosters.apply_roster, is_long=True),
    Page("GET", "/rosters/{import_id}/revert", ADMINISTRATOR, rosters.ask_revert),
    Page("POST", "/rosters/{import_id}/revert", ADMINISTRATOR, rosters.revert_roster),
    Page("GET", "/pairs/{pair_id}/conflict", ADMINISTRATOR | THE_TWO, conflicts.show_conflict),
    Page("POST", "/pairs/{pair_id}/recuse", ADMINISTRATOR, conflicts.recuse),
    Page("GET", "/requests", MENTEE, requests.show_request),
    Page("POST", "/requests", MENTEE, requests.send_request),
    Page("POST", "/requests/{request_id}/withdraw", MENTEE, requests.withdraw_request),
    Page("GET", "/asked", MENTOR, asked.list_asked),
    Page("GET", "/asked/{choice_id}", MENTOR, asked.show_asked),
    Page("POST", "/asked/{choice_id}/accept", MENTOR, asked.accept_asked),
    Page("POST", "/asked/{choice_id}/decline", MENTOR, asked.decline_asked),
    Page("POST", "/intake/close", MENTOR, asked.close_intake),
    Page("POST", "/intake/open", MENTOR, asked.open_intake),
    Page("GET", "/tokens", ADMINISTRATOR, tokens.list_tokens),
    Page("POST", "/tokens", ADMINISTRATOR, tokens.add_token),
    Page("POST", "/tokens/{token_id}/secret", ADMINISTRATOR, tokens.issue_secret),
    Page("POST", "/tokens/{token_id}/revoke", ADMINISTRATOR, tokens.revoke_token),
    Page("GET", "/profile", EVERYONE, profile.show_profile),
    Page("POST", "/profile", EVERYONE, profile.set_profile, is_long=True),
    Page("POST", "/profile/fields", MENTOR, profile.set_fields, is_long=True),
    Page("GET", "/{rest:path}", PUBLIC, show_nothing),
)


def routes(parts: Parts) -> Sequence[BaseRoute]:
    """Every page behind its guard, in the table's order."""
    return [route(page, parts) for page in PAGES]
