"""Sign-in by OpenID Connect (code, PKCE, state, nonce); refuses an answer that this browser did not ask for."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, Self, cast
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx
import jwt
from cryptography.fernet import Fernet, InvalidToken
from jwt.exceptions import PyJWTError

from services.console.domain.refusals import IssuerUnavailable, SignInFailed, TokenExpired
from shared.platform.clock import RealNow, real_now
from shared.platform.issuer import IssuerKeys

ATTEMPT_SECONDS: Final = 600
_SCOPE: Final = "openid"
_FRESH: Final = timedelta(minutes=10)
_LONGEST_TOKEN: Final = timedelta(minutes=15)
_LEEWAY_SECONDS: Final = 5
_REQUIRED: Final = ["iss", "aud", "sub", "exp", "iat", "nonce"]


@dataclass(frozen=True)
class Attempt:
    """One sign-in under way in one browser, kept there under seal, so that strangers fill no table of ours."""

    state: str
    nonce: str
    verifier: str
    return_to: str

    @classmethod
    def begin(cls, return_to: str) -> Self:
        """A new one, with 256 bits of chance in each part."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), return_to)

    @property
    def challenge(self) -> str:
        """The S256 challenge of the verifier (RFC 7636, 4.2)."""
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")

    def seal(self, cipher: Fernet) -> str:
        """The cookie's value."""
        return cipher.encrypt(json.dumps(asdict(self)).encode()).decode()

    @classmethod
    def open(cls, cipher: Fernet, sealed: str) -> Self:
        """What the cookie holds; raises SignInFailed for one that is older than ten minutes, or is not ours."""
        try:
            return cls(**json.loads(cipher.decrypt(sealed, ttl=ATTEMPT_SECONDS)))
        except (InvalidToken, TypeError, ValueError):
            raise SignInFailed from None


