"""A small service for the edge's own tests, and a database that must not be reached."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import httpx
from fastapi import FastAPI
from pydantic import BaseModel

from shared.contracts.policy import Policy
from shared.platform.database import Database
from shared.platform.errors import NotFound
from shared.platform.http import (
    MIB,
    Form,
    IfMatch,
    Instant,
    Line,
    Listing,
    Me,
    Now,
    Page,
    RawBody,
    Routes,
    Tx,
    problems,
)
from shared.platform.http.routes import HasRoutes
from shared.platform.settings import PlatformSettings
from shared.testing.refusals import Entrance

SETTINGS = PlatformSettings(env="test")


class PairNotFound(NotFound):
    """There is no such pair, or it is not yours to see."""


class PairForm(Form):
    name: Line
    starts_at: Instant


class PairView(BaseModel):
    """A pair."""

    pair_id: UUID
    revision: int


routes = Routes("pairing")
NOT_CALLED = "only its description is looked at"


@routes.post("/pairs/{pair_id}/end", responses=problems(PairNotFound))
async def end_pair(pair_id: UUID, form: PairForm, me: Me, *, tx: Tx, now: Now, if_match: IfMatch) -> PairView:
    """End a pair."""
    raise AssertionError(NOT_CALLED)


@routes.get("/pairs")
async def list_pairs(me: Me, tx: Tx, page: Page) -> Listing[PairView]:
    """All pairs that you may see."""
    raise AssertionError(NOT_CALLED)


@routes.post("/rosters", status_code=204, accepts=("text/csv",), max_body_bytes=10 * MIB)
async def send_roster(me: Me, roster: RawBody) -> None:
    """Take a file."""
    raise AssertionError(NOT_CALLED)


POLICY = Policy.model_validate(
    {
        "services": {
            "pairing": {
                "end_pair": {"mentor": "party", "administrator": "institution"},
                "list_pairs": {"mentor": "party"},
                "send_roster": {"administrator": "institution"},
            }
        }
    }
)


class Knows:
    """Believes that a token is its own subject."""

    async def subject(self, token: str) -> str:
        return token


class NoPool:
    """A pool that nothing may ask for a connection."""

    def acquire(self, **_: object) -> Any:
        raise AssertionError("the database was reached")


NO_DATABASE = Database(cast("Any", NoPool()), "real")


class AService:
    """Routes, as a service has them."""

    def __init__(self, *routes: Routes) -> None:
        self._routes = routes

    @property
    def routes(self) -> Sequence[Routes]:
        return self._routes


A_SERVICE: HasRoutes = AService(routes)


@asynccontextmanager
async def a_client(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the application itself, without a network."""
    transport = Entrance("platform", app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://osler.example") as client:
        yield client
