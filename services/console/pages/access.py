"""Who may open what: a page is one row of the table in routes.py, and nothing is served without a row."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from services.console.domain.refusals import NoSuchPage, NotYourPage, SignedOut, StaleForm, UnknownHere
from services.console.pages.parts import Parts
from services.console.pages.uploads import read_upload
from services.console.sessions import SignedIn
from shared.contracts.event import Role
from shared.platform.database import is_nobodys_fault
from shared.platform.errors import OslerError, Unavailable
from shared.platform.http import audit, bodies, visits
from shared.platform.http.refusals import InternalError, status_of
from shared.platform.members import Person
from shared.platform.telemetry import logger

EVERYONE: Final = frozenset[Role]({"mentor", "mentee", "administrator", "consortium_administrator"})
"""Everybody who is signed in and holds a role."""
THE_TWO: Final = frozenset[Role]({"mentor", "mentee"})
MENTOR: Final = frozenset[Role]({"mentor"})
MENTEE: Final = frozenset[Role]({"mentee"})
ADMINISTRATOR: Final = frozenset[Role]({"administrator"})
PUBLIC: Final = frozenset[Role]()
"""Nobody has to be signed in."""

FIRST_PAGE: Final = "/today"
_LED_TO: Final = ("/pairs/", "/lists/", "/rosters", "/requests", "/asked", "/tokens", "/profile")
"""How the other addresses begin to which a sign-in may lead back."""
_MOST_FORM_BYTES: Final = 16 * 1024
_MOST_FIELDS: Final = 20
# Ten goals and a text of 4,000 letters, each of which may take twelve bytes in an address's spelling.
_MOST_LONG_FORM_BYTES: Final = 96 * 1024
_MOST_LONG_FORM_FIELDS: Final = 50
_log = logger("pages")


@dataclass(frozen=True)
class Asked:
    """One request: who asks, where they are signed in, and what their form holds, where it is one."""

    request: Request
    signed_in: SignedIn | None
    form: Mapping[str, str]
    trace_id: str
    file: bytes = b""

    @property
    def who(self) -> SignedIn:
        """Who asks, on a page that nobody else gets to."""
        if self.signed_in is None:
            raise SignedOut
        return self.signed_in

    def id_of(self, name: str) -> UUID:
        """The id that the address names so; raises NoSuchPage for what can be none."""
        try:
            return UUID(self.request.path_params[name])
        except ValueError:
            raise NoSuchPage from None


Answer = Callable[[Parts, Asked], Awaitable[Response]]


@dataclass(frozen=True)
class Page:
    """One row: an address, who may use it, and what answers.

    `signed_out` says what somebody gets who is not signed in: the way to the sign-in page, or a bare 401 for a script.
    """

    method: Literal["GET", "POST"]
    path: str
    roles: frozenset[Role]
    answer: Answer
    signed_out: Literal["sign_in", "refuse"] = "sign_in"
    is_long: bool = False
    """Whether its form holds what somebody writes, and not presses alone."""
    takes_file: bool = False
    """Whether a file comes with its form."""

    @property
    def name(self) -> str:
        """How logs and metrics call it."""
        return f"console.{self.answer.__name__}"

    @property
    def looks_up_by_id(self) -> bool:
        """Whether its address names one thing of somebody's."""
        return "{pair_id}" in self.path


def route(page: Page, parts: Parts) -> Route:
    """The page behind its guard."""

    async def guarded(request: Request) -> Response:
        visit = visits.of(request)
        visit.operation = page.name
        signed_in: SignedIn | None = None
        try:
            signed_in = await _find_session(page, parts, request)
            visit.person = signed_in.session.person if signed_in else None
            if signed_in is None and page.roles:
                return parts.look.dress(_signed_out(page, request))
            asked = await _admit(page, parts, request, signed_in, visit.trace_id)
            return await page.answer(parts, asked)
        except Exception as raised:  # noqa: BLE001 - whatever it is, a person reads the answer
            error = _as_error(raised)
            visit.code = error.code()
            if isinstance(error, InternalError):
                _log.error("bug_in_page", operation=page.name, exc_info=raised)
            if signed_in is not None and page.looks_up_by_id and isinstance(error, NoSuchPage):
                await _record_look_up(page, parts, request, signed_in.session.person)
            status = _status(error)
            return parts.look.error(error, status, is_signed_in=signed_in is not None, trace_id=visit.trace_id)

    return Route(page.path, guarded, methods=[page.method], name=page.name)


