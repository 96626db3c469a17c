"""The one client that may send people here, and the codes it gets; refuses redirects that leave this machine."""

import base64
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_CODE_SECONDS: Final = 60
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True)
class Client:
    """A registered client; its redirect URIs are compared letter by letter."""

    client_id: str
    secret: str
    redirect_uris: tuple[str, ...]

    def __post_init__(self) -> None:
        for uri in self.redirect_uris:
            if urlsplit(uri).scheme not in ("http", "https") or urlsplit(uri).hostname not in LOOPBACK:
                raise ValueError(f"{uri} leaves this machine: the local issuer sends nobody there.")

    def proves_itself(self, client_id: str, secret: str) -> bool:
        """Whether these are its credentials."""
        same_id = hmac.compare_digest(client_id.encode(), self.client_id.encode())
        return same_id & hmac.compare_digest(secret.encode(), self.secret.encode())


@dataclass(frozen=True)
class Grant:
    """What a code stands for until it is exchanged."""

    subject: str
    redirect_uri: str
    challenge: str
    nonce: str | None
    ends_at: float


class Codes:
    """Authorization codes: each works once, for a minute, for whoever knows the verifier (RFC 7636)."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}

    def give(self, subject: str, redirect_uri: str, challenge: str, nonce: str | None) -> str:
        """A new code."""
        now = time.monotonic()
        self._grants = {code: grant for code, grant in self._grants.items() if grant.ends_at > now}
        code = secrets.token_urlsafe()
        self._grants[code] = Grant(subject, redirect_uri, challenge, nonce, now + _CODE_SECONDS)
        return code

    def take(self, code: str, redirect_uri: str, verifier: str) -> Grant | None:
        """What the code stands for, if all fits; whatever the answer, the code is spent."""
        grant = self._grants.pop(code, None)
        if grant is None or grant.ends_at <= time.monotonic() or grant.redirect_uri != redirect_uri:
            return None
        return grant if _VERIFIER.fullmatch(verifier) and challenge_of(verifier) == grant.challenge else None


def is_challenge(text: str) -> bool:
    """Whether this can be the SHA-256 of a verifier."""
    return _CHALLENGE.fullmatch(text) is not None


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
