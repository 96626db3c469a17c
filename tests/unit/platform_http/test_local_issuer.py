"""What the local issuer gives out for services signs people in; what it gives out for other uses does not."""

from collections.abc import Callable

import httpx
import pytest

from deploy.local.issuer.app import Issuer, build
from deploy.local.issuer.clients import Client, Codes
from deploy.local.issuer.personas import Personas
from deploy.local.issuer.tokens import Signer, new_key
from shared.platform.auth import Authenticator, Unauthenticated
from shared.platform.issuer import IssuerKeys

NAME = "http://127.0.0.1:8090"
SUBJECT = "E-1047@st-mary.example"
SIGNER = Signer(NAME, new_key())


def an_authenticator() -> Authenticator:
    issuer = Issuer(SIGNER, Client("console", "secret", ()), Personas([]), Codes(), "folder")
    http = httpx.AsyncClient(transport=httpx.ASGITransport(build(issuer)), base_url=NAME)
    return Authenticator(NAME, "osler", IssuerKeys(NAME, http))


async def test_an_access_token_of_the_local_issuer_signs_in():
    assert await an_authenticator().subject(SIGNER.access_token(SUBJECT, "console")) == SUBJECT


@pytest.mark.parametrize(
    "other",
    [lambda: SIGNER.refresh_token(SUBJECT, "console"), lambda: SIGNER.id_token(SUBJECT, "console", None)],
)
async def test_a_token_for_another_use_does_not(other: Callable[[], str]):
    with pytest.raises(Unauthenticated):
        await an_authenticator().subject(other())


async def test_another_installations_local_issuer_does_not():
    with pytest.raises(Unauthenticated):
        await an_authenticator().subject(Signer(NAME, new_key()).access_token(SUBJECT, "console"))
