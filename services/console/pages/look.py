"""Turns what was found into HTML with every security header; escapes everything, and refuses an unknown variable."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from importlib import resources
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined
from starlette.responses import HTMLResponse, Response

from services.console.domain import Viewer
from services.console.domain.refusals import NotYourPage, SignedOut, UnknownHere
from services.console.pages import words
from services.console.pages.files import Files
from shared.platform.errors import NotFound, OslerError, Unavailable
from shared.platform.http.pages import encode
from shared.platform.http.refusals import InternalError

NOT_DONE: Final = "This was not done"


@dataclass(frozen=True)
class Notice:
    """Something that stays true, in three parts: what happened, what was kept, what to press."""

    title: str
    text: str
    tone: str = "bad"


class Look:
    """The templates and the headers of all pages. `issuer_origin` is the one other place that a form may lead to."""

    def __init__(self, files: Files, *, issuer_origin: str, is_secure: bool) -> None:
        self._headers = _headers(issuer_origin, is_secure=is_secure)
        self._templates = Environment(
            loader=DictLoader(_templates()),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        common: dict[str, Any] = {
            "static": files.address,
            "number": words.number,
            "plural": words.plural,
            "tongue": words.tongue,
            "percent": _percent,
            "cursor": encode,
            "calendar_day": words.calendar_day,
            "instant": datetime.fromisoformat,
            "new_key": _new_key,
        }
        self._templates.globals.update(common)

    def page(
        self, template: str, content: Mapping[str, Any] | None = None, status: int = HTTPStatus.OK
    ) -> HTMLResponse:
        """A whole page, or a part of one, of HTML."""
        html = self._templates.get_template(template).render(content or {})
        return HTMLResponse(html, status, self._headers)

    def dress(self, response: Response) -> Response:
        """The same headers for an answer without a page, such as a redirect."""
        for name, value in self._headers.items():
            response.headers.setdefault(name, value)
        return response

    def error(self, error: OslerError, status: int, *, is_signed_in: bool, trace_id: str) -> HTMLResponse:
        """The page of something that was not done: what, what was kept, and where to go on."""
        is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        content = {
            "title": next((title for kinds, title in _TITLES if isinstance(error, kinds)), NOT_DONE),
            "text": str(error),
            "goes_on": is_signed_in or is_ours,
            "trace_id": trace_id if is_ours else "",
        }
        return self.page("error.html", content, status)


_TITLES: Final[tuple[tuple[type[OslerError] | tuple[type[OslerError], ...], str], ...]] = (
    (SignedOut, "You are signed out"),
    ((NotYourPage, UnknownHere), "This page is not for you"),
    (NotFound, "There is nothing here"),
    (Unavailable, "Something does not answer"),
    (InternalError, "Something went wrong on our side"),
)


def shell(viewer: Viewer, now: datetime, form_token: str) -> dict[str, Any]:
    """What every page holds for somebody who is signed in: who looks, their clock, and what their forms carry."""
    return {
        "viewer": viewer,
        "clock": words.Clock(now, viewer.zone),
        "place": words.place(viewer.zone, now),
        "form_token": form_token,
    }


def _templates() -> dict[str, str]:
    folder = resources.files("services.console") / "templates"
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".html")}


def _percent(part: int, whole: int) -> str:
    """How long a bar is, of 100, at most 100: the words beside it carry the number."""
    return f"{min(100 * part / whole, 100) if whole else 0:.1f}"


def _new_key() -> str:
    """What makes two presses of one button one command."""
    return secrets.token_urlsafe(18)


def _headers(issuer_origin: str, *, is_secure: bool) -> dict[str, str]:
    # Browsers hold the whole way of a form to form-action, redirects too: sign-in and sign-out pass the issuer.
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
        f"form-action 'self' {issuer_origin}; frame-ancestors 'none'; base-uri 'none'"
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Referrer-Policy": "same-origin",  # with no-referrer, browsers send forms with the origin "null"
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return headers | ({"Strict-Transport-Security": "max-age=31536000"} if is_secure else {})
