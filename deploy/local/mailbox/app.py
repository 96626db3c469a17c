"""The mailbox's page: a list, one message, and both as JSON; refuses to run a line of what a message brings."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import FastAPI, HTTPException, Query, Response
from fastapi.responses import HTMLResponse

from deploy.local.mailbox import smtp
from deploy.local.mailbox.reading import read
from deploy.local.mailbox.store import Mailbox
from deploy.local.pages import Pages

# A message's own HTML: in a frame without scripts, forms, links to the page around it, or anything from elsewhere.
_SANDBOX: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'self'"
)
_PAGE: Final = 100
_LARGEST_PAGE: Final = 1000
Limit = Annotated[int, Query(ge=1, le=_LARGEST_PAGE)]


def build(folder: Path, smtp_port: int) -> FastAPI:
    """The application; it takes mail while it runs."""
    mailbox = Mailbox(folder)
    pages = Pages("Osler's local mailbox", Path(__file__).parent)
    pages.app.router.lifespan_context = lambda _: _taking_mail(mailbox, smtp_port)
    _add_lists(pages, mailbox)
    _add_message(pages, mailbox)
    return pages.app


def _add_lists(pages: Pages, mailbox: Mailbox) -> None:
    app = pages.app

    @app.get("/readyz")
    async def ready() -> dict[str, int]:
        """Answers when mail is taken."""
        return {"messages": len(mailbox)}

    @app.get("/", response_class=HTMLResponse)
    async def list_messages(to: str = "") -> Response:
        """The newest messages."""
        return pages.show("list.html", messages=mailbox.newest(to or None, _PAGE), to=to, kept=len(mailbox), page=_PAGE)

    @app.get("/messages.json")
    async def list_as_json(to: str = "", limit: Limit = _PAGE, after: int = 0) -> dict[str, Any]:
        """The newest messages with headers and text: `?to=address`, `?limit=`, `?after=number`."""
        found = mailbox.newest(to or None, limit, after)
        return {"messages": [{**asdict(summary), **asdict(read(_raw(mailbox, summary.number)))} for summary in found]}


def _add_message(pages: Pages, mailbox: Mailbox) -> None:
    app = pages.app

    @app.get("/messages/{number}", response_class=HTMLResponse)
    async def show_message(number: int) -> Response:
        """One message."""
        return pages.show("message.html", number=number, message=read(_raw(mailbox, number)))

    @app.get("/messages/{number}/html")
    async def show_html(number: int) -> Response:
        """The message's HTML part, for the frame."""
        return HTMLResponse(read(_raw(mailbox, number)).html, headers={"Content-Security-Policy": _SANDBOX})

    @app.get("/messages/{number}/raw")
    async def download(number: int) -> Response:
        """The message as it was kept."""
        name = f'attachment; filename="{number}.eml"'
        return Response(_raw(mailbox, number), media_type="message/rfc822", headers={"Content-Disposition": name})


def _raw(mailbox: Mailbox, number: int) -> bytes:
    raw = mailbox.raw(number)
    if raw is None:
        raise HTTPException(404, "The mailbox never got a message of this number.")
    return raw


@asynccontextmanager
async def _taking_mail(mailbox: Mailbox, port: int) -> AsyncGenerator[None]:
    server = await smtp.listen(mailbox, port)
    try:
        yield
    finally:
        server.close()
