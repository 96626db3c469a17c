"""What an identity provider does to people: the rules, events and refusals of a roster, and nobody is deleted."""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID, uuid4

from services.directory.domain.headers import COLUMNS
from services.directory.domain.identity import Known
from services.directory.domain.institutions import Institution
from services.directory.domain.people import Details, Person, PersonNotFound, refuse_to_lose_the_last
from services.directory.domain.provisioning import (
    ROLE_OF_GROUP,
    Account,
    AccountExists,
    AddressOfAnother,
    PersonWasErased,
    UserNameTaken,
    UserSearch,
    Wanted,
    as_told,
    follow_activity,
    follow_groups,
)
from services.directory.domain.reverts import Snapshot
from services.directory.domain.sheet import Line
from services.directory.store import accounts as store
from services.directory.store import groups, institutions, people
from services.directory.use_cases.keys import Keys
from services.directory.use_cases.people import attach_roles
from services.directory.use_cases.saving import Saved, save_people
from shared.contracts.event import Role
from shared.platform.database import Transaction

_ROW: Final = 2


@dataclass(frozen=True)
class User:
    """A person as an identity provider sees them; `user_name` is their sign-in name until it says another one."""

    person: Person
    account: Account
    user_name: str


async def find_users(
    tx: Transaction, institution_id: UUID, search: UserSearch, offset: int, limit: int
) -> tuple[int, list[User]]:
    """How many users there are, and a page of them by id."""
    institution = await institutions.get_institution(tx, institution_id)
    domain = institution.mail_domain
    total = await store.count_users(tx, institution_id, domain, search)
    found = await store.list_users(tx, institution_id, domain, search, offset, limit)
    known = {one.person_id: one for one in await people.list_people_of_ids(tx, institution_id, found)}
    accounts = await store.list_accounts(tx, institution_id, found)
    return total, [_user(known[person_id], accounts.get(person_id, Account()), institution) for person_id in found]


async def get_user(tx: Transaction, institution_id: UUID, person_id: UUID) -> User:
    """One user; raises PersonNotFound, also for whom the identity provider removed."""
    _, found = await find_users(tx, institution_id, UserSearch(person_id=person_id), 0, 1)
    if not found:
        raise PersonNotFound
    return found[0]


async def lock_provisioning(tx: Transaction, institution_id: UUID) -> None:
    """Let every other change of the institution's people wait: imports, reverts, erasures and other requests."""
    await institutions.lock_institutions(tx, [institution_id])


async def add_user(tx: Transaction, institution_id: UUID, wanted: Wanted, keys: Keys) -> User:
    """Provision somebody: whoever has the external id is changed as by a roster's row, and somebody new joins.

    Raises AccountExists, UserNameTaken, AddressOfAnother, PersonWasErased.
    """
    institution = await institutions.get_institution(tx, institution_id)
    if keys.sign_in_key(wanted.external_id, institution.mail_domain) in await people.list_erased_keys(
        tx, institution_id
    ):
        raise PersonWasErased
    person = await _find_meant(tx, institution_id, wanted)
    account = Account()
    if person is not None:
        account = (await store.list_accounts(tx, institution_id, [person.person_id])).get(person.person_id, account)
        if account.user_name is not None:
            raise AccountExists
    saved = _enrol(tx, wanted, institution, keys) if person is None else Saved(person, Snapshot.of(person))
    return await _follow(tx, saved, account, wanted, institution, keys)


async def change_user(tx: Transaction, institution_id: UUID, person_id: UUID, wanted: Wanted, keys: Keys) -> User:
    """Make a user what the identity provider says. Raises PersonNotFound, UserNameTaken, AddressOfAnother."""
    user = await get_user(tx, institution_id, person_id)
    institution = await institutions.get_institution(tx, institution_id)
    person = await _find_meant(tx, institution_id, wanted)
    if person is None:  # an external id is never changed, so it was this one, and somebody erased them meanwhile
        raise PersonNotFound
    return await _follow(tx, Saved(person, Snapshot.of(person)), user.account, wanted, institution, keys)


