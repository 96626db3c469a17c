"""What a process is told by its environment, read once; production refuses what is only safe on one's own machine."""

import ipaddress
import os
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Protocol, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from shared.platform.clock import ClockKind

LOCAL_SIGN_IN_SECRET: Final = "osler-local-sign-in-secret-not-for-production"  # noqa: S105 - public: production refuses it
LOCAL_CONTACTS_KEY: Final = "b3NsZXItbG9jYWwtY29udGFjdHMta2V5LTMyYnl0ZXM="
"""32 bytes in base64 that everybody can read here, and that production therefore refuses."""

_KNOWN_SECRETS: Final = frozenset(
    {LOCAL_SIGN_IN_SECRET, LOCAL_CONTACTS_KEY, "osler", "osler_admin", "localadmin", "postgres", "kafka", "admin"}
    | {"administrator", "password", "passw0rd", "secret", "changeme", "change-me", "test", "local", "example"}
)
_SHORTEST_PASSWORD: Final = 16
_SHORTEST_KEY: Final = 32
_FEWEST_LETTERS: Final = 8  # a key of 32 times the same letter is not a key
_CONTACTS_KEY_BYTES: Final = 32
_PATCHED_POSTGRES: Final = 180_007


@dataclass(frozen=True)
class Problem:
    """One reason not to start: a stable code, and a sentence that says what to change."""

    code: str
    sentence: str


