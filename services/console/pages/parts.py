"""What every page is made with: database, sessions, issuer, pairing, open pages, templates; built by app.py."""

from dataclasses import dataclass

from cryptography.fernet import Fernet
from starlette.responses import Response

from services.console.commands import Services
from services.console.live import Hub
from services.console.oidc import Provider
from services.console.pages.files import Files
from services.console.pages.look import Look
from services.console.sessions import CookieNames, Sessions
from shared.platform.database import Database


@dataclass(frozen=True)
class Parts:
    """The console's parts, of which there is one of each in a process."""

    database: Database
    sessions: Sessions
    provider: Provider
    services: Services
    hub: Hub
    files: Files
    look: Look
    cookies: CookieNames
    cipher: Fernet
    url: str

    @property
    def is_secure(self) -> bool:
        """Whether browsers come by https."""
        return self.url.startswith("https://")

    def set_cookie(self, response: Response, name: str, value: str, max_age: int | None) -> None:
        """Give the browser a cookie for so many seconds, or until it is closed; no script can read it."""
        # Lax, not Strict: the way back from the issuer begins on another site.
        response.set_cookie(name, value, max_age, httponly=True, samesite="lax", secure=self.is_secure, path="/")

    def drop_cookie(self, response: Response, name: str) -> None:
        """Take a cookie back."""
        response.delete_cookie(name, httponly=True, samesite="lax", secure=self.is_secure, path="/")