async def remove_user(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """Let somebody leave: their row stays, and the identity provider may bring them again.

    Raises PersonNotFound, LastAdministrator.
    """
    user = await get_user(tx, institution_id, person_id)
    refuse_to_lose_the_last(await people.list_administrators(tx, institution_id), person_id)
    [person] = await people.lock_people_of_ids(tx, institution_id, [person_id])
    await attach_roles(tx, institution_id, [person])
    saved = Saved(person, Snapshot.of(person))
    saved.said += person.become("left", tx.now, tx.now)
    await groups.delete_memberships(tx, institution_id, person_id)
    saved.said += follow_groups(person, (), tx.now)
    await save_people(tx, [saved])
    removed = replace(Account(), is_deactivated=user.account.is_deactivated, removed_at=tx.now)
    await store.save_account(tx, person, removed)


async def follow_groups_of(tx: Transaction, institution_id: UUID, person_ids: set[UUID]) -> None:
    """Give people the roles of their groups, and take those that groups gave and give no longer."""
    found = await people.lock_people_of_ids(tx, institution_id, sorted(person_ids))
    await attach_roles(tx, institution_id, found)
    names = await groups.list_names_of_groups(tx, institution_id, person_ids)
    saved: list[Saved] = []
    for person in found:
        of_person = {name for member_id, name in names if member_id == person.person_id}
        each = Saved(person, Snapshot.of(person))
        roles: list[Role] = [role for name, role in ROLE_OF_GROUP.items() if name in of_person]
        each.said += follow_groups(person, roles, tx.now)
        saved += [each] if each.said else []
    await save_people(tx, saved)


async def _find_meant(tx: Transaction, institution_id: UUID, wanted: Wanted) -> Person | None:
    """Whom a row of a roster with this id and address would mean, locked; raises AddressOfAnother."""
    cells = {"external_id": wanted.external_id, "email": wanted.email, "name": wanted.name}
    line = Line(_ROW, tuple(cells.get(column, "") for column in COLUMNS))
    found = await people.lock_people_meant(tx, institution_id, [wanted.external_id.lower()], [wanted.email.lower()], [])
    await attach_roles(tx, institution_id, found)
    known = Known(found)
    # Nobody is here to be asked about a name, and whoever has an id of their own is never somebody with another.
    match = known.identify(line, known.read_ahead([line]), {_ROW: None})
    if match.refused is not None:
        raise AddressOfAnother
    return match.person


def _enrol(tx: Transaction, wanted: Wanted, institution: Institution, keys: Keys) -> Saved:
    details = Details(wanted.external_id, wanted.name, wanted.email, institution.locale, institution.time_zone)
    key = keys.sign_in_key(wanted.external_id, institution.mail_domain)
    person = Person(uuid4(), institution.institution_id, key, details)
    return Saved(person, None, [person.join(tx.now)])


async def _follow(
    tx: Transaction, saved: Saved, account: Account, wanted: Wanted, institution: Institution, keys: Keys
) -> User:
    person = saved.person
    owner = await store.find_owner_of_user_name(tx, institution.institution_id, wanted.user_name)
    if owner not in {None, person.person_id}:
        raise UserNameTaken
    saved.said += follow_activity(person, account, tx.now, active=wanted.active)
    details = replace(person.known(), name=wanted.name, email=wanted.email)
    if saved.before is None or details != person.details:
        saved.said.append(person.record_contact(details, keys.contacts, tx.now))
    told = as_told(account, wanted)
    if told != account:
        person.revision += 1  # what the identity provider is shown has changed, and its ETag with it
    await save_people(tx, [saved])
    await store.save_account(tx, person, told)
    return _user(person, told, institution)


def _user(person: Person, account: Account, institution: Institution) -> User:
    return User(person, account, account.user_name or f"{person.known().external_id}@{institution.mail_domain}")
