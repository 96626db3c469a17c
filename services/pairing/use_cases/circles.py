"""What people do in circles; refuses to make anybody a member, or to show who is of one before they are of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.pairing import store
from services.pairing.domain import (
    ENDED_BY_LEADER,
    Circle,
    CircleKind,
    CircleMember,
    CircleWho,
    CompanionNotFound,
    ConflictOfInterest,
    Counts,
    NotYourStep,
    Person,
    new_circle,
    refuse_leader,
)
from services.pairing.use_cases.asides import end_invitation, tell_invited
from services.pairing.use_cases.cascade import get_at_home, standing_in
from services.pairing.use_cases.offers import is_conflicted
from shared.contracts.event import Role
from shared.contracts.pairing import CircleEvent
from shared.platform import outbox
from shared.platform.database import Transaction
from shared.platform.members import Person as Member

_LEADER_GONE: Final = "leader_gone"


async def form_circle(
    tx: Transaction, me: Member, kind: CircleKind, topic: str, person_ids: Sequence[UUID], now: datetime
) -> Circle:
    """Lead a circle and invite people to it.

    Raises CannotLead, SamePerson, CompanionNotFound, ConflictOfInterest, CircleFull.
    """
    people = await store.list_people_for_share(tx, me.institution_id, [me.person_id])
    leader = refuse_leader(people.get(me.person_id), kind)
    circle = new_circle(leader, kind, topic, now)
    formed = circle.form()
    invited = circle.invite(await _find_companions(tx, circle, leader, person_ids, now), "leader", now)
    await store.add_circle(tx, circle)
    for member in invited:
        await store.save_circle_member(tx, circle, member)
    await outbox.publish(tx, formed)
    for member in invited:
        await tell_invited(tx, circle, member)
    return circle


async def invite_to_circle(
    tx: Transaction, me: Member, circle_id: UUID, person_ids: Sequence[UUID], now: datetime
) -> Circle:
    """Whoever leads it invites more people; who is of it or invited stays so.

    Raises CircleNotFound, CircleEnded, NotYourStep, CannotLead, SamePerson, CompanionNotFound, ConflictOfInterest,
    CircleFull.
    """
    people = await store.list_people_for_share(tx, me.institution_id, [me.person_id])
    circle = await _get_for_update(tx, me, circle_id)
    if _who(circle, me) != "leader":
        raise NotYourStep
    leader = refuse_leader(people.get(me.person_id), circle.kind)
    companions = await _find_companions(tx, circle, leader, person_ids, now)
    for member in circle.invite(companions, "leader", now):
        await store.save_circle_member(tx, circle, member)
        await tell_invited(tx, circle, member)
    return circle


async def join_circle(tx: Transaction, me: Member, circle_id: UUID, now: datetime) -> Circle:
    """Somebody who is invited says yes.

    Raises CircleNotFound, CircleEnded, CircleStepNotPossible, ConflictOfInterest.
    """
    circle = await _get_for_update(tx, me, circle_id)
    member = circle.member(me.person_id)
    if circle.kind == "mentor" and await is_conflicted(tx, circle.led_by, me.person_id):
        raise ConflictOfInterest
    await _tell(tx, circle, [member], [circle.join(member, "member", now)])
    return circle


async def leave_circle(tx: Transaction, me: Member, circle_id: UUID, now: datetime) -> None:
    """Somebody is of it no longer, or follows no invitation; nobody asks why.

    Raises CircleNotFound, CircleEnded, CircleStepNotPossible.
    """
    circle = await _get_for_update(tx, me, circle_id)
    member = circle.member(me.person_id)
    said = circle.leave(member, "member", now)
    await _tell(tx, circle, [member], [] if said is None else [said])


async def end_circle(tx: Transaction, me: Member, circle_id: UUID, now: datetime) -> Circle:
    """Whoever leads it ends it. Raises CircleNotFound, NotYourStep, CircleEnded."""
    circle = await _get_for_update(tx, me, circle_id)
    await _tell(tx, circle, [], [circle.end(_who(circle, me), ENDED_BY_LEADER, now)])
    return circle


async def show_circle(tx: Transaction, me: Member, circle_id: UUID) -> Circle:
    """A circle, for whoever leads it, is of it or is invited. Raises CircleNotFound."""
    home_id = await store.find_circles_institution(tx, circle_id, me.person_id)
    async with standing_in(tx, home_id):
        return await store.get_circle(tx, circle_id)


async def list_circles(
    tx: Transaction, me: Member, after: tuple[datetime, UUID] | None, limit: int | None
) -> list[tuple[Circle, datetime]]:
    """Circles that somebody leads, is of or is invited to, each with since when, the latest first."""
    listed = await store.list_circle_ids(tx, me.person_id, after, limit)
    circles = await get_at_home(tx, {circle_id: home_id for circle_id, home_id, _ in listed}, store.get_circles)
    return [(circles[circle_id], since) for circle_id, _, since in listed]


async def show_counts(tx: Transaction, me: Member) -> Counts:
    """How many people somebody came to know, and what they led."""
    return await store.get_counts(tx, me.person_id)


def circles_without(circles: Sequence[Circle], person: Person, role: Role) -> list[Circle]:
    """Those in which somebody cannot stay without this role: among mentees and their mentor, or peers by their last."""
    has_another = person.is_mentee if role == "mentor" else person.is_mentor

    def is_lost(circle: Circle) -> bool:
        if circle.kind == "peers":
            return not has_another
        return (circle.led_by == person.person_id) == (role == "mentor")

    return [circle for circle in circles if is_lost(circle)]


async def part_with_circles(tx: Transaction, circles: Sequence[Circle], person_id: UUID, now: datetime) -> None:
    """Somebody is gone: circles that they led are over, and of others they are no more; all are locked."""
    for circle in circles:
        if circle.led_by == person_id:
            await _tell(tx, circle, [], [circle.end("directory", _LEADER_GONE, now)])
        else:
            member = circle.member(person_id)
            said = circle.leave(member, "directory", now)
            await _tell(tx, circle, [member], [] if said is None else [said])


async def part_conflicted(tx: Transaction, circles: Sequence[Circle], now: datetime) -> None:
    """What makes a conflict of interest changed: nobody stays in a circle of a mentor who judges them; all are locked.

    A circle has no review as a pair has: nothing is agreed in it, and who left may be invited again. An invitation
    stands, and is followed in vain.
    """
    for circle in circles:
        for member in circle.joined if circle.kind == "mentor" else []:
            async with standing_in(tx, circle.institution_id):
                stays = not await is_conflicted(tx, circle.led_by, member.person_id)
            if not stays:
                said = circle.leave(member, "directory", now)
                await _tell(tx, circle, [member], [] if said is None else [said])


async def _find_companions(
    tx: Transaction, circle: Circle, leader: Person, person_ids: Sequence[UUID], now: datetime
) -> list[tuple[UUID, UUID]]:
    """Ids with institutions of people whom this circle may take; mentees for a mentor, and peers for one of them."""
    among_peers = circle.kind == "peers"
    found: list[tuple[UUID, UUID]] = []
    for person_id in person_ids:
        if person_id == leader.person_id:
            found.append((person_id, leader.institution_id))  # refused by the circle, which says why
            continue
        companion = await store.find_companion(tx, person_id, among_peers=among_peers, now=now)
        if companion is None:
            raise CompanionNotFound
        home_id, is_mentor, is_mentee = companion
        is_peer = (is_mentor and leader.is_mentor) or (is_mentee and leader.is_mentee)
        if not (is_peer if among_peers else is_mentee):
            raise CompanionNotFound
        if not among_peers and await is_conflicted(tx, leader.person_id, person_id):
            raise ConflictOfInterest
        found.append((person_id, home_id))
    return found


async def _get_for_update(tx: Transaction, me: Member, circle_id: UUID) -> Circle:
    home_id = await store.find_circles_institution(tx, circle_id, me.person_id)
    async with standing_in(tx, home_id):
        return await store.get_circle_for_update(tx, circle_id)


def _who(circle: Circle, me: Member) -> CircleWho:
    return "leader" if circle.led_by == me.person_id else "member"


async def _tell(tx: Transaction, circle: Circle, members: Sequence[CircleMember], said: Sequence[CircleEvent]) -> None:
    """Store a step as the leader's institution sees it, and publish it."""
    async with standing_in(tx, circle.institution_id):
        await store.save_circle(tx, circle)
        for member in members:
            await store.save_circle_member(tx, circle, member)
    for event in said:
        await outbox.publish(tx, event)
    left_open = [] if circle.ended_at is None else [each for each in circle.members if each.state == "invited"]
    for member in (*members, *left_open):
        await end_invitation(tx, circle, member, tx.now)
