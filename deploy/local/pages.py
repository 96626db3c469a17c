"""What the web pages of the local parts have in common; refuses hosts other than the loopback, scripts and frames."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

# A name that resolves to the loopback from a stranger's page is not one of these.
_HOSTS: Final = ["127.0.0.1", "localhost"]
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class Pages:
    """An application with its templates and its stylesheet beside it."""

    def __init__(self, title: str, folder: Path) -> None:
        self.app = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None)
        self.app.mount("/static", StaticFiles(directory=folder / "static"))
        self.app.add_middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS)
        self.app.middleware("http")(_guard)
        self._templates = Environment(
            loader=FileSystemLoader(folder / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    def show(self, template: str, status: int = 200, **content: Any) -> HTMLResponse:
        """A page; everything in it is escaped."""
        return HTMLResponse(self._templates.get_template(template).render(**content), status_code=status)


async def _guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await answer(request)
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
