"""The logins and the schema of each service, made by an administrator; refuses a login with rights beyond its own."""

import hashlib
import hmac
import json
import re
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

DUTIES: Final = ("migrate", "app", "worker")
"""The three logins of a service: migrations, requests (behind row-level security), and consumers, timers and relay."""

_NAME: Final = re.compile(r"^[a-z][a-z0-9_]{0,40}$")
_PRINTABLE: Final = re.compile(r"^[\x20-\x7e]{8,}$")
_ITERATIONS: Final = 4096  # PostgreSQL's own default, and what RFC 7677 asks for at least

# Identifiers and passwords cannot be arguments of DDL: the server formats them, from settings of this transaction.
_PREPARE: Final = """
DO $do$
DECLARE
    wanted CONSTANT jsonb := current_setting('osler.logins')::jsonb;
    service text;
    duty text;
    verifier text;
    owner text;
    too_strong text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    IF to_regnamespace('public') IS NOT NULL THEN
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
    END IF;
    -- For exclusion constraints over a uuid and a range; a service's owner may not create it. Nothing names its schema.
    CREATE SCHEMA IF NOT EXISTS osler_extensions;
    CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA osler_extensions;
    -- An administrator who is no superuser may act as the owners it creates: it could not make their schemas otherwise.
    PERFORM set_config('createrole_self_grant', 'set', true);

    FOR service IN SELECT jsonb_object_keys(wanted) LOOP
        owner := service || '_owner';
        IF to_regrole(quote_ident(owner)) IS NULL THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', owner);
        END IF;
        EXECUTE format('ALTER ROLE %I NOLOGIN', owner);

        FOR duty, verifier IN SELECT * FROM jsonb_each_text(wanted -> service) LOOP
            IF to_regrole(quote_ident(service || '_' || duty)) IS NULL THEN
                EXECUTE format('CREATE ROLE %I', service || '_' || duty);
            END IF;
            EXECUTE format('ALTER ROLE %I LOGIN NOINHERIT PASSWORD %L', service || '_' || duty, verifier);
            EXECUTE format('ALTER ROLE %I SET search_path = %I', service || '_' || duty, service);
            EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), service || '_' || duty);
        END LOOP;

        -- The migrate login may become the owner, and has none of its rights until it does.
        EXECUTE format('GRANT %I TO %I WITH INHERIT FALSE, SET TRUE', owner, service || '_migrate');

        EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', service || '_app', '5s');
        EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', service || '_app', '2s');
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', service || '_app', '10s');
        EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', service || '_worker', '5s');
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', service || '_worker', '60s');

        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service, owner);
    END LOOP;

    SELECT string_agg(rolname, ', ' ORDER BY rolname) INTO too_strong
    FROM pg_roles JOIN jsonb_object_keys(wanted) name
        ON rolname IN (name || '_owner', name || '_migrate', name || '_app', name || '_worker')
    WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication;
    IF too_strong IS NOT NULL THEN
        RAISE EXCEPTION 'these logins have rights that no service may have: %', too_strong
            USING HINT = 'Take SUPERUSER, BYPASSRLS, CREATEROLE, CREATEDB and REPLICATION from them, and repeat.';
    END IF;
END $do$
"""

_STEPPED_CLOCK: Final = """
CREATE SCHEMA IF NOT EXISTS osler_local;
CREATE TABLE IF NOT EXISTS osler_local.clock (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    now timestamptz NOT NULL
);
DO $do$
DECLARE
    service text;
BEGIN
    FOR service IN SELECT jsonb_array_elements_text(current_setting('osler.services')::jsonb) LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA osler_local TO %I, %I', service || '_app', service || '_worker');
        EXECUTE format('GRANT SELECT ON osler_local.clock TO %I, %I', service || '_app', service || '_worker');
    END LOOP;
END $do$
"""

# Two administrators at once in one database: the second waits.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('osler logins', 0))"

# Roles belong to the cluster and a lock to its database, so two in different databases can meet in one role. Nothing of
# the loser's is done then, and whom it lost to is done: it does it all again, once for each that it can meet.
_MET_ANOTHER: Final = (
    asyncpg.InternalServerError,  # "tuple concurrently updated"
    asyncpg.UniqueViolationError,
    asyncpg.DuplicateObjectError,
)
_TRIES: Final = 20


async def prepare_logins(admin_url: str, services: Sequence[str], passwords: Mapping[str, str]) -> None:
    """Make, or bring up to date, the roles and the schema of each service in the database of `admin_url`.

    `passwords` has one for each `<service>_migrate`, `<service>_app` and `<service>_worker`; they leave this process
    only as SCRAM verifiers, so that no statement log can hold one. Twice is the same as once.
    Raises ValueError for a name or a password that cannot be used.
    """
    wanted = {service: _verifiers(service, passwords) for service in services}
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        for left in reversed(range(_TRIES)):
            try:
                await _prepare(connection, wanted)
            except _MET_ANOTHER:
                if not left:
                    raise
            else:
                return
    finally:
        await connection.close()


async def _prepare(connection: Any, wanted: Mapping[str, Mapping[str, str]]) -> None:
    async with connection.transaction():
        await connection.execute(_LOCK)
        await connection.execute("SELECT set_config('osler.logins', $1, true)", json.dumps(wanted))
        await connection.execute(_PREPARE)


async def prepare_stepped_clock(admin_url: str, services: Sequence[str], start: datetime) -> None:
    """Make the clock of stepped runs, standing at `start`; one that stands somewhere already stays where it is."""
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        async with connection.transaction():
            await connection.execute(_LOCK)
            await connection.execute("SELECT set_config('osler.services', $1, true)", json.dumps(list(services)))
            await connection.execute(_STEPPED_CLOCK)
            await connection.execute("INSERT INTO osler_local.clock (now) VALUES ($1) ON CONFLICT DO NOTHING", start)
    finally:
        await connection.close()


def _verifiers(service: str, passwords: Mapping[str, str]) -> dict[str, str]:
    """What PostgreSQL keeps of each login's password."""
    if not _NAME.match(service):
        message = f"{service!r} cannot name a schema: use lower-case letters, digits and underscores, 41 at most."
        raise ValueError(message)
    verifiers: dict[str, str] = {}
    for duty in DUTIES:
        password = passwords.get(f"{service}_{duty}", "")
        if not _PRINTABLE.match(password):  # other characters would need SASLprep on both sides to mean the same
            message = f"{service}_{duty} needs a password of at least 8 printable ASCII characters."
            raise ValueError(message)
        verifiers[duty] = scram_verifier(password, secrets.token_bytes(16))
    return verifiers


def scram_verifier(password: str, salt: bytes) -> str:
    """The form in which PostgreSQL stores a SCRAM-SHA-256 password (RFC 5803)."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{encoded[0]}${encoded[1]}:{encoded[2]}"
