"""The console put together; building it connects to nothing."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from starlette.routing import BaseRoute

from services.console import consumers, pages
from services.console.commands import Services
from services.console.live import Hub
from services.console.oidc import Client, Provider
from services.console.sessions import CookieNames, Sessions, cipher_of, sweeping
from services.console.settings import ConsoleSettings
from services.console.use_cases import look
from shared.contracts.console import ErasureDone
from shared.contracts.contacts import ContactDetails, ContactRecorded
from shared.platform.issuer import IssuerKeys
from shared.platform.seal import ContactsKey, open_sealed
from shared.platform.service import Runtime, Service
from shared.platform.settings import PlatformSettings, Problem, SettingsRefused, is_loopback

_TIMEOUT_SECONDS: Final = 5.0


def build() -> Service:
    """The service as data."""
    return Service(
        "console",
        says=(ErasureDone,),
        events=(consumers.listen(_open_contact),),
        background=(_sweeping,),
        pages=(_pages,),
        recalls=ErasureDone.topic,
    )


def _pages(runtime: Runtime) -> Sequence[BaseRoute]:
    """Every page, on the app login's database and with this process's settings."""
    settings = ConsoleSettings.of(runtime.settings)
    client = Client(
        settings.issuer,
        settings.client_id,
        settings.client_secret,
        redirect_uri=f"{settings.url}/signed-in",
        signed_out_uri=f"{settings.url}/signed-out",
    )
    issuer_http = _http(settings.issuer)
    provider = Provider(client, issuer_http, IssuerKeys(settings.issuer, issuer_http))
    cipher = cipher_of(settings.client_secret)
    files = pages.Files.read()
    return pages.routes(
        pages.Parts(
            database=runtime.app,
            sessions=Sessions(runtime.app, provider, cipher, settings.sign_in_secret),
            provider=provider,
            services=Services(settings.service_urls, _http(settings.service_urls["pairing"])),
            hub=_hub(runtime),
            files=files,
            look=pages.Look(files, issuer_origin=settings.issuer_origin, is_secure=settings.is_secure),
            cookies=CookieNames.of(is_secure=settings.is_secure),
            cipher=cipher,
            url=settings.url,
        )
    )


def _http(url: str) -> httpx.AsyncClient:
    """A client for one other party. No connection outlives its answer, so there is none to close: calls are rare."""
    return httpx.AsyncClient(
        timeout=_TIMEOUT_SECONDS,
        follow_redirects=False,
        trust_env=not is_loopback(urlsplit(url).hostname or ""),
        limits=httpx.Limits(max_keepalive_connections=0),
    )


def _hub(runtime: Runtime) -> Hub:
    async def read(institution_ids: Sequence[UUID]) -> tuple[datetime, dict[UUID, int]]:
        return await runtime.app.run(lambda tx: look.list_revisions(tx, institution_ids))

    hub = Hub(read, runtime.stopping)
    runtime.worker.on_commit(hub.wake)
    return hub


@asynccontextmanager
async def _sweeping(runtime: Runtime) -> AsyncGenerator[None]:
    async with sweeping(runtime.worker):
        yield


def _open_contact(record: ContactRecorded) -> ContactDetails:
    """Contact details without their seal; raises SealedWithAnotherKey, SealBroken."""
    return open_sealed(_contacts_key(), record)


@cache
def _contacts_key() -> ContactsKey:
    encoded = PlatformSettings.read().contacts_key.get_secret_value()
    if not encoded:
        raise SettingsRefused([Problem("missing_setting", "Set OSLER_CONTACTS_KEY.")])
    return ContactsKey.from_base64(encoded)
