"""What meetings does, function by function; each changes nothing but the database, in the transaction it was given.

Locks are taken in one order: the pair, its meetings by id, people's busy times by person, timers. An act that does not
depend on the pair's state (cancel, confirm, report, both timers) starts at the meeting and never goes back to the pair.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final, LiteralString
from uuid import UUID, uuid4

from services.meetings import store
from services.meetings.domain import (
    CancelReason,
    Meeting,
    MeetingNotFound,
    NotFree,
    Pair,
    PairNotFound,
    PairReason,
    PairState,
    State,
    Touchpoint,
)
from shared.contracts.event import Event
from shared.contracts.meetings import Slot
from shared.contracts.pairing import PairCutOff
from shared.platform import outbox, timers
from shared.platform.database import Transaction
from shared.platform.errors import StaleRevision
from shared.platform.members import Person
from shared.platform.timers import Timer

_EVERYTHING: Final = 1_000_000
"""More meetings than a person can have."""
_LOCK_MEETINGS: Final[LiteralString] = (
    "SELECT meeting_id FROM meetings WHERE meeting_id = ANY($1) ORDER BY meeting_id FOR UPDATE SKIP LOCKED"
)


class MeetingExpires(Timer):
    """The last offered slot of a proposal begins; however late it fires, nobody can have accepted since."""

    kind: ClassVar[str] = "meeting_expires"
    lock: ClassVar[LiteralString] = _LOCK_MEETINGS


class MeetingSilence(Timer):
    """72 hours have passed since a meeting's end; however late it fires, nobody can have said anything since."""

    kind: ClassVar[str] = "meeting_silence"
    lock: ClassVar[LiteralString] = _LOCK_MEETINGS


async def propose_meeting(tx: Transaction, pair_id: UUID, me: Person, slots: Sequence[Slot], now: datetime) -> Meeting:
    """Offer the other person up to three times; nothing is booked yet.

    Raises PairNotFound and what `Meeting.propose` raises.
    """
    pair = await store.get_pair_for_update(tx, pair_id)
    if not pair.is_of(me.person_id):
        raise PairNotFound
    waiting = await store.count_unanswered(tx, pair_id)
    meeting, said = Meeting.propose(uuid4(), pair, me.person_id, slots, waiting=waiting, now=now)
    await store.add_meeting(tx, meeting)
    await outbox.publish(tx, said)
    await timers.schedule(tx, MeetingExpires(subject_id=meeting.meeting_id), meeting.expires_at)
    return meeting


async def accept_meeting(
    tx: Transaction, meeting_id: UUID, me: Person, *, seen: int, slot: int, now: datetime
) -> Meeting:
    """Choose one of the offered times, which books it for both.

    Raises MeetingNotFound, StaleRevision, NotFree and what `Meeting.accept` raises.
    """
    pair = await store.get_pair_of_meeting_for_update(tx, meeting_id)
    meeting = await _get_own_for_update(tx, meeting_id, me, seen)
    said = meeting.accept(me.person_id, slot, pair, now)
    await _book(tx, meeting)
    await _record(tx, meeting, said)
    await timers.cancel(tx, MeetingExpires, meeting_id)
    await timers.schedule(tx, MeetingSilence(subject_id=meeting_id), meeting.silent_at)
    return meeting


async def move_meeting(
    tx: Transaction, meeting_id: UUID, me: Person, *, seen: int, slot: Slot, now: datetime
) -> Meeting:
    """Put a booked meeting at another time that is free for both.

    Raises MeetingNotFound, StaleRevision, NotFree and what `Meeting.move` raises.
    """
    pair = await store.get_pair_of_meeting_for_update(tx, meeting_id)
    meeting = await _get_own_for_update(tx, meeting_id, me, seen)
    said = meeting.move(me.person_id, slot, pair, now)
    await store.unbook(tx, meeting_id)
    await _book(tx, meeting)
    await _record(tx, meeting, said)
    await timers.schedule(tx, MeetingSilence(subject_id=meeting_id), meeting.silent_at)
    return meeting


async def cancel_meeting(
    tx: Transaction, meeting_id: UUID, me: Person, *, seen: int, reason: CancelReason, now: datetime
) -> Meeting:
    """Decline or withdraw a proposal, or call a booked meeting off before its start; its time is free again.

    Raises MeetingNotFound, StaleRevision and what `Meeting.cancel` raises.
    """
    meeting = await _get_own_for_update(tx, meeting_id, me, seen)
    said = meeting.cancel(me.person_id, reason, now)
    await store.unbook(tx, meeting_id)
    await _record(tx, meeting, said)
    await _stop_timers(tx, meeting_id)
    return meeting


async def confirm_meeting(tx: Transaction, meeting_id: UUID, me: Person, *, seen: int, now: datetime) -> Meeting:
    """Say that it took place: one person's word is enough, and it wins over an earlier "missed".

    Raises MeetingNotFound, StaleRevision and what `Meeting.confirm` raises.
    """
    meeting = await _get_own_for_update(tx, meeting_id, me, seen)
    await _record(tx, meeting, meeting.confirm(now))
    await timers.cancel(tx, MeetingSilence, meeting_id)
    return meeting


async def report_meeting_missed(tx: Transaction, meeting_id: UUID, me: Person, *, seen: int, now: datetime) -> Meeting:
    """Say that it did not take place; this stands 72 hours after the end unless someone says that it did.

    Raises MeetingNotFound, StaleRevision and what `Meeting.report_missed` raises.
    """
    meeting = await _get_own_for_update(tx, meeting_id, me, seen)
    meeting.report_missed(me.person_id, now)
    await store.save_meeting(tx, meeting)
    return meeting


