"""Who asks: checks OIDC bearer tokens against the issuer's keys; refuses every other one with the same 401."""

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from shared.platform.clock import RealNow, real_now
from shared.platform.errors import Refused
from shared.platform.issuer import IssuerKeys
from shared.platform.settings import PlatformSettings

_LONGEST_TOKEN: Final = 8192
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_ACCESS_TOKEN: Final = frozenset({"at+jwt", "application/at+jwt"})  # RFC 9068, 2.1; an id token says JWT
_LONGEST_LIFE_SECONDS: Final = 15 * 60
_LEEWAY_SECONDS: Final = 5
_KEPT_SECONDS: Final = 60


class Unauthenticated(Refused):
    """Sign in first: this request has no valid bearer token."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why
        """Which check failed, as a code for the log; the caller is not told."""


class RecognizesTokens(Protocol):
    """Whoever can tell a token's subject."""

    async def subject(self, token: str) -> str:
        """The scoped subject that the token proves; raises Unauthenticated."""
        ...


class _Header(BaseModel):
    # No jwk, jku, x5u, x5c: the key comes from the issuer we were configured with. No crit, b64, zip, enc: not ours.
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    alg: Literal["RS256", "ES256"]
    typ: str
    kid: Annotated[str, StringConstraints(min_length=1, max_length=200)]


Instant = Annotated[int, Field(ge=0, le=2**40)]


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)

    iss: str
    aud: str  # one audience; a list would let a token for another service be used here
    sub: Annotated[str, StringConstraints(pattern=r"^[^\p{C}]{1,200}@[A-Za-z0-9.-]{1,253}$")]
    exp: Instant
    iat: Instant
    nbf: Instant
    jti: Annotated[str, StringConstraints(min_length=1, max_length=200)]


@dataclass(frozen=True)
class _Token:
    header: _Header
    claims: _Claims
    signed: bytes
    signature: bytes


@dataclass(frozen=True)
class _Kept:
    subject: str
    until: float


class Authenticator:
    """Validates access tokens of one issuer for one audience, by real time and never by business time."""

    def __init__(
        self, issuer: str, audience: str, keys: IssuerKeys, *, now: RealNow = real_now, most_kept: int = 10_000
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._now = now
        self._most_kept = most_kept
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: PlatformSettings) -> AsyncGenerator[Self]:
        """An authenticator with its own connections to the issuer; it connects when the first token comes."""
        async with IssuerKeys.open(settings.issuer) as keys:
            yield cls(settings.issuer, settings.audience, keys)

    async def subject(self, token: str) -> str:
        """The scoped subject that the token proves.

        A good result is kept by the token's hash for 60 s at most, and never past the token's own end.
        Raises Unauthenticated, and Unavailable while the issuer's keys were never read.
        """
        digest = hashlib.sha256(token.encode()).digest()
        now = self._now().timestamp()
        kept = self._kept.get(digest)
        if kept is not None and now < kept.until:
            return kept.subject
        read = _read(token)
        self._check_claims(read.claims, now)
        key = await self._keys.find(read.header.kid)
        if key is None:
            raise Unauthenticated("unknown_key")
        if key.algorithm != read.header.alg:
            raise Unauthenticated("wrong_algorithm")
        if not key.verifies(read.signed, read.signature):
            raise Unauthenticated("wrong_signature")
        self._keep(digest, _Kept(read.claims.sub, min(now + _KEPT_SECONDS, read.claims.exp)))
        return read.claims.sub

    def _check_claims(self, claims: _Claims, now: float) -> None:
        checks = {
            "wrong_issuer": claims.iss == self._issuer,
            "wrong_audience": claims.aud == self._audience,
            "expired": now < claims.exp + _LEEWAY_SECONDS,
            "not_yet_valid": max(claims.nbf, claims.iat) <= now + _LEEWAY_SECONDS,
            "wrong_life": 0 < claims.exp - claims.iat <= _LONGEST_LIFE_SECONDS,
        }
        for why, holds in checks.items():
            if not holds:
                raise Unauthenticated(why)

    def _keep(self, digest: bytes, kept: _Kept) -> None:
        self._kept[digest] = kept
        self._kept.move_to_end(digest)
        while len(self._kept) > self._most_kept:
            self._kept.popitem(last=False)


def bearer_token(authorization: Sequence[str]) -> str:
    """The token in the values of the header Authorization, of which there must be one; raises Unauthenticated."""
    if len(authorization) != 1:
        raise Unauthenticated("no_token" if not authorization else "several_tokens")
    scheme, _, token = authorization[0].partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("wrong_scheme")
    return token


def _read(token: str) -> _Token:
    # Three parts of plain base64url: five would be an encrypted token, and decoders pass over foreign characters.
    if len(token) > _LONGEST_TOKEN or _TOKEN.fullmatch(token) is None:
        raise Unauthenticated("malformed_token")
    head, body, signature = token.split(".")
    try:
        header = _Header.model_validate(_json(head))
        claims = _Claims.model_validate(_json(body))
        raw_signature = _bytes(signature)
    except ValidationError as error:
        raise Unauthenticated(_why(error)) from None
    except (ValueError, RecursionError):
        raise Unauthenticated("malformed_token") from None
    if header.typ.lower() not in _ACCESS_TOKEN:
        raise Unauthenticated("wrong_typ")
    return _Token(header, claims, f"{head}.{body}".encode(), raw_signature)


def _why(error: ValidationError) -> str:
    first = error.errors()[0]
    if first["type"] == "extra_forbidden":  # its name is the caller's own, and has no place in a log
        return "foreign_header"
    return f"wrong_{first['loc'][0]}" if first["loc"] else "wrong_form"


def _json(part: str) -> Any:
    return json.loads(_bytes(part).decode(), object_pairs_hook=_without_repetition, parse_constant=_refuse_constant)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Two readers of one token must not see two audiences.
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a name stands twice"
        raise ValueError(message)
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _bytes(part: str) -> bytes:
    decoded = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if urlsafe_b64encode(decoded).rstrip(b"=").decode() != part:
        message = "not the one spelling of these bytes"
        raise ValueError(message)
    return decoded
