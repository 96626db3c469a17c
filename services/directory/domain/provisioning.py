"""What an identity provider may say of people and groups; never deletes anybody, and gives no administrator's role."""

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from services.directory.domain import cells
from services.directory.domain.people import HeldRole, Person, RoleFacts
from shared.contracts.directory import PersonEvent
from shared.contracts.event import Role
from shared.platform.errors import Conflict, Malformed, NotFound

MAX_TEXT: Final = 200
MAX_MEMBERS: Final = 10_000
# Administrators are named in Osler: whoever steals a provisioning token must not become one by joining a group.
ROLE_OF_GROUP: Final[Mapping[str, Role]] = {"mentors": "mentor", "mentees": "mentee"}


class ProvisioningTokenNotFound(NotFound):
    """There is no such provisioning token that you may see."""


class ProvisioningTokenRevoked(Conflict):
    """This provisioning token is revoked for good. Nothing was changed; make a new one."""


class AccountExists(Conflict):
    """Somebody is provisioned with this externalId already. Nothing was changed; look them up and change them."""


class UserNameTaken(Conflict):
    """Another user has this userName. Nothing was changed; choose another one."""


class AddressOfAnother(Conflict):
    """This address is that of somebody with another externalId. Nothing was changed; correct one of the two."""


class PersonWasErased(Conflict):
    """This person was erased and does not come back unless an administrator readmits them. Nothing was changed."""


class UserNotProvisionable(Malformed):
    """Something that is said of this user cannot be taken. Nothing was changed."""


class GroupNotFound(NotFound):
    """There is no such group of your institution."""


class GroupExists(Conflict):
    """Another group of your institution has this displayName. Nothing was changed; choose another one."""


class GroupNotProvisionable(Malformed):
    """Something that is said of this group cannot be taken. Nothing was changed."""


@dataclass
class ProvisioningToken:
    """By what an institution's identity provider is known; it opens SCIM for that institution, and nothing else."""

    token_id: UUID
    institution_id: UUID
    name: str
    created_by: UUID
    created_at: datetime
    secret_hash: bytes | None = field(default=None, repr=False)
    issued_at: datetime | None = None
    revoked_at: datetime | None = None
    revision: int = 1

    def issue(self, now: datetime) -> str:
        """A new secret, which is kept nowhere; the one before opens nothing any more.

        Raises ProvisioningTokenRevoked.
        """
        if self.revoked_at is not None:
            raise ProvisioningTokenRevoked
        secret = "oslerscim_" + secrets.token_urlsafe(32)
        self.secret_hash, self.issued_at = hash_of(secret), now
        self.revision += 1
        return secret

    def revoke(self, now: datetime) -> None:
        """Open nothing any more, for good; twice is the same as once."""
        if self.revoked_at is None:
            self.secret_hash, self.revoked_at = None, now
            self.revision += 1


def hash_of(secret: str) -> bytes:
    """What is kept of a secret. It has 256 random bits, so one round of SHA-256 says nothing of it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True)
class Account:
    """What an identity provider says of a person beside their details; removed, they are nobody to it."""

    user_name: str | None = None
    email_type: str | None = None
    email_primary: bool | None = None
    is_deactivated: bool = False
    removed_at: datetime | None = None

    def is_active(self, person: Person) -> bool:
        """Whether the provider is shown them as active: a leave that it did not ask for is none of its business."""
        return person.status == "active" or (person.status == "on_leave" and not self.is_deactivated)


@dataclass(frozen=True)
class Wanted:
    """What an identity provider says of a user, read by the rules of a roster's cells."""

    external_id: str
    user_name: str
    name: str
    email: str
    email_type: str | None
    email_primary: bool | None
    active: bool

    @classmethod
    def read(cls, *, external_id: str, user_name: str, name: str, email: str, account: Account, active: bool) -> Self:
        """Raises UserNotProvisionable, which names the attribute; `account` says what kind of address it is."""
        try:
            checked = cells.read_external_id(external_id), cells.read_name(name), cells.read_email(email)
        except cells.BadCell as bad:
            raise UserNotProvisionable(_SENTENCES[bad.reason]) from None
        if not is_line(user_name) or not is_line(account.email_type or "work"):
            raise UserNotProvisionable(_SENTENCES["bad_line"])
        return cls(
            checked[0], user_name.strip(), checked[1], checked[2], account.email_type, account.email_primary, active
        )


