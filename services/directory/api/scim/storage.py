"""SCIM resources as people and groups: turns one into the other and calls one use case; refuses to hold a rule."""

from typing import Any, Final, cast
from uuid import UUID, uuid4

from scim2_models import (
    Meta,
    NotFoundException,
    NotImplementedException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SearchRequest,
)
from scim2_server.storage import AsyncScimStorage, SearchPage

from services.directory import use_cases
from services.directory.api.fields import ReadKeys
from services.directory.api.scim import models
from services.directory.api.scim.queries import read_group_search, read_user_search
from services.directory.domain import provisioning
from services.directory.domain.provisioning import Account, Wanted
from shared.platform.database import Transaction

_FARTHEST: Final = 2**31  # more than there are, and less than PostgreSQL counts


class Storage(AsyncScimStorage):
    """One institution's people and groups inside one transaction, as SCIM asks for them."""

    def __init__(self, tx: Transaction, institution_id: UUID, keys: ReadKeys) -> None:
        self._tx = tx
        self._institution_id = institution_id
        self._keys = keys

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """One user or group; raises NotFoundException."""
        found = _id_of(resource_id)
        if resource_type.name == "User":
            return _shown_user(await use_cases.get_user(self._tx, self._institution_id, found))
        return _shown_group(await use_cases.get_group(self._tx, self._institution_id, found))

    async def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        """A page of users or of groups."""
        if len(resource_types) > 1:
            raise NotImplementedException(detail="Search users and groups one after the other")
        node = None if search_request.filter is None else search_request.filter.ast
        offset = min(search_request.start_index_0 or 0, _FARTHEST)
        limit = models.PAGE if search_request.count is None else search_request.count
        of = (self._tx, self._institution_id)
        if resource_types[0].name == "User":
            wanted = read_user_search(node)
            total, users = (0, []) if wanted is None else await use_cases.find_users(*of, wanted, offset, limit)
            return SearchPage(total, [_shown_user(one) for one in users])
        sought = read_group_search(node)
        total, groups = (0, []) if sought is None else await use_cases.find_groups(*of, sought, offset, limit)
        return SearchPage(total, [_shown_group(one) for one in groups])

    async def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """A new user or group."""
        if isinstance(resource, models.User):
            wanted = _wanted(resource)
            return _shown_user(await use_cases.add_user(self._tx, self._institution_id, wanted, self._keys()))
        group = _told(cast("models.Group", resource), uuid4(), self._institution_id, 1)
        return _shown_group(await use_cases.save_group(self._tx, group, frozenset()))

    async def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        """A user or group as they are now said to be; every other change waited since it was read."""
        found = _id_of(resource.id or "")
        if isinstance(resource, models.User):
            wanted = _wanted(resource)
            user = await use_cases.change_user(self._tx, self._institution_id, found, wanted, self._keys())
            return _shown_user(user)
        before = await use_cases.get_group(self._tx, self._institution_id, found)
        _check(expected_version, before.revision)
        group = _told(cast("models.Group", resource), found, self._institution_id, before.revision + 1)
        return _shown_group(await use_cases.save_group(self._tx, group, before.members))

    async def delete(
        self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None
    ) -> None:
        """A user leaves, and is shown no more; a group is gone."""
        remove = use_cases.remove_user if resource_type.name == "User" else use_cases.remove_group
        await remove(self._tx, self._institution_id, _id_of(resource_id))


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundException from None


def _etag(revision: int) -> str:
    # Weak, because what a client is shown depends on what it asks for.
    return f'W/"{revision}"'


def _check(version: str | None, revision: int) -> None:
    if version is not None and version != _etag(revision):
        raise PreconditionFailedException


def _shown_user(user: use_cases.User) -> models.User:
    known, account = user.person.known(), user.account
    is_told = account.user_name is not None
    email = models.Email(
        value=known.email,
        type=account.email_type or "work",
        primary=account.email_primary if is_told else True,
    )
    return models.User(
        id=str(user.person.person_id),
        external_id=known.external_id,
        user_name=user.user_name,
        display_name=known.name,
        emails=[email],
        active=account.is_active(user.person),
        meta=Meta(resource_type="User", version=_etag(user.person.revision)),
    )


def _wanted(said: models.User) -> Wanted:
    # Of several addresses the primary one is kept, else the one for work, else the first.
    emails = sorted(said.emails or [models.Email(value="")], key=lambda one: (not one.primary, one.type != "work"))
    email = emails[0]
    return Wanted.read(
        external_id=said.external_id or "",
        user_name=said.user_name or "",
        name=said.display_name or "",
        email=email.value or "",
        account=Account(email_type=email.type, email_primary=email.primary),
        active=said.active is not False,
    )


def _shown_group(group: provisioning.Group) -> models.Group:
    members = [
        models.Member(value=str(person_id), ref=models.UserReference(f"Users/{person_id}"), type="User")
        for person_id in sorted(group.members)
    ]
    return models.Group(
        id=str(group.group_id),
        external_id=group.external_id,
        display_name=group.display_name,
        members=members or None,
        meta=Meta(resource_type="Group", version=_etag(group.revision)),
    )


def _told(said: models.Group, group_id: UUID, institution_id: UUID, revision: int) -> provisioning.Group:
    return provisioning.Group(
        group_id,
        institution_id,
        (said.display_name or "").strip(),
        said.external_id,
        frozenset(_member_id(one) for one in said.members or ()),
        revision,
    )


def _member_id(member: models.Member) -> UUID:
    """Whom a member means; an id that is none means nobody, which the use case refuses."""
    try:
        return UUID(member.value or "")
    except ValueError:
        return UUID(int=0)
