"""What every page is made with: database, sessions, issuer, pairing, open pages, templates; built by app.py."""

from dataclasses import dataclass

from cryptography.fernet import Fernet

from services.console.commands import Pairing
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
    pairing: Pairing
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
