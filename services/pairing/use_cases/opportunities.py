"""What people offer to mentees, and what mentees make of it; refuses whoever neither offers nor may follow it."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID

from services.pairing import store
from services.pairing.domain import (
    Follower,
    NotOfferedByYou,
    Opportunity,
    OpportunityKind,
    OpportunityNotFound,
    SamePerson,
    new_opportunity,
    once_each,
)
from services.pairing.use_cases.cascade import get_at_home, standing_in
from services.pairing.use_cases.holding import hold_unless_erased
from shared.contracts.pairing import FollowEvent, OpportunityEvent
from shared.platform import outbox
from shared.platform.database import Transaction
from shared.platform.members import Person as Member


async def offer_opportunity(
    tx: Transaction,
    me: Member,
    kind: OpportunityKind,
    words: tuple[str, str | None],
    deadline: datetime | date,
    mentee_ids: Sequence[UUID],
    now: datetime,
) -> Opportunity:
    """Offer something with a deadline to mentees of one's institution, and of one's own pairs.

    Raises SamePerson, DeadlineOutOfRange, NotOfferedByYou.
    """
    zone = await store.find_zone(tx, me.institution_id)
    opportunity = new_opportunity((me.person_id, me.institution_id), kind, words, deadline, zone, now)
    if me.person_id in mentee_ids:
        raise SamePerson
    if not await hold_unless_erased(tx, {me.person_id: me.institution_id}):  # the erasure is waited for, or waits
        raise NotOfferedByYou
    homes = await store.list_mentees_of(tx, me.institution_id, me.person_id, mentee_ids)
    if not homes.keys() >= set(mentee_ids):
        raise NotOfferedByYou
    mentees = [Follower(mentee_id, homes[mentee_id]) for mentee_id in once_each(mentee_ids)]
    said = [opportunity.offer(mentee, now) for mentee in mentees]
    await store.add_opportunity(tx, opportunity)
    for mentee in mentees:
        await store.save_follower(tx, opportunity, mentee)
    for event in said:
        await outbox.publish(tx, event)
    return opportunity


async def save_opportunity(tx: Transaction, me: Member, opportunity_id: UUID, now: datetime) -> Opportunity:
    """A mentee saves what is offered to them, or to others of their institution.

    Raises OpportunityNotFound, OpportunityOver, AlreadyFollowed.
    """
    return await _follow(tx, me, opportunity_id, lambda opportunity, mentee: opportunity.save(mentee, now))


async def drop_opportunity(tx: Transaction, me: Member, opportunity_id: UUID, now: datetime) -> Opportunity:
    """A mentee wants to hear no more of it. Raises OpportunityNotFound, OpportunityOver, AlreadyFollowed."""
    return await _follow(tx, me, opportunity_id, lambda opportunity, mentee: opportunity.drop(mentee, now))


async def withdraw_opportunity(tx: Transaction, me: Member, opportunity_id: UUID, now: datetime) -> Opportunity:
    """Whoever offers it takes it back, or an administrator of their institution.

    Raises OpportunityNotFound, NotYourStep, OpportunityOver.
    """
    opportunity = await _get(tx, me, opportunity_id, locked=True)
    administers = me.administers and opportunity.institution_id == me.institution_id
    opportunity.refuse_to_withdraw(me.person_id, administers=administers)
    await _tell(tx, opportunity, [], [opportunity.withdraw(now)])
    return opportunity


async def show_opportunity(tx: Transaction, me: Member, opportunity_id: UUID) -> Opportunity:
    """An opportunity, for who offers it, follows it or may. Raises OpportunityNotFound."""
    return await _get(tx, me, opportunity_id, locked=False)


async def list_opportunities(
    tx: Transaction, me: Member, after: tuple[datetime, UUID] | None, limit: int | None, now: datetime
) -> list[Opportunity]:
    """What somebody offers, is offered or has saved, and of a mentee's institution what they may save; latest first."""
    listed = await store.list_opportunity_ids(
        tx,
        me.person_id,
        administers=me.administers,
        may_save="mentee" in me.roles,
        now=now,
        after=after,
        limit=limit,
    )
    found = await get_at_home(tx, dict(listed), store.get_opportunities)
    return [found[opportunity_id] for opportunity_id, _ in listed]


async def withdraw_opportunities(tx: Transaction, opportunities: Sequence[Opportunity], now: datetime) -> None:
    """Whoever offered these, which this transaction locked, is gone."""
    for opportunity in opportunities:
        await _tell(tx, opportunity, [], [opportunity.withdraw(now)])


async def forget_opportunities_of(tx: Transaction, person_id: UUID) -> None:
    """Nothing stays of what somebody who was erased wrote, was offered or saved."""
    await store.forget_opportunities(tx, person_id)
    await store.delete_follower(tx, person_id)


async def _follow(
    tx: Transaction, me: Member, opportunity_id: UUID, act: Callable[[Opportunity, Follower], FollowEvent]
) -> Opportunity:
    opportunity = await _get(tx, me, opportunity_id, locked=True)
    if "mentee" not in me.roles:
        raise OpportunityNotFound
    mentee = opportunity.follower(me.person_id, me.institution_id)
    await _tell(tx, opportunity, [mentee], [act(opportunity, mentee)])
    return opportunity


async def _get(tx: Transaction, me: Member, opportunity_id: UUID, *, locked: bool) -> Opportunity:
    home_id = await store.find_opportunitys_institution(tx, opportunity_id, me.person_id)
    async with standing_in(tx, home_id):
        get = store.get_opportunity_for_update if locked else store.get_opportunity
        opportunity = await get(tx, opportunity_id)
    at_home = home_id == me.institution_id
    opportunity.refuse_strangers(
        me.person_id, administers=at_home and me.administers, may_save=at_home and "mentee" in me.roles
    )
    return opportunity


async def _tell(
    tx: Transaction, opportunity: Opportunity, followers: Sequence[Follower], said: Sequence[OpportunityEvent]
) -> None:
    """Store a step as the offering institution sees it, and publish it."""
    async with standing_in(tx, opportunity.institution_id):
        await store.save_opportunity(tx, opportunity)
        for follower in followers:
            await store.save_follower(tx, opportunity, follower)
    for event in said:
        await outbox.publish(tx, event)