async def _record_look_up(page: Page, parts: Parts, request: Request, person: Person) -> None:
    """Leave an audit record of an administrator's look-up that found nothing, whether the row exists or not."""
    if person.roles.isdisjoint(audit.ADMINISTRATORS):
        return
    act = audit.Act(person, page.name, _address(request))
    try:
        await parts.database.run(
            lambda tx: act.record(tx, "refused", NoSuchPage.code()),
            institution_id=person.institution_id,
            person_id=person.person_id,
        )
    except Exception as error:  # noqa: BLE001 - who asked still gets the page that says what they asked for is not here
        _log.error("audit_record_lost", operation=page.name, person_id=str(person.person_id), exc_info=error)


async def _find_session(page: Page, parts: Parts, request: Request) -> SignedIn | None:
    if page.path.startswith("/static/"):
        return None
    return await parts.sessions.find(request.cookies.get(parts.cookies.session))


async def _admit(page: Page, parts: Parts, request: Request, signed_in: SignedIn | None, trace_id: str) -> Asked:
    """The request, once its person and its form may come in; raises NotYourPage, StaleForm."""
    if signed_in is not None and page.roles and page.roles.isdisjoint(signed_in.session.person.roles):
        raise NotYourPage
    if page.method == "GET":
        return Asked(request, signed_in, {}, trace_id)
    _refuse_foreign(request, parts.url)
    form, file = await _read_form(page, request)
    if page.roles and signed_in is not None:
        signed_in.refuse_foreign(form)
    return Asked(request, signed_in, form, trace_id, file)


def _refuse_foreign(request: Request, url: str) -> None:
    """Raise StaleForm for a form that another site sent; browsers say where it comes from, in one way or the other."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin", url)
    if site not in {"same-origin", "none"} or origin != url:
        raise StaleForm


async def _read_form(page: Page, request: Request) -> tuple[dict[str, str], bytes]:
    fields, file = await read_upload(request) if page.takes_file else (await _read_fields(page, request), b"")
    if any("\x00" in value for value in fields.values()):
        raise StaleForm
    return fields, file


async def _read_fields(page: Page, request: Request) -> dict[str, str]:
    whole = await bodies.read(request, _MOST_LONG_FORM_BYTES if page.is_long else _MOST_FORM_BYTES)
    await whole.refuse_other_than("application/x-www-form-urlencoded")
    try:
        body = (await whole.body()).decode()
        most_fields = _MOST_LONG_FORM_FIELDS if page.is_long else _MOST_FIELDS
        fields = parse_qsl(body, keep_blank_values=True, max_num_fields=most_fields, errors="strict")
    except ValueError:
        raise StaleForm from None
    return dict(fields)


def _signed_out(page: Page, request: Request) -> Response:
    if page.signed_out == "refuse":
        return PlainTextResponse("Signed out.", HTTPStatus.UNAUTHORIZED)
    # A form is gone with its sign-in, and behind most of their addresses there is no page to come back to.
    return_to = _address(request) if page.method == "GET" else FIRST_PAGE
    return RedirectResponse(sign_in_page(return_to), HTTPStatus.SEE_OTHER)


def _address(request: Request) -> str:
    """The path as it was sent: decoded it may hold what neither a database nor an address takes."""
    return request.scope.get("raw_path", b"").decode("ascii", "replace")


def sign_in_page(return_to: str) -> str:
    """The address of the sign-in page, which leads back afterwards."""
    asked = safe_return(return_to)
    return "/sign-in" if asked == FIRST_PAGE else f"/sign-in?{urlencode({'return_to': asked})}"


def safe_return(asked: str) -> str:
    """Where to go after a sign-in: a page of this console, or the first one; other hosts come in many disguises."""
    is_plain = all(" " < letter < "\x7f" and letter != "\\" for letter in asked)
    if not is_plain or not asked.startswith("/") or asked.startswith("//"):  # with two, a host follows, or half of one
        return FIRST_PAGE
    path = urlsplit(asked).path
    return asked if path == FIRST_PAGE or path.startswith(_LED_TO) else FIRST_PAGE


def _as_error(raised: Exception) -> OslerError:
    if isinstance(raised, OslerError):
        return raised
    return Unavailable() if is_nobodys_fault(raised) else InternalError()


def _status(error: OslerError) -> int:
    match error:
        case SignedOut():
            return HTTPStatus.UNAUTHORIZED
        case UnknownHere():
            return HTTPStatus.FORBIDDEN
        case _:
            return status_of(type(error))
