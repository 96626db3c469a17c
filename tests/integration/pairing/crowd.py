"""A consortium as large as one may become, written as rows where telling of it event by event would take minutes."""

from hashlib import md5
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from shared.platform.members import sign_in_key
from shared.platform.settings import LOCAL_SIGN_IN_SECRET

MENTORS: Final = range(3_000)
MENTEES: Final = range(3_000, 50_000)
_HOSPITALS: Final = 10
_SIGN_IN: Final = (*range(_HOSPITALS), *MENTEES[:200])


def hospital_of(number: int) -> UUID:
    """The id of somebody's hospital."""
    return _id(f"h{number % _HOSPITALS}")


def person(number: int) -> UUID:
    """Somebody's id."""
    return _id(f"p{number}")


def subject(number: int) -> str:
    """Whom somebody's token names; one mentor of each hospital and the first two hundred mentees can sign in."""
    return f"{number}@crowd.example"


async def gather(connection: Any) -> None:
    """Write all of them, past every wall."""
    await connection.execute((Path(__file__).parent / "crowd.sql").read_text(encoding="utf-8"))
    await connection.executemany(
        """
        INSERT INTO members (person_id, institution_id, sign_in_key, status, roles)
        VALUES ($1, $2, $3, 'here', $4)
        """,
        [
            (
                person(number),
                hospital_of(number),
                sign_in_key(LOCAL_SIGN_IN_SECRET, subject(number)),
                ["mentor" if number in MENTORS else "mentee"],
            )
            for number in _SIGN_IN
        ],
    )


def _id(text: str) -> UUID:
    """As `md5(text)::uuid` of PostgreSQL."""
    return UUID(md5(text.encode(), usedforsecurity=False).hexdigest())
