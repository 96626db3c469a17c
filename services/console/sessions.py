"""Who is behind a browser: it keeps a random value and this side the rest; no token is ever given to it."""

import asyncio
import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from weakref import WeakValueDictionary

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.console.domain import Session
from services.console.domain.refusals import StaleForm, TokenExpired
from services.console.oidc import Provider, Tokens
from services.console.use_cases import sign_in
from shared.platform.clock import RealNow, real_now
from shared.platform.database import Database, is_nobodys_fault
from shared.platform.loops import rest
from shared.platform.members import sign_in_key
from shared.platform.telemetry import logger

_RENEW_BEFORE: Final = timedelta(minutes=1)
_LONGEST_COOKIE: Final = 200
_SWEEP_SECONDS: Final = 900.0
_log = logger("sessions")


def cipher_of(client_secret: str) -> Fernet:
    """The seal of what a database or a browser keeps for us; its key follows from the client secret (RFC 5869)."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"osler console sessions 1")
    return Fernet(urlsafe_b64encode(derived.derive(client_secret.encode())))


@dataclass(frozen=True)
class CookieNames:
    """The `__Host-` names keep other hosts of the domain from setting them; browsers take them over https only."""

    session: str
    attempt: str
    said: str

    @classmethod
    def of(cls, *, is_secure: bool) -> "CookieNames":
        """The names for a console that is, or is not, reached by https."""
        prefix = "__Host-" if is_secure else ""
        return cls(f"{prefix}osler_session", f"{prefix}osler_sign_in", f"{prefix}osler_said")


@dataclass(frozen=True)
class SignedIn:
    """A session and the value of its cookie, from which the token of its forms follows."""

    session: Session
    secret: str

    @property
    def form_token(self) -> str:
        """What a form made for this sign-in carries, and another site cannot know."""
        return hmac.new(self.secret.encode(), b"osler console forms 1", hashlib.sha256).hexdigest()

    def refuse_foreign(self, form: Mapping[str, str]) -> None:
        """Raise StaleForm unless the form was made for this sign-in."""
        if not hmac.compare_digest(form.get("form_token", "").encode(), self.form_token.encode()):
            raise StaleForm


class Sessions:
    """The sessions of one console. Time is the machine's."""

    def __init__(
        self, database: Database, provider: Provider, cipher: Fernet, sign_in_secret: str, *, now: RealNow = real_now
    ) -> None:
        self._database = database
        self._provider = provider
        self._cipher = cipher
        self._sign_in_secret = sign_in_secret
        self._now = now
        self._renewing: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    async def begin(self, subject: str, tokens: Tokens) -> tuple[str, Session]:
        """Let a browser in: the value of its cookie, and the session; raises UnknownHere."""
        key = sign_in_key(self._sign_in_secret, subject)
        person = await self._database.run(lambda tx: sign_in.find_person(tx, key))
        secret = secrets.token_urlsafe(32)
        session = Session(_hash(secret), person, self._seal(tokens), tokens.obtained_at, tokens.ends_at)
        await self._database.run(
            lambda tx: sign_in.begin_session(tx, session),
            institution_id=person.institution_id,
            person_id=person.person_id,
        )
        return secret, session

    async def find(self, secret: str | None) -> SignedIn | None:
        """The living session of a cookie; None for a stranger's, and for one that has ended."""
        if not secret or len(secret) > _LONGEST_COOKIE:
            return None
        session = await self._database.run(lambda tx: sign_in.find_session(tx, _hash(secret)))
        return None if session is None else SignedIn(session, secret)

    async def touch(self, session: Session) -> None:
        """Keep a session from ending for lack of use."""
        await self._database.run(
            lambda tx: sign_in.touch_session(tx, session),
            institution_id=session.person.institution_id,
            person_id=session.person.person_id,
        )

    async def end(self, session: Session) -> None:
        """Sign out."""
        await self._database.run(
            lambda tx: sign_in.end_session(tx, session),
            institution_id=session.person.institution_id,
            person_id=session.person.person_id,
        )

    async def access_token(self, signed_in: SignedIn) -> str:
        """A token that lives for a while yet, renewed where that needs no person; raises TokenExpired."""
        session = signed_in.session
        lock = self._renewing.setdefault(session.session_hash, asyncio.Lock())
        async with lock:  # two presses at once must not both spend one refresh token
            if self._now() + _RENEW_BEFORE >= session.token_ends_at:
                session = await self._renew(signed_in)
            return self._open(session)[0]

    async def _renew(self, signed_in: SignedIn) -> Session:
        current = await self.find(signed_in.secret)
        if current is None:
            raise TokenExpired
        if self._now() + _RENEW_BEFORE < current.session.token_ends_at:  # another press has just done it
            return current.session
        refresh = self._open(current.session)[1]
        if refresh is None:
            raise TokenExpired
        given = await self._provider.renew(refresh)
        tokens = replace(given, refresh=given.refresh or refresh)
        renewed = replace(
            current.session,
            sealed_token=self._seal(tokens),
            token_obtained_at=tokens.obtained_at,
            token_ends_at=tokens.ends_at,
        )
        await self._database.run(
            lambda tx: sign_in.keep_token(tx, renewed),
            institution_id=renewed.person.institution_id,
            person_id=renewed.person.person_id,
        )
        return renewed

    def _seal(self, tokens: Tokens) -> bytes:
        return self._cipher.encrypt(json.dumps([tokens.access, tokens.refresh]).encode())

    def _open(self, session: Session) -> tuple[str, str | None]:
        try:
            access, refresh = json.loads(self._cipher.decrypt(session.sealed_token))
        except (InvalidToken, ValueError):  # sealed before the client secret was changed
            raise TokenExpired from None
        return access, refresh


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


@asynccontextmanager
async def sweeping(worker: Database) -> AsyncGenerator[None]:
    """Forget ended sessions every quarter of an hour, while this is open."""
    task = asyncio.create_task(_sweep(worker), name="sweep-sessions")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _sweep(worker: Database) -> None:
    while True:
        try:
            await worker.run(sign_in.forget_ended_sessions)
        except Exception as error:
            if not is_nobodys_fault(error):
                raise
            _log.info("sweep_waits", error=type(error).__name__)
        await rest(_SWEEP_SECONDS)
