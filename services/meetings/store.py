"""Every SQL statement of meetings; one function, one statement; refuses to hold a rule."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from services.meetings.domain import Meeting, MeetingNotFound, Pair, PairNotFound, PairState, State, Touchpoint
from shared.contracts.meetings import Slot
from shared.platform.database import Row, Transaction

_PAIR: LiteralString = """
    p.pair_id, p.mentor_id, p.mentee_id, p.mentor_institution_id, p.mentee_institution_id, p.state
"""
_MEETING: LiteralString = """
    meeting_id, pair_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, state, proposed_by,
    proposed_at, slot_starts, slot_ends, starts_at, ends_at, missed_said_by, confirmed, cancelled_by, cancel_reason,
    version, revision
"""
_A_PAGE: LiteralString = """
    AND ($2::uuid IS NULL OR pair_id = $2) AND ($3::text IS NULL OR state = $3)
    AND ($4::timestamptz IS NULL OR (proposed_at, meeting_id) < ($4, $5::uuid))
    ORDER BY proposed_at DESC, meeting_id DESC LIMIT $6
"""


def add_pair(tx: Transaction, pair: Pair) -> None:
    tx.later(
        """
        INSERT INTO pairs (pair_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, state)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        pair.pair_id,
        pair.mentor_id,
        pair.mentee_id,
        pair.mentor_institution_id,
        pair.mentee_institution_id,
        pair.state,
    )


async def save_pair_states(tx: Transaction, pair_ids: Collection[UUID], state: PairState) -> None:
    await tx.execute("UPDATE pairs SET state = $2 WHERE pair_id = ANY($1)", pair_ids, state)


async def get_pair(tx: Transaction, pair_id: UUID) -> Pair:
    return _pair(await tx.find("SELECT " + _PAIR + " FROM pairs p WHERE p.pair_id = $1", pair_id))


async def get_pair_for_update(tx: Transaction, pair_id: UUID) -> Pair:
    return _pair(await tx.find("SELECT " + _PAIR + " FROM pairs p WHERE p.pair_id = $1 FOR UPDATE", pair_id))


async def get_pair_of_meeting_for_update(tx: Transaction, meeting_id: UUID) -> Pair:
    row = await tx.find(
        "SELECT " + _PAIR + " FROM pairs p JOIN meetings m USING (pair_id) WHERE m.meeting_id = $1 FOR UPDATE OF p",
        meeting_id,
    )
    if row is None:
        raise MeetingNotFound
    return _pair(row)


async def add_cut_off(tx: Transaction, pair_id: UUID, mentor_institution_id: UUID, mentee_institution_id: UUID) -> None:
    await tx.execute(
        "INSERT INTO cut_offs (pair_id, mentor_institution_id, mentee_institution_id) VALUES ($1, $2, $3)",
        pair_id,
        mentor_institution_id,
        mentee_institution_id,
    )


async def is_cut_off(tx: Transaction, pair_id: UUID) -> bool:
    return await tx.find("SELECT FROM cut_offs WHERE pair_id = $1", pair_id) is not None


async def count_unanswered(tx: Transaction, pair_id: UUID) -> int:
    row = await tx.get("SELECT count(*) AS waiting FROM meetings WHERE pair_id = $1 AND state = 'proposed'", pair_id)
    return row["waiting"]


