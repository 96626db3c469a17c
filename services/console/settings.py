"""What the console is told by its environment; refuses to start without what sign-in and commands need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from shared.platform.settings import PlatformSettings, Problem, SettingsRefused


@dataclass(frozen=True)
class ConsoleSettings:
    """The console's own addresses and secrets; read by app.py alone."""

    url: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    sign_in_secret: str = field(repr=False)
    service_urls: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of every other service: each is asked for its part of a person's export, and some for their pages."""

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the console by https, as they must outside of one's own machine."""
        return self.url.startswith("https://")

    @property
    def issuer_origin(self) -> str:
        """Scheme, host and port of the issuer, for the content security policy."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    @classmethod
    def of(cls, platform: PlatformSettings) -> Self:
        """The console's part of a process's settings; raises SettingsRefused with every missing one."""
        found = {
            "OSLER_CONSOLE_URL": platform.console_url.rstrip("/"),
            "OSLER_ISSUER": platform.issuer,
            "OSLER_CLIENT_ID": platform.client_id,
            "OSLER_CLIENT_SECRET": platform.client_secret.get_secret_value(),
            "OSLER_SIGN_IN_SECRET": platform.sign_in_secret.get_secret_value(),
        }
        others = {name: url.rstrip("/") for name, url in platform.service_urls.items() if name != "console"}
        missing = [name for name, value in found.items() if not value]
        if not others.get("pairing"):
            missing.append("OSLER_SERVICE_URLS, for pairing")
        if missing:
            raise SettingsRefused([Problem("missing_setting", f"Set {name}.") for name in missing])
        return cls(*found.values(), service_urls=others)
