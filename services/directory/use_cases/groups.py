"""Groups of an identity provider: kept as they are said, and two of them give their members a role."""

from uuid import UUID

from services.directory.domain.provisioning import Group, GroupExists, GroupNotProvisionable, GroupSearch
from services.directory.store import accounts, people
from services.directory.store import groups as store
from services.directory.use_cases.accounts import follow_groups_of
from shared.platform.database import Transaction


async def find_groups(
    tx: Transaction, institution_id: UUID, search: GroupSearch, offset: int, limit: int
) -> tuple[int, list[Group]]:
    """How many groups there are, and a page of them by id."""
    total = await store.count_groups(tx, institution_id, search)
    return total, await store.list_groups(tx, institution_id, search, offset, limit)


async def get_group(tx: Transaction, institution_id: UUID, group_id: UUID) -> Group:
    """One group with its members; raises GroupNotFound."""
    return await store.get_group(tx, institution_id, group_id)


async def save_group(tx: Transaction, wanted: Group, before: frozenset[UUID]) -> Group:
    """Keep a group, new or changed, and give its members what it gives; `before` were its members.

    Raises GroupNotProvisionable, GroupExists.
    """
    wanted.check()
    if await store.find_owner_of_name(tx, wanted.institution_id, wanted.name_key) not in {None, wanted.group_id}:
        raise GroupExists
    known = await people.list_people_of_ids(tx, wanted.institution_id, sorted(wanted.members))
    told = await accounts.list_accounts(tx, wanted.institution_id, sorted(wanted.members))
    removed = {person_id for person_id, account in told.items() if account.removed_at is not None}
    if frozenset(one.person_id for one in known if one.details is not None) - removed != wanted.members:
        message = "A member of the group is no user of your institution. Nothing was changed."
        raise GroupNotProvisionable(message)
    await store.save_group(tx, wanted)
    await store.delete_members(tx, wanted, before - wanted.members)
    await store.add_members(tx, wanted, wanted.members - before)
    await follow_groups_of(tx, wanted.institution_id, set(before | wanted.members))
    return wanted


async def remove_group(tx: Transaction, institution_id: UUID, group_id: UUID) -> None:
    """Forget a group, and take from its members what it gave. Raises GroupNotFound."""
    group = await store.get_group(tx, institution_id, group_id)
    await store.delete_members(tx, group, group.members)
    await store.delete_group(tx, group)
    await follow_groups_of(tx, institution_id, set(group.members))