@dataclass(frozen=True)
class Tokens:
    """What the issuer gave; the refresh token is None where it gives none."""

    access: str
    refresh: str | None
    obtained_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Client:
    """How the console is registered with the issuer."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    signed_out_uri: str


@dataclass(frozen=True)
class _Endpoints:
    authorize: str
    token: str
    end_session: str | None
    names_itself: bool


class Provider:
    """The issuer, as a client sees it. Its addresses are read by discovery and again after ten minutes."""

    def __init__(self, client: Client, http: httpx.AsyncClient, keys: IssuerKeys, *, now: RealNow = real_now) -> None:
        self._client = client
        self._http = http
        self._keys = keys
        self._now = now
        self._endpoints: _Endpoints | None = None
        self._read_at = now()

    async def sign_in_address(self, attempt: Attempt) -> str:
        """Where to send the browser; raises IssuerUnavailable."""
        asked = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.redirect_uri,
            "scope": _SCOPE,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return _with_query((await self._discover()).authorize, asked)

    async def sign_out_address(self) -> str | None:
        """Where a session at the issuer ends; None where the issuer has no such place (RP-Initiated Logout 1.0)."""
        address = (await self._discover()).end_session
        if address is None:
            return None
        left = {"client_id": self._client.client_id, "post_logout_redirect_uri": self._client.signed_out_uri}
        return _with_query(address, left)

    async def redeem(self, answer: Mapping[str, str], attempt: Attempt) -> tuple[str, Tokens]:
        """The scoped subject who signed in, and their tokens; raises SignInFailed, IssuerUnavailable."""
        endpoints = await self._discover()
        if not secrets.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise SignInFailed
        # An answer of another issuer, mixed into ours (RFC 9207).
        if answer.get("iss", self._client.issuer if not endpoints.names_itself else "") != self._client.issuer:
            raise SignInFailed
        if not answer.get("code"):
            raise SignInFailed
        given = await self._exchange(
            {
                "grant_type": "authorization_code",
                "code": answer["code"],
                "redirect_uri": self._client.redirect_uri,
                "code_verifier": attempt.verifier,
            }
        )
        return await self._subject(given, attempt.nonce), self._tokens(given)

    async def renew(self, refresh_token: str) -> Tokens:
        """New tokens for a session that goes on; raises TokenExpired where the issuer wants to see the person."""
        try:
            return self._tokens(await self._exchange({"grant_type": "refresh_token", "refresh_token": refresh_token}))
        except SignInFailed:
            raise TokenExpired from None

    async def _exchange(self, grant: Mapping[str, str]) -> Mapping[str, Any]:
        """Ask the token endpoint as ourselves (RFC 6749, 2.3.1 and 4.1.3)."""
        credentials = httpx.BasicAuth(quote_plus(self._client.client_id), quote_plus(self._client.client_secret))
        try:
            response = await self._http.post(
                (await self._discover()).token, data=grant, auth=credentials, headers={"Accept": "application/json"}
            )
        except httpx.HTTPError as error:
            raise IssuerUnavailable from error
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise IssuerUnavailable
        if response.status_code != HTTPStatus.OK:
            raise SignInFailed
        return _json(response)

    def _tokens(self, given: Mapping[str, Any]) -> Tokens:
        access, refresh, seconds = given.get("access_token"), given.get("refresh_token"), given.get("expires_in")
        if not isinstance(access, str) or str(given.get("token_type")).lower() != "bearer":
            raise SignInFailed
        now = self._now()
        lasts = timedelta(seconds=seconds) if isinstance(seconds, int) and seconds > 0 else timedelta(minutes=5)
        return Tokens(access, refresh if isinstance(refresh, str) else None, now, now + min(lasts, _LONGEST_TOKEN))

    async def _subject(self, given: Mapping[str, Any], nonce: str) -> str:
        """Whom the id token names, once it is the issuer's, for us, of now and of this attempt (OIDC Core, 3.1.3.7)."""
        token = given.get("id_token")
        try:
            if not isinstance(token, str):
                raise SignInFailed
            key = await self._keys.find(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise SignInFailed
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._client.client_id,
                issuer=self._client.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED, "strict_aud": True},
            )
        except PyJWTError:
            raise SignInFailed from None
        if not secrets.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise SignInFailed
        return str(claims["sub"])

    async def _discover(self) -> _Endpoints:
        if self._endpoints is not None and self._now() - self._read_at < _FRESH:
            return self._endpoints
        try:
            response = await self._http.get(self._client.issuer.rstrip("/") + "/.well-known/openid-configuration")
            about = _json(response)
        except (httpx.HTTPError, SignInFailed) as error:
            if self._endpoints is not None:
                return self._endpoints
            raise IssuerUnavailable from error
        self._endpoints = _endpoints(about, self._client.issuer)
        self._read_at = self._now()
        return self._endpoints


def _endpoints(about: Mapping[str, Any], issuer: str) -> _Endpoints:
    authorize, token = about.get("authorization_endpoint"), about.get("token_endpoint")
    end_session = about.get("end_session_endpoint")
    if about.get("issuer") != issuer or not _is_like(authorize, issuer) or not _is_like(token, issuer):
        raise IssuerUnavailable
    return _Endpoints(
        cast("str", authorize),
        cast("str", token),
        cast("str", end_session) if _is_like(end_session, issuer) else None,
        about.get("authorization_response_iss_parameter_supported") is True,
    )


def _is_like(address: object, issuer: str) -> bool:
    """Whether an address is as safe as the issuer's own: https, or http where the issuer itself is."""
    return isinstance(address, str) and urlsplit(address).scheme in {"https", urlsplit(issuer).scheme}


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def _json(response: httpx.Response) -> Mapping[str, Any]:
    try:
        document = response.json()
    except ValueError:
        raise SignInFailed from None
    if not isinstance(document, dict):
        raise SignInFailed
    return cast("dict[str, Any]", document)
