"""Idempotency-Key: the answer to a POST is kept beside what it changed; a refusal changed nothing and is not kept."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Final, Self

import asyncpg
from fastapi import Request, Response

from shared.platform.database import Transaction
from shared.platform.http.bodies import WholeRequest
from shared.platform.http.refusals import IdempotencyKeyInUse, IdempotencyKeyReused, MalformedIdempotencyKey
from shared.platform.members import Person

HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[!-~]{1,255}")
_KEPT_HEADERS: Final = ("content-type", "etag", "location")


def key_of(request: Request) -> str | None:
    """The request's key, or None; raises MalformedIdempotencyKey."""
    found = request.headers.getlist(HEADER)
    if not found:
        return None
    if len(found) > 1 or _KEY.fullmatch(found[0]) is None:
        raise MalformedIdempotencyKey
    return found[0]


@dataclass(frozen=True)
class Claim:
    """A person's key on one operation, and what it was first used for."""

    person: Person
    operation: str
    key: str
    request_hash: bytes

    @classmethod
    async def of(cls, request: WholeRequest, person: Person, operation: str, key: str) -> Self:
        """The claim that a request makes: SHA-256 over method, address with query, and body."""
        scope = request.scope
        parts = (request.method.encode(), scope.get("raw_path", b""), scope["query_string"], await request.body())
        digest = hashlib.sha256()
        for part in parts:
            digest.update(len(part).to_bytes(8, "big") + part)
        return cls(person, operation, key, digest.digest())

    async def begin(self, tx: Transaction) -> Response | None:
        """Take the key, or give the answer that was kept for it.

        Whoever comes second waits for the first's commit on the unique index, as long as lock_timeout allows.
        Raises IdempotencyKeyReused, IdempotencyKeyInUse.
        """
        try:
            mine = await tx.find(
                """
                INSERT INTO idempotency_keys (institution_id, person_id, operation, key, body_hash)
                VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING true
                """,
                self.person.institution_id,
                self.person.person_id,
                self.operation,
                self.key,
                self.request_hash,
            )
        except asyncpg.LockNotAvailableError:
            raise IdempotencyKeyInUse from None
        return None if mine is not None else await self._kept(tx)

    async def _kept(self, tx: Transaction) -> Response:
        row = await tx.find(
            """
            SELECT body_hash, status, headers, body FROM idempotency_keys
            WHERE institution_id = $1 AND person_id = $2 AND operation = $3 AND key = $4
            """,
            self.person.institution_id,
            self.person.person_id,
            self.operation,
            self.key,
        )
        if row is None:  # forgotten between the two statements, after its 7 days
            raise IdempotencyKeyInUse
        if row["body_hash"] != self.request_hash:
            raise IdempotencyKeyReused
        headers = json.loads(row["headers"]) | {"Idempotency-Replayed": "true"}
        return Response(row["body"], row["status"], headers)

    async def keep(self, tx: Transaction, response: Response) -> None:
        """Keep the answer beside what it tells of."""
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        await tx.execute(
            """
            UPDATE idempotency_keys SET status = $5, headers = $6, body = $7
            WHERE institution_id = $1 AND person_id = $2 AND operation = $3 AND key = $4
            """,
            self.person.institution_id,
            self.person.person_id,
            self.operation,
            self.key,
            response.status_code,
            json.dumps(headers),
            bytes(response.body),
        )
