"""The statements about what mentors' records are made of; one function, one statement; refuses to hold a rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from services.pairing.domain import Pair
from services.pairing.domain.record import Acknowledgement, Tally
from shared.platform.database import Transaction

_ACKNOWLEDGEMENT: Final[LiteralString] = "is_named, thanks, thanks_in_record, thanked_at"


def add_to_tally(tx: Transaction, pair_id: UUID, more: Tally) -> None:
    """The two of a pair did more together."""
    tx.later(
        """
        INSERT INTO tallies (pair_id, mentor_institution_id, mentee_institution_id, meetings, verified_minutes,
            unconfirmed_meetings, touchpoints, touchpoint_minutes)
        SELECT pair_id, mentor_institution_id, mentee_institution_id, $2, $3, $4, $5, $6 FROM pairs WHERE pair_id = $1
        ON CONFLICT (pair_id, mentee_institution_id) DO UPDATE
        SET meetings = tallies.meetings + EXCLUDED.meetings,
            verified_minutes = tallies.verified_minutes + EXCLUDED.verified_minutes,
            unconfirmed_meetings = tallies.unconfirmed_meetings + EXCLUDED.unconfirmed_meetings,
            touchpoints = tallies.touchpoints + EXCLUDED.touchpoints,
            touchpoint_minutes = tallies.touchpoint_minutes + EXCLUDED.touchpoint_minutes
        """,
        pair_id,
        more.meetings,
        more.verified_minutes,
        more.unconfirmed_meetings,
        more.touchpoints,
        more.touchpoint_minutes,
    )


async def list_tallies(tx: Transaction, mentor_id: UUID) -> dict[UUID, Tally]:
    """What a mentor did with each of their mentees, by pair; nothing of a pair that never met."""
    rows = await tx.fetch(
        """
        SELECT pair_id, t.meetings, t.verified_minutes, t.unconfirmed_meetings, t.touchpoints, t.touchpoint_minutes
        FROM tallies t JOIN pairs p USING (pair_id) WHERE p.mentor_id = $1
        """,
        mentor_id,
    )
    tallies = [dict(row) for row in rows]
    return {tally.pop("pair_id"): Tally(**tally) for tally in tallies}


def save_level_since(tx: Transaction, institution_id: UUID, person_id: UUID, level: str | None, at: datetime) -> None:
    """In which year a mentee is from then on."""
    tx.later(
        """
        INSERT INTO levels (institution_id, person_id, since, level) VALUES ($1, $2, $3, $4)
        ON CONFLICT (institution_id, person_id, since) DO UPDATE SET level = EXCLUDED.level
        """,
        institution_id,
        person_id,
        at,
        level,
    )


async def list_levels(tx: Transaction, mentees: Sequence[UUID], instants: Sequence[datetime]) -> list[str | None]:
    """In which year each mentee was at the instant beside them; seen as their institution."""
    rows = await tx.fetch(
        """
        SELECT (
            SELECT l.level FROM levels l WHERE l.person_id = asked.person_id AND l.since <= asked.at
            ORDER BY l.since DESC LIMIT 1
        ) AS level
        FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY asked (person_id, at, place) ORDER BY place
        """,
        list(mentees),
        list(instants),
    )
    return [row["level"] for row in rows]


async def save_acknowledgement(tx: Transaction, pair: Pair, said: Acknowledgement, now: datetime) -> None:
    """What a mentee lets the mentor show from now on; a note that is the same keeps its date."""
    await tx.execute(
        """
        INSERT INTO acknowledgements (pair_id, person_id, mentor_id, mentor_institution_id, mentee_institution_id,
            is_named, thanks, thanks_in_record, thanked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $7::text IS NOT NULL THEN $9::timestamptz END)
        ON CONFLICT (pair_id, mentee_institution_id) DO UPDATE
        SET is_named = EXCLUDED.is_named, thanks = EXCLUDED.thanks, thanks_in_record = EXCLUDED.thanks_in_record,
            thanked_at = CASE WHEN EXCLUDED.thanks = acknowledgements.thanks THEN acknowledgements.thanked_at
                ELSE EXCLUDED.thanked_at END
        """,
        pair.pair_id,
        pair.mentee_id,
        pair.mentor_id,
        pair.mentor_institution_id,
        pair.mentee_institution_id,
        said.is_named,
        said.thanks,
        said.thanks_in_record,
        now,
    )


async def find_acknowledgement(tx: Transaction, pair_id: UUID) -> Acknowledgement:
    """What the mentee of a pair said; at first nothing."""
    row = await tx.find("SELECT " + _ACKNOWLEDGEMENT + " FROM acknowledgements WHERE pair_id = $1", pair_id)
    return Acknowledgement() if row is None else Acknowledgement(**row)


async def list_acknowledgements(tx: Transaction, person_id: UUID) -> dict[UUID, Acknowledgement]:
    """What somebody said as a mentee, and what was said to them as a mentor, by pair."""
    rows = await tx.fetch(
        "SELECT pair_id, "
        + _ACKNOWLEDGEMENT
        + " FROM acknowledgements WHERE person_id = $1 OR mentor_id = $1 ORDER BY pair_id",
        person_id,
    )
    found = [dict(row) for row in rows]
    return {said.pop("pair_id"): Acknowledgement(**said) for said in found}


async def delete_acknowledgements_of(tx: Transaction, person_id: UUID) -> None:
    """What a person said as a mentee, and what was said to them as a mentor."""
    await tx.execute("DELETE FROM acknowledgements WHERE person_id = $1 OR mentor_id = $1", person_id)


async def delete_thanks_of_pair(tx: Transaction, pair_id: UUID) -> None:
    """The words of a pair are over; whether the mentee may be named is no word."""
    await tx.execute(
        "UPDATE acknowledgements SET thanks = NULL, thanks_in_record = false, thanked_at = NULL WHERE pair_id = $1",
        pair_id,
    )