class SettingsRefused(Exception):
    """The process does not start with these settings; every problem is listed, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        lines = "".join(f"\n  {problem.code}: {problem.sentence}" for problem in problems)
        super().__init__(f"Osler does not start with these settings:{lines}")


class PlatformSettings(BaseSettings):
    """Every `OSLER_` variable that the platform knows; the field `http_port` is read from OSLER_HTTP_PORT."""

    model_config = SettingsConfigDict(
        env_prefix="OSLER_", frozen=True, extra="ignore", hide_input_in_errors=True, validate_default=True
    )

    env: Literal["local", "test", "production"] = "local"
    clock: ClockKind = "real"
    place: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "0"
    """Where this process stands among its like, the same after a restart: a StatefulSet's ordinal, for one."""

    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 8080

    app_database: Annotated[str, Field(repr=False)] = ""
    worker_database: Annotated[str, Field(repr=False)] = ""
    migrate_database: Annotated[str, Field(repr=False)] = ""

    kafka_bootstrap: str = "127.0.0.1:9092"
    kafka_protocol: Literal["SASL_PLAINTEXT", "SASL_SSL", "PLAINTEXT"] = "SASL_PLAINTEXT"
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")

    issuer: str = ""
    audience: str = "osler"
    sign_in_secret: SecretStr = SecretStr(LOCAL_SIGN_IN_SECRET)
    contacts_key: SecretStr = SecretStr("")
    """Base64 of 32 bytes; only in the processes of services that may read contact details."""

    otlp_endpoint: str = ""

    smtp_host: str = "127.0.0.1"
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 1025
    mail_from: str = "osler@localhost"

    console_url: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    service_urls: dict[str, str] = {}

    @field_validator("contacts_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        try:
            decoded = b64decode(value.get_secret_value(), validate=True)
        except ValueError:
            decoded = b"?"
        if decoded and len(decoded) != _CONTACTS_KEY_BYTES:
            message = "must be base64 of 32 bytes"
            raise ValueError(message)
        return value

    @classmethod
    def read(cls) -> Self:
        """This process's settings from its environment; raises SettingsRefused with every problem at once."""
        try:
            settings = cls()
        except ValidationError as error:
            raise SettingsRefused([_malformed(str(e["loc"][0]), e["msg"]) for e in error.errors()]) from None
        except SettingsError as error:
            raise SettingsRefused([Problem("malformed_setting", f"{error}.")]) from None
        problems = list(problems_in_production(settings, os.environ)) if settings.env == "production" else []
        if problems:
            raise SettingsRefused(problems)
        return settings


def _malformed(field: str, message: str) -> Problem:
    return Problem("malformed_setting", f"OSLER_{field.upper()}: {message}.")


def problems_in_production(settings: PlatformSettings, environment: Mapping[str, str]) -> Iterator[Problem]:
    """Everything in these settings that production refuses."""
    if settings.clock != "real":
        yield Problem("stepped_clock", "OSLER_CLOCK must be real: a stepped clock is for tests and the demo.")
    yield from _issuer_problems(settings.issuer)
    if settings.console_url and not settings.console_url.startswith("https://"):
        yield Problem("insecure_console", "OSLER_CONSOLE_URL must begin with https://, or sessions can be stolen.")
    if settings.kafka_protocol != "SASL_SSL":
        yield Problem("plaintext_kafka", "OSLER_KAFKA_PROTOCOL must be SASL_SSL: events would travel unencrypted.")
    yield from _secret_problems(settings)
    for name in sorted(environment):
        if name.upper().startswith("OSLER_CRASH_"):
            yield Problem("crash_points", f"{name} must not be set: it asks the process to die at a chosen place.")


def _issuer_problems(issuer: str) -> Iterator[Problem]:
    address = urlsplit(issuer)
    if address.scheme != "https":
        yield Problem("insecure_issuer", "OSLER_ISSUER must begin with https://, or its keys can be replaced.")
    if is_loopback(address.hostname or ""):
        yield Problem("loopback_issuer", "OSLER_ISSUER must not be on this machine: the local issuer signs anyone in.")


def is_loopback(host: str) -> bool:
    """Whether a host name or an address means the machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_unspecified


def _secret_problems(settings: PlatformSettings) -> Iterator[Problem]:
    if _is_weak(settings.sign_in_secret.get_secret_value(), _SHORTEST_KEY):
        yield Problem("weak_sign_in_secret", f"OSLER_SIGN_IN_SECRET must be {_SHORTEST_KEY} random characters.")
    contacts_key = settings.contacts_key.get_secret_value()
    if contacts_key and (contacts_key in _KNOWN_SECRETS or len(set(b64decode(contacts_key))) < _FEWEST_LETTERS):
        yield Problem("weak_contacts_key", "OSLER_CONTACTS_KEY must be 32 random bytes, not the key of local runs.")
    passwords = {
        "OSLER_KAFKA_PASSWORD": settings.kafka_password.get_secret_value(),
        "OSLER_CLIENT_SECRET": settings.client_secret.get_secret_value() if settings.client_id else None,
    }
    urls = {
        "OSLER_APP_DATABASE": settings.app_database,
        "OSLER_WORKER_DATABASE": settings.worker_database,
        "OSLER_MIGRATE_DATABASE": settings.migrate_database,
    }
    passwords |= {name: unquote(urlsplit(url).password or "") for name, url in urls.items() if url}
    for name, password in passwords.items():
        if password is not None and _is_weak(password, _SHORTEST_PASSWORD):
            yield Problem("weak_password", f"The password in {name} must be {_SHORTEST_PASSWORD} random characters.")


def _is_weak(secret: str, shortest: int) -> bool:
    known = secret.casefold() in _KNOWN_SECRETS
    return known or len(secret) < shortest or len(set(secret)) < _FEWEST_LETTERS


class Queries(Protocol):
    """What of asyncpg's connection or pool is needed here."""

    async def fetchval(self, query: str, *args: object) -> object: ...


async def refuse_superuser(connection: Queries) -> None:
    """Raise SettingsRefused where row-level security would not bind the connection's login, `app` or `worker`.

    So it is with a superuser, with BYPASSRLS, and with who may become either, or the owner of a schema.
    """
    too_strong = await connection.fetchval(
        """
        SELECT string_agg(rolname, ', ' ORDER BY rolname) FROM pg_roles
        WHERE pg_has_role(current_user, oid, 'MEMBER')
            AND (rolsuper OR rolbypassrls OR oid IN (SELECT nspowner FROM pg_namespace))
        """
    )
    if too_strong is not None:
        sentence = f"This login is or may become {too_strong}, which row-level security does not bind."
        raise SettingsRefused([Problem("superuser_login", sentence)])


async def postgres_warning(connection: Queries) -> Problem | None:
    """What to warn of about the server's version; None where there is nothing.

    CVE-2026-120154, fixed in 18.7: where a unique key lacks the institution, INSERT … ON CONFLICT DO UPDATE … WHERE
    shows a caller the rows of others. Only a warning, because 18.6 is what packages bring today, and because a check of
    our schemas refuses such keys, which closes the hole between institutions on 18.6 too.
    """
    version = int(str(await connection.fetchval("SELECT current_setting('server_version_num')")))
    if version >= _PATCHED_POSTGRES:
        return None
    return Problem("old_postgres", "PostgreSQL before 18.7 has a hole in row-level security (CVE-2026-120154).")
