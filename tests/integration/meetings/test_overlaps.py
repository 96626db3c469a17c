"""Two meetings of one person never overlap: the database holds it, whoever books at the same instant."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.meetings.domain import MeetingNotFound
from services.meetings.store import get_meeting
from shared.platform.database import Row
from tests.integration.meetings.ward import Couple, Ward, half_an_hour, times

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def overlaps(rows: Sequence[Row]) -> list[tuple[Row, Row]]:
    return [
        (one, other)
        for one, other in pairwise(rows)
        if one["person_id"] == other["person_id"] and one["ends_at"] > other["starts_at"]
    ]


async def test_of_many_meetings_booked_at_the_same_instant_one_wins(ward: Ward) -> None:
    mentor, now = await ward.join("mentor"), await ward.now()
    couples = [await ward.pair(mentor=mentor) for _ in range(8)]
    proposals = [(await ward.propose(couple, half_an_hour(now + DAY))).json() for couple in couples]
    answers = await asyncio.gather(*map(ward.accept, couples, proposals))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"not_free"}
    assert len(await ward.busy([mentor])) == 1


async def test_a_person_who_is_mentor_in_one_pair_and_mentee_in_another_is_one_person(ward: Ward) -> None:
    both, now = await ward.join("mentor", "mentee"), await ward.now()
    await ward.schedule(await ward.pair(mentor=both), half_an_hour(now + DAY))
    other = await ward.pair(mentee=both)
    end = now + DAY + HOUR / 2
    meeting = (await ward.propose(other, (end - HOUR / 4, end), half_an_hour(end))).json()
    assert (await ward.accept(other, meeting, 0)).json()["code"] == "not_free"
    assert (await ward.accept(other, meeting, 1)).status_code == 200


async def test_a_refused_move_leaves_the_meeting_where_it_was(ward: Ward) -> None:
    mentor, now = await ward.join("mentor"), await ward.now()
    first, second = await ward.pair(mentor=mentor), await ward.pair(mentor=mentor)
    await ward.schedule(first, half_an_hour(now + DAY))
    meeting = await ward.schedule(second, half_an_hour(now + 2 * DAY))
    refused = await ward.act(second.mentee, meeting, "move", times(half_an_hour(now + DAY + HOUR / 4)))
    assert (refused.status_code, refused.json()["code"]) == (409, "not_free")
    assert await ward.show(second.mentee, meeting) == meeting
    assert [row["starts_at"] for row in await ward.busy([second.mentee])] == [now + 2 * DAY]


async def test_a_meeting_moves_by_less_than_its_own_length(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    meeting = await ward.schedule(couple, half_an_hour(now + DAY))
    moved = await ward.act(couple.mentor, meeting, "move", times(half_an_hour(now + DAY + HOUR / 4)))
    assert moved.status_code == 200


async def test_a_held_meeting_keeps_its_time_until_its_end(ward: Ward) -> None:
    mentor, now = await ward.join("mentor"), await ward.now()
    couple, other = await ward.pair(mentor=mentor), await ward.pair(mentor=mentor)
    meeting = await ward.schedule(couple, (now + HOUR, now + 4 * HOUR))
    await ward.step(to=now + HOUR)
    assert (await ward.act(couple.mentor, meeting, "held")).status_code == 200
    proposed = (await ward.propose(other, half_an_hour(now + 2 * HOUR))).json()
    assert (await ward.accept(other, proposed)).json()["code"] == "not_free"


async def test_the_database_itself_refuses_an_overlap(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    meeting = await ward.schedule(couple, half_an_hour(now + DAY))
    other = await ward.schedule(couple, half_an_hour(now + 2 * DAY))
    with pytest.raises(asyncpg.ExclusionViolationError):
        await ward.running.worker.pool.execute(
            "UPDATE busy_times SET during = (SELECT b.during FROM busy_times b"
            " WHERE b.meeting_id = $1 AND b.person_id = $3) WHERE meeting_id = $2 AND person_id = $3",
            UUID(meeting["meeting_id"]),
            UUID(other["meeting_id"]),
            couple.mentor.person_id,
        )


@pytest.mark.parametrize("seed", range(3))
async def test_under_many_hands_booked_times_never_overlap_and_are_what_the_meetings_say(ward: Ward, seed: int) -> None:
    """Bookings, moves, cancellations and pauses at once, among few people and few times of day."""
    now = await ward.now()
    mentors = [await ward.join("mentor", "mentee") for _ in range(3)]
    mentees = [await ward.join("mentee", "mentor") for _ in range(3)]
    couples = [await ward.pair(mentor, mentee) for mentor in mentors for mentee in mentees]
    couples += [await ward.pair(mentees[0], mentors[0])]
    await asyncio.gather(*(hand(ward, couple, Random(f"{seed} {n}"), now) for n, couple in enumerate(couples)))  # noqa: S311 - a seed must repeat
    rows = await ward.busy([*mentors, *mentees])
    assert rows
    assert overlaps(rows) == []
    booked = await ward.running.rows(
        """
        SELECT person_id, meeting_id, starts_at, ends_at
        FROM meetings, LATERAL (VALUES (mentor_id), (mentee_id)) AS people (person_id)
        WHERE pair_id = ANY($1) AND state IN ('scheduled', 'held', 'missed') ORDER BY person_id, starts_at
        """,
        [couple.pair_id for couple in couples],
    )
    assert [tuple(row) for row in rows] == [tuple(row) for row in booked]


async def hand(ward: Ward, couple: Couple, rng: Random, now: datetime) -> None:
    """One pair's afternoon of second thoughts."""
    for _ in range(6):
        slot = half_an_hour(now + DAY + rng.randrange(6) * HOUR / 4)
        proposed = await ward.propose(couple, slot)
        if proposed.status_code != 201:
            couple = await ward.resume(couple)
            continue
        accepted = await ward.accept(couple, proposed.json())
        meeting = accepted.json() if accepted.status_code == 200 else proposed.json()
        match rng.randrange(4):
            case 0:
                await ward.act(couple.mentee, meeting, "cancel")
            case 1:
                couple = await ward.pause(couple)
            case _:
                await ward.act(couple.mentor, meeting, "move", times(half_an_hour(slot[0] + HOUR / 4)))


async def test_row_level_security_hides_a_meeting_with_the_policy_table_bypassed(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    meeting_id = UUID((await ward.schedule(couple, half_an_hour(now + DAY)))["meeting_id"])
    for institution_id in (couple.mentor.institution_id, couple.mentee.institution_id):
        async with ward.running.app.transaction(institution_id) as tx:
            assert (await get_meeting(tx, meeting_id)).meeting_id == meeting_id
    for elsewhere in (uuid4(), None):
        async with ward.running.app.transaction(elsewhere) as tx:
            with pytest.raises(MeetingNotFound):
                await get_meeting(tx, meeting_id)
            for rows in (
                await tx.fetch("SELECT FROM pairs"),
                await tx.fetch("SELECT FROM meetings"),
                await tx.fetch("SELECT FROM busy_times"),
                await tx.fetch("SELECT FROM touchpoints"),
            ):
                assert rows == []
