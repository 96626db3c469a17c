"""The issuer's public keys, read by OIDC discovery; no key from anywhere else, and no more reading than is needed."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Self, cast
from urllib.parse import urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.exceptions import PyJWTError

from shared.platform.errors import Unavailable
from shared.platform.settings import is_loopback
from shared.platform.telemetry import logger

_LOG: Final = logger("issuer")
_MOST_BYTES: Final = 256 * 1024
_MOST_KEYS: Final = 50
_LONGEST_KID: Final = 200
_FEWEST_RSA_BITS: Final = 2048
_TIMEOUT_SECONDS: Final = 3.0
_PAUSE_SECONDS: Final = 10.0
_PAUSE_AFTER_FAILURE_SECONDS: Final = 1.0
_FRESH_SECONDS: Final = 10 * 60.0  # a key that the issuer withdrew is refused after this
_LONGEST_USE_SECONDS: Final = 24 * 3600.0  # an issuer that is away for longer may have withdrawn anything
_CURVES: Final = {"P-256": "ES256"}


class SignInUnavailable(Unavailable):
    """The sign-in service cannot be reached, so nobody can be recognized now. Nothing was changed; try again."""


class _NotAnIssuer(Exception):
    """What answered does not speak as the configured issuer should."""


@dataclass(frozen=True)
class IssuerKey:
    """One public key of the issuer, for one algorithm."""

    algorithm: str
    key: jwt.PyJWK

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's over these bytes."""
        return self.key.Algorithm.verify(signed, self.key.key, signature)


class IssuerKeys:
    """The keys by their id. They outlive a restart of the issuer, and a key not seen before is looked for at once.

    An unknown id makes the keys be read again at most every 10 s, so that made-up ids cannot flood the issuer.
    """

    def __init__(self, issuer: str, http: httpx.AsyncClient, *, now: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._http = http
        self._now = now
        self._keys: dict[str, IssuerKey] = {}
        self._read_at: float | None = None
        self._next_read_at = -1.0
        self._reading = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, issuer: str) -> AsyncGenerator[Self]:
        """The keys of an issuer, with their own connections; nothing is read before the first key is asked for."""
        proxied = not is_loopback(urlsplit(issuer).hostname or "")
        async with httpx.AsyncClient(
            timeout=_TIMEOUT_SECONDS,
            follow_redirects=False,
            trust_env=proxied,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        ) as http:
            keys = cls(issuer, http)
            try:
                yield keys
            finally:
                await keys.close()

    async def close(self) -> None:
        """Stop what is still being read."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)

    async def find(self, kid: str) -> IssuerKey | None:
        """The key with this id, or None; raises SignInUnavailable while no keys are known."""
        age = None if self._read_at is None else self._now() - self._read_at
        if age is not None and age < _LONGEST_USE_SECONDS and kid in self._keys:
            if age >= _FRESH_SECONDS:
                self._renew()
            return self._keys[kid]
        await self._read_again()
        if self._read_at is None or self._now() - self._read_at >= _LONGEST_USE_SECONDS:
            raise SignInUnavailable
        return self._keys.get(kid)

    def _renew(self) -> None:
        # Beside the request: an issuer that hangs must not hold up whoever brings a key that is known.
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._read_again())

    async def _read_again(self) -> None:
        async with self._reading:
            if self._now() < self._next_read_at:
                return
            try:
                self._keys = await self._read()
            except (httpx.HTTPError, _NotAnIssuer, ValueError, RecursionError) as error:
                self._next_read_at = self._now() + _PAUSE_AFTER_FAILURE_SECONDS
                _LOG.warning("issuer_not_read", reason=type(error).__name__)
                return
            self._read_at = self._now()
            self._next_read_at = self._read_at + _PAUSE_SECONDS

    async def _read(self) -> dict[str, IssuerKey]:
        about = await self._get(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        if about.get("issuer") != self._issuer:
            raise _NotAnIssuer
        address = about.get("jwks_uri")
        if not isinstance(address, str) or urlsplit(address).scheme not in {"https", urlsplit(self._issuer).scheme}:
            raise _NotAnIssuer
        found = (await self._get(address)).get("keys")
        if not isinstance(found, list):
            raise _NotAnIssuer
        return _by_id(cast("list[Any]", found)[:_MOST_KEYS])

    async def _get(self, url: str) -> dict[str, Any]:
        body = bytearray()
        async with asyncio.timeout(2 * _TIMEOUT_SECONDS), self._http.stream("GET", url) as response:
            if response.status_code != HTTPStatus.OK:
                raise _NotAnIssuer
            async for (
                chunk
            ) in response.aiter_raw():  # as sent: a small compressed answer must not unpack to a large one
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise _NotAnIssuer
        document = json.loads(body)
        if not isinstance(document, dict):
            raise _NotAnIssuer
        return cast("dict[str, Any]", document)


def _by_id(found: list[Any]) -> dict[str, IssuerKey]:
    keys: dict[str, IssuerKey] = {}
    for kid, key in _usable(found):
        keys.setdefault(kid, key)
    return keys


def _usable(found: list[Any]) -> Iterator[tuple[str, IssuerKey]]:
    for each in found:
        if not isinstance(each, dict):
            continue
        described = cast("dict[str, Any]", each)
        kid, algorithm = described.get("kid"), _algorithm(described)
        if algorithm is None or not isinstance(kid, str) or not 0 < len(kid) <= _LONGEST_KID:
            continue
        try:
            key = jwt.PyJWK(described, algorithm=algorithm)
        except (PyJWTError, ValueError, TypeError):
            continue
        if _is_public_and_strong(key.key):
            yield kid, IssuerKey(algorithm, key)


def _algorithm(described: dict[str, Any]) -> str | None:
    """The one algorithm that a key is for, of those we take; None for keys of other kinds and other uses."""
    if described.get("use", "sig") != "sig":
        return None
    match described:
        case {"kty": "RSA"}:
            algorithm = "RS256"
        case {"kty": "EC", "crv": str(curve)}:
            algorithm = _CURVES.get(curve)
        case _:
            return None
    return algorithm if described.get("alg", algorithm) == algorithm else None


def _is_public_and_strong(key: object) -> bool:
    if isinstance(key, RSAPublicKey):
        return key.key_size >= _FEWEST_RSA_BITS
    return isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