async def expire_meeting(tx: Transaction, meeting_id: UUID, now: datetime) -> None:
    """Nobody chose a slot before the last of them began."""
    meeting = await store.get_meeting_for_update(tx, meeting_id)
    await _record(tx, meeting, meeting.expire(now))


async def settle_meeting(tx: Transaction, meeting_id: UUID, now: datetime) -> None:
    """72 hours passed after the end: a reported miss stands, silence counts as held, unconfirmed."""
    meeting = await store.get_meeting_for_update(tx, meeting_id)
    await _record(tx, meeting, meeting.settle(now))


async def find_meeting(tx: Transaction, meeting_id: UUID, me: Person) -> Meeting:
    """One meeting, for the two and for administrators of their institutions. Raises MeetingNotFound."""
    meeting = await store.get_meeting(tx, meeting_id)
    if not (meeting.is_of(me.person_id) or await _may_administer(tx, meeting.pair_id, me)):
        raise MeetingNotFound
    return meeting


async def list_meetings(
    tx: Transaction,
    me: Person,
    *,
    pair_id: UUID | None,
    state: State | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Meeting]:
    """At most `limit` meetings, the latest proposed first: one's own, or an administrator's institution's."""
    if me.administers:
        return await store.list_meetings_of_institution(
            tx, me.institution_id, me.person_id, pair_id=pair_id, state=state, before=before, limit=limit
        )
    return await store.list_meetings_of_person(
        tx, me.person_id, pair_id=pair_id, state=state, before=before, limit=limit
    )


async def log_touchpoint(
    tx: Transaction, pair_id: UUID, me: Person, *, happened_at: datetime, minutes: int, now: datetime
) -> Touchpoint:
    """Record a short contact of the two.

    Raises PairNotFound and what `Touchpoint.log` raises.
    """
    pair = await store.get_pair(tx, pair_id)
    if not pair.is_of(me.person_id):
        raise PairNotFound
    touchpoint, said = Touchpoint(uuid4(), pair, me.person_id, happened_at, minutes).log(now)
    await store.add_touchpoint(tx, touchpoint, now)
    await outbox.publish(tx, said)
    return touchpoint


async def list_touchpoints(
    tx: Transaction, pair_id: UUID, me: Person, before: tuple[datetime, UUID] | None, limit: int
) -> list[Touchpoint]:
    """At most `limit` touchpoints of a pair, the latest first, for the two and for administrators.

    Raises PairNotFound.
    """
    pair = await store.get_pair(tx, pair_id)
    if not (pair.is_of(me.person_id) or await _may_administer(tx, pair_id, me)):
        raise PairNotFound
    return await store.list_touchpoints(tx, pair, before, limit)


async def cut_administrators_off(tx: Transaction, pair: PairCutOff) -> None:
    """A notice is over under which the two go on: their meetings are theirs alone from now on."""
    await store.add_cut_off(tx, pair.pair_id, pair.mentor_institution_id, pair.mentee_institution_id)


async def _may_administer(tx: Transaction, pair_id: UUID, me: Person) -> bool:
    return me.administers and not await store.is_cut_off(tx, pair_id)


async def gather_own(tx: Transaction, me: Person) -> tuple[list[Meeting], list[Touchpoint]]:
    """Everything of a person, an administrator's institution's left out."""
    meetings = await store.list_meetings_of_person(
        tx, me.person_id, pair_id=None, state=None, before=None, limit=_EVERYTHING
    )
    return meetings, await store.list_touchpoints_of_person(tx, me.person_id)


async def learn_pair(tx: Transaction, pair: Pair) -> None:
    """A pair may meet from now on."""
    store.add_pair(tx, pair)


async def resume_pair(tx: Transaction, pair_id: UUID) -> None:
    """A pair may meet again; what its pause cancelled stays cancelled."""
    await store.save_pair_states(tx, [pair_id], "active")


async def stop_pairs(
    tx: Transaction, state: PairState, reason: PairReason, since: Mapping[UUID, datetime], now: datetime
) -> None:
    """Pairs pause or end, each at its own instant: proposals, and meetings that had not begun then, are cancelled.

    A pair that ended before it was ever active is not known here, and has nothing to cancel.
    """
    await store.save_pair_states(tx, since.keys(), state)
    # All are locked before the first gives its time back: who waits for that time may hold another one of them.
    coming = await store.list_coming_for_update(tx, since)
    for meeting in coming:
        await store.unbook(tx, meeting.meeting_id)
        await _record(tx, meeting, meeting.fall_with_pair(reason, since[meeting.pair_id], now))
    for meeting in coming:
        await _stop_timers(tx, meeting.meeting_id)


async def _get_own_for_update(tx: Transaction, meeting_id: UUID, me: Person, seen: int) -> Meeting:
    meeting = await store.get_meeting_for_update(tx, meeting_id)
    if not meeting.is_of(me.person_id):
        raise MeetingNotFound
    if seen != meeting.revision:
        raise StaleRevision
    return meeting


async def _book(tx: Transaction, meeting: Meeting) -> None:
    if await store.book(tx, meeting) < len((meeting.mentor_id, meeting.mentee_id)):
        raise NotFree


async def _record(tx: Transaction, meeting: Meeting, said: Event) -> None:
    await store.save_meeting(tx, meeting)
    await outbox.publish(tx, said)


async def _stop_timers(tx: Transaction, meeting_id: UUID) -> None:
    await timers.cancel(tx, MeetingExpires, meeting_id)
    await timers.cancel(tx, MeetingSilence, meeting_id)