async def add_meeting(tx: Transaction, meeting: Meeting) -> None:
    await tx.execute(
        """
        INSERT INTO meetings (
            meeting_id, pair_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, state,
            proposed_by, proposed_at, slot_starts, slot_ends, version, revision
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        meeting.meeting_id,
        meeting.pair_id,
        meeting.mentor_id,
        meeting.mentee_id,
        meeting.mentor_institution_id,
        meeting.mentee_institution_id,
        meeting.state,
        meeting.proposed_by,
        meeting.proposed_at,
        [slot.starts_at for slot in meeting.slots],
        [slot.ends_at for slot in meeting.slots],
        meeting.version,
        meeting.revision,
    )


async def save_meeting(tx: Transaction, meeting: Meeting) -> None:
    await tx.execute(
        """
        UPDATE meetings
        SET state = $2, starts_at = $3, ends_at = $4, missed_said_by = $5, confirmed = $6, cancelled_by = $7,
            cancel_reason = $8, version = $9, revision = $10
        WHERE meeting_id = $1
        """,
        meeting.meeting_id,
        meeting.state,
        meeting.booked.starts_at if meeting.booked else None,
        meeting.booked.ends_at if meeting.booked else None,
        meeting.missed_said_by,
        meeting.confirmed,
        meeting.cancelled_by,
        meeting.cancel_reason,
        meeting.version,
        meeting.revision,
    )


async def get_meeting(tx: Transaction, meeting_id: UUID) -> Meeting:
    return _meeting(await tx.find("SELECT " + _MEETING + " FROM meetings WHERE meeting_id = $1", meeting_id))


async def get_meeting_for_update(tx: Transaction, meeting_id: UUID) -> Meeting:
    return _meeting(await tx.find("SELECT " + _MEETING + " FROM meetings WHERE meeting_id = $1 FOR UPDATE", meeting_id))


async def list_coming_for_update(tx: Transaction, since: Mapping[UUID, datetime]) -> list[Meeting]:
    rows = await tx.fetch(
        "SELECT " + _MEETING + " FROM meetings JOIN unnest($1::uuid[], $2::timestamptz[]) AS stopped (id, at) "
        "ON pair_id = stopped.id WHERE state = 'proposed' OR (state = 'scheduled' AND starts_at > stopped.at) "
        "ORDER BY meeting_id FOR UPDATE OF meetings",
        list(since.keys()),
        list(since.values()),
    )
    return [_meeting(row) for row in rows]


async def list_meetings_of_person(
    tx: Transaction,
    person_id: UUID,
    *,
    pair_id: UUID | None,
    state: State | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Meeting]:
    rows = await tx.fetch(
        "SELECT " + _MEETING + " FROM meetings WHERE (mentor_id = $1 OR mentee_id = $1)" + _A_PAGE,
        person_id,
        pair_id,
        state,
        *(before or (None, None)),
        limit,
    )
    return [_meeting(row) for row in rows]


async def list_meetings_of_institution(
    tx: Transaction,
    institution_id: UUID,
    administrator_id: UUID,
    *,
    pair_id: UUID | None,
    state: State | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Meeting]:
    rows = await tx.fetch(
        "SELECT "
        + _MEETING
        + """
        FROM meetings WHERE (mentor_institution_id = $1 OR mentee_institution_id = $1) AND (
            $7 IN (mentor_id, mentee_id) OR NOT EXISTS (SELECT FROM cut_offs c WHERE c.pair_id = meetings.pair_id)
        )
        """
        + _A_PAGE,
        institution_id,
        pair_id,
        state,
        *(before or (None, None)),
        limit,
        administrator_id,
    )
    return [_meeting(row) for row in rows]


async def book(tx: Transaction, meeting: Meeting) -> int:
    # One person after the other in order of id; tells for how many of the two the time was free.
    rows = await tx.fetch(
        """
        INSERT INTO busy_times (meeting_id, person_id, mentor_institution_id, mentee_institution_id, during)
        SELECT $1, person_id, $3, $4, tstzrange($5, $6) FROM unnest($2::uuid[]) AS person_id ORDER BY person_id
        ON CONFLICT DO NOTHING
        RETURNING person_id
        """,
        meeting.meeting_id,
        [meeting.mentor_id, meeting.mentee_id],
        meeting.mentor_institution_id,
        meeting.mentee_institution_id,
        meeting.booked.starts_at if meeting.booked else None,
        meeting.booked.ends_at if meeting.booked else None,
    )
    return len(rows)


async def unbook(tx: Transaction, meeting_id: UUID) -> None:
    await tx.execute("DELETE FROM busy_times WHERE meeting_id = $1", meeting_id)


async def add_touchpoint(tx: Transaction, touchpoint: Touchpoint, logged_at: datetime) -> None:
    await tx.execute(
        """
        INSERT INTO touchpoints (
            touchpoint_id, pair_id, mentor_institution_id, mentee_institution_id, logged_by, logged_at, happened_at,
            minutes, version
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        touchpoint.touchpoint_id,
        touchpoint.pair.pair_id,
        touchpoint.pair.mentor_institution_id,
        touchpoint.pair.mentee_institution_id,
        touchpoint.logged_by,
        logged_at,
        touchpoint.happened_at,
        touchpoint.minutes,
        touchpoint.version,
    )


async def list_touchpoints(
    tx: Transaction, pair: Pair, before: tuple[datetime, UUID] | None, limit: int
) -> list[Touchpoint]:
    rows = await tx.fetch(
        """
        SELECT touchpoint_id, logged_by, happened_at, minutes, version FROM touchpoints
        WHERE pair_id = $1 AND ($2::timestamptz IS NULL OR (happened_at, touchpoint_id) < ($2, $3::uuid))
        ORDER BY happened_at DESC, touchpoint_id DESC LIMIT $4
        """,
        pair.pair_id,
        *(before or (None, None)),
        limit,
    )
    return [
        Touchpoint(row["touchpoint_id"], pair, row["logged_by"], row["happened_at"], row["minutes"], row["version"])
        for row in rows
    ]


async def list_touchpoints_of_person(tx: Transaction, person_id: UUID) -> list[Touchpoint]:
    rows = await tx.fetch(
        "SELECT t.touchpoint_id, t.logged_by, t.happened_at, t.minutes, t.version, "
        + _PAIR
        + """
        FROM touchpoints t JOIN pairs p USING (pair_id) WHERE p.mentor_id = $1 OR p.mentee_id = $1
        ORDER BY t.happened_at DESC, t.touchpoint_id DESC
        """,
        person_id,
    )
    return [_touchpoint(row) for row in rows]


def _touchpoint(row: Row) -> Touchpoint:
    pair = Pair(
        row["pair_id"],
        row["mentor_id"],
        row["mentee_id"],
        row["mentor_institution_id"],
        row["mentee_institution_id"],
        row["state"],
    )
    return Touchpoint(row["touchpoint_id"], pair, row["logged_by"], row["happened_at"], row["minutes"], row["version"])


def _pair(row: Row | None) -> Pair:
    if row is None:
        raise PairNotFound
    return Pair(**row)


def _meeting(row: Row | None) -> Meeting:
    if row is None:
        raise MeetingNotFound
    offered = zip(row["slot_starts"], row["slot_ends"], strict=True)
    return Meeting(
        meeting_id=row["meeting_id"],
        pair_id=row["pair_id"],
        mentor_id=row["mentor_id"],
        mentee_id=row["mentee_id"],
        mentor_institution_id=row["mentor_institution_id"],
        mentee_institution_id=row["mentee_institution_id"],
        state=row["state"],
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        slots=tuple(Slot(starts_at=starts_at, ends_at=ends_at) for starts_at, ends_at in offered),
        booked=_booked(row),
        missed_said_by=row["missed_said_by"],
        confirmed=row["confirmed"],
        cancelled_by=row["cancelled_by"],
        cancel_reason=row["cancel_reason"],
        version=row["version"],
        revision=row["revision"],
    )


def _booked(row: Row) -> Slot | None:
    if row["starts_at"] is None:
        return None
    return Slot(starts_at=row["starts_at"], ends_at=row["ends_at"])
