"""An issuer of one's own: keys, tokens as they should be or with one thing wrong, and the two documents it serves."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from shared.platform.auth import Authenticator
from shared.platform.issuer import IssuerKeys

ISSUER = "https://issuer.example"
AUDIENCE = "osler"
SUBJECT = "E-1047@st-mary.example"
NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)

# Made once: a key costs more than all the rest of these tests.
RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER_RSA_KEY = rsa.generate_private_key(65537, 2048)
WEAK_RSA_KEY = rsa.generate_private_key(65537, 1024)  # noqa: S505 - the test refuses it
EC_KEY = ec.generate_private_key(ec.SECP256R1())

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def jwk(kid: str, key: PrivateKey, **more: object) -> dict[str, Any]:
    """A public key as an issuer publishes it."""
    if isinstance(key, rsa.RSAPrivateKey):
        return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", **more}
    return {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", **more}


def claims(**changes: object) -> dict[str, Any]:
    """Claims as they should be at NOW; a change of None takes the claim away."""
    now = int(NOW.timestamp())
    right = {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "jti": str(uuid4())}
    right |= {"iat": now, "nbf": now, "exp": now + 600}
    return {name: value for name, value in (right | changes).items() if value is not None}


def header(**changes: object) -> dict[str, Any]:
    """A header as it should be; a change of None takes the entry away."""
    return {name: value for name, value in ({"typ": "at+jwt", "kid": "r1"} | changes).items() if value is not None}


def token(
    said: dict[str, Any] | None = None,
    head: dict[str, Any] | None = None,
    key: PrivateKey | str = RSA_KEY,
    algorithm: str = "RS256",
) -> str:
    """A signed token."""
    return jwt.encode(said or claims(), key, algorithm, head or header())


@dataclass
class AnIssuer:
    """What answers at the issuer's address; tests change its keys, its words and its health."""

    keys: list[dict[str, Any]] = field(default_factory=lambda: [jwk("r1", RSA_KEY), jwk("e1", EC_KEY)])
    about: dict[str, Any] = field(default_factory=lambda: {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"})
    is_away: bool = False
    times_read: int = 0
    raw_keys: bytes | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        """One of the two documents."""
        if self.is_away:
            raise httpx.ConnectError("away")
        if request.url.path == "/.well-known/openid-configuration":
            return _streamed(json.dumps(self.about).encode())
        self.times_read += 1
        return _streamed(self.raw_keys or json.dumps({"keys": self.keys}).encode())


def _streamed(body: bytes) -> httpx.Response:
    # As from a network: a response made with `content` counts as read already.
    return httpx.Response(200, stream=httpx.ByteStream(body))


@dataclass
class Clock:
    """Two clocks that stand until they are moved: the day's time and the machine's."""

    seconds: float = 0.0

    def now(self) -> datetime:
        """The time of day."""
        return datetime.fromtimestamp(NOW.timestamp() + self.seconds, UTC)

    def monotonic(self) -> float:
        """The machine's count of seconds."""
        return 1000.0 + self.seconds


def an_authenticator(issuer: AnIssuer, clock: Clock, *, most_kept: int = 100) -> tuple[Authenticator, IssuerKeys]:
    """An authenticator that reads this issuer by this clock."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(issuer.answer))
    keys = IssuerKeys(ISSUER, http, now=clock.monotonic)
    return Authenticator(ISSUER, AUDIENCE, keys, now=clock.now, most_kept=most_kept), keys
