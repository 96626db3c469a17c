"""What SCIM clients are shown of people and groups, and what this service can do; publishes no attribute it forgets."""

from typing import Annotated, Any, Final

from pydantic import Field
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Filter,
    Mutability,
    Pagination,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    Returned,
    Schema,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

PAGE: Final = 100
MOST: Final = 200


class Email(ComplexAttribute):
    """An address; of several the primary one is kept, else the one for work, else the first."""

    value: Annotated[str | None, Required.true] = None
    type: Annotated[str | None, CaseExact.false] = Field(default=None, examples=["work", "home", "other"])
    primary: bool | None = None


class User(Resource[Any]):
    """A person of the institution. Roles, places and time zones come by groups and rosters."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    external_id: Annotated[
        str | None, Mutability.immutable, Returned.default, CaseExact.true, Required.true, Uniqueness.server
    ] = None
    user_name: Annotated[str | None, Required.true, Uniqueness.server] = None
    display_name: Annotated[str | None, Required.true] = None
    emails: Annotated[list[Email] | None, Required.true] = None
    active: Annotated[bool | None, Required.true] = None


UserReference = Reference[User]


class Member(ComplexAttribute):
    """One user in a group; groups in groups are not kept."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[UserReference | None, Mutability.immutable] = Field(
        default=None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(default=None, examples=["User"])


class Group(Resource[Any]):
    """A group of the identity provider; `mentors` and `mentees` give their members that role."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true, Uniqueness.server] = None
    members: list[Member] | None = None


_CONFIG: Final = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
    filter=Filter(supported=True, max_results=MOST),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=False),
    etag=ETag(supported=True),
    pagination=Pagination(cursor=False, index=True, default_page_size=PAGE, max_page_size=MOST),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Provisioning token",
            description="The secret of a provisioning token of the institution, as a bearer token.",
            primary=True,
        )
    ],
)

PROVIDER: Final = ScimProvider(
    models=[User, Group, ServiceProviderConfig, ResourceType, Schema],
    resource_types=[ResourceType.from_resource(User), ResourceType.from_resource(Group)],
    config=_CONFIG,
    # Identity providers send more than they were asked for, remove members by value, and add by a filter.
    policy=ScimPolicy(
        unknown=ScimPolicy.Unknown.ignore,
        remove_value_as_filter=ScimPolicy.RemoveValue.apply,
        unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
    ),
)
