"""Provisioning tokens over HTTP: made, issued and revoked by administrators; no look-up ever shows a secret."""

from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.directory import use_cases
from services.directory.domain.provisioning import (
    ProvisioningToken,
    ProvisioningTokenNotFound,
    ProvisioningTokenRevoked,
)
from shared.platform.http import Form, Line, Listing, Me, Page, Routes, Tx, problems

routes = Routes("directory")


class ProvisioningTokenForm(Form):
    """What the token is for, such as the name of your identity provider."""

    name: Line


class ProvisioningTokenView(BaseModel):
    """A token by which an identity provider provisions people. It opens SCIM from `issued_at` until `revoked_at`."""

    token_id: UUID
    name: str
    created_by: UUID
    created_at: AwareDatetime
    issued_at: AwareDatetime | None
    revoked_at: AwareDatetime | None
    revision: int

    @classmethod
    def of(cls, token: ProvisioningToken) -> Self:
        """The token as administrators see it."""
        return cls.model_validate(token, from_attributes=True)


class ProvisioningSecretView(BaseModel):
    """The secret of a token, which is shown this once; send it as the bearer token of SCIM requests."""

    token_id: UUID
    secret: str
    issued_at: AwareDatetime | None


@routes.post("/provisioning-tokens", status_code=201)
async def add_provisioning_token(form: ProvisioningTokenForm, me: Me, tx: Tx) -> ProvisioningTokenView:
    """Make a token for an identity provider; it opens nothing before you issue its secret."""
    return ProvisioningTokenView.of(await use_cases.add_provisioning_token(tx, form.name, me))


@routes.get("/provisioning-tokens")
async def list_provisioning_tokens(page: Page, me: Me, tx: Tx) -> Listing[ProvisioningTokenView]:
    """Your institution's tokens, revoked ones too, without their secrets."""
    [after] = page.position(UUID) or (UUID(int=0),)
    found = await use_cases.list_provisioning_tokens(tx, me.institution_id, after, page.limit + 1)
    return page.listing([ProvisioningTokenView.of(one) for one in found], lambda one: (one.token_id,))


@routes.get("/provisioning-tokens/{token_id}", responses=problems(ProvisioningTokenNotFound))
async def show_provisioning_token(token_id: UUID, me: Me, tx: Tx) -> ProvisioningTokenView:
    """One token of your institution, without its secret."""
    return ProvisioningTokenView.of(await use_cases.get_provisioning_token(tx, me.institution_id, token_id))


# A PUT, because the answer to a POST may be kept for 7 days for whoever repeats it, and a secret is kept nowhere.
@routes.put(
    "/provisioning-tokens/{token_id}/secret", responses=problems(ProvisioningTokenNotFound, ProvisioningTokenRevoked)
)
async def issue_provisioning_secret(token_id: UUID, me: Me, tx: Tx) -> ProvisioningSecretView:
    """Issue a secret for a token and show it this once; the one before opens nothing any more."""
    token, secret = await use_cases.issue_provisioning_secret(tx, token_id, me)
    return ProvisioningSecretView(token_id=token.token_id, secret=secret, issued_at=token.issued_at)


@routes.post("/provisioning-tokens/{token_id}/revoke", responses=problems(ProvisioningTokenNotFound))
async def revoke_provisioning_token(token_id: UUID, me: Me, tx: Tx) -> ProvisioningTokenView:
    """Let a token open nothing any more, for good; people and groups stay as they are."""
    return ProvisioningTokenView.of(await use_cases.revoke_provisioning_token(tx, token_id, me))