_SENTENCES: Final = {
    "bad_external_id": "externalId may hold letters, digits and . _ = -, at most 64 characters. Nothing was changed.",
    "bad_name": "displayName is a name of at most 200 characters, without control characters. Nothing was changed.",
    "bad_email": "emails must hold something that looks like an e-mail address. Nothing was changed.",
    "bad_line": "userName and the type of an address are lines of at most 200 characters. Nothing was changed.",
}


def is_line(text: str) -> bool:
    """Whether a text is one line of 1 to 200 characters, without control characters."""
    return 0 < len(text.strip()) <= MAX_TEXT and cells.is_plain_text(text)


def follow_activity(person: Person, account: Account, now: datetime, *, active: bool) -> list[PersonEvent]:
    """Let somebody go on leave whose account is closed, and come back from that leave; give what is to be said.

    A departure or a return that a roster planned stays planned. Whoever left comes back when the account is open.
    """
    status, at = person.next_status, person.next_status_at
    said: list[PersonEvent] = []
    if not active and person.status == "active":
        said = person.become("on_leave", now, now)
    elif active and (person.status == "left" or (person.status == "on_leave" and account.is_deactivated)):
        said = person.become("active", now, now)
    if said and status is not None and at is not None and status != person.status:
        person.plan(status, at)
    return said


def as_told(account: Account, wanted: Wanted) -> Account:
    """The account as the identity provider says it is."""
    return replace(
        account,
        user_name=wanted.user_name,
        email_type=wanted.email_type,
        email_primary=wanted.email_primary,
        is_deactivated=not wanted.active,
        removed_at=None,
    )


@dataclass
class Group:
    """A group of an identity provider; two names give its members a role, any other gives them nothing."""

    group_id: UUID
    institution_id: UUID
    display_name: str
    external_id: str | None = None
    members: frozenset[UUID] = frozenset()
    revision: int = 1

    @property
    def name_key(self) -> str:
        """Its name as it is compared with others."""
        return fold(self.display_name)

    @property
    def role(self) -> Role | None:
        """What its members are by it."""
        return ROLE_OF_GROUP.get(self.name_key)

    def check(self) -> None:
        """Raise GroupNotProvisionable where something that is said of it cannot be kept."""
        if not is_line(self.display_name) or (self.external_id is not None and not is_line(self.external_id)):
            message = "displayName and externalId are lines of at most 200 characters. Nothing was changed."
            raise GroupNotProvisionable(message)
        if len(self.members) > MAX_MEMBERS:
            message = f"A group has at most {MAX_MEMBERS:,} members. Nothing was changed."
            raise GroupNotProvisionable(message)


def fold(name: str) -> str:
    """A group's name without what people vary: capitals and blanks around it."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def follow_groups(person: Person, roles: Iterable[Role], now: datetime) -> list[PersonEvent]:
    """Hold the roles that somebody's groups give, and lose those that groups gave and give no longer.

    What a roster gave stays the roster's: a group neither changes its facts nor takes it. Places come by rosters.
    """
    given = frozenset(roles)
    said: list[PersonEvent] = []
    for role in ROLE_OF_GROUP.values():
        held = person.roles.get(role)
        if role in given and held is None:
            said.append(person.assign(role, HeldRole(RoleFacts(), from_roster=False), now))
        if role not in given and held is not None and not held.from_roster:
            said.append(person.remove(role, now))
    return said


@dataclass(frozen=True)
class UserSearch:
    """Which users are looked for: all that is stated must hold; capitals make no difference."""

    person_id: UUID | None = None
    external_id: str | None = None
    user_name: str | None = None


@dataclass(frozen=True)
class GroupSearch:
    """Which groups are looked for: all that is stated must hold; names are compared as they are folded."""

    group_id: UUID | None = None
    display_name: str | None = None
    external_id: str | None = None
    member_id: UUID | None = None
