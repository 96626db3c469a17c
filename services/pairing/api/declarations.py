"""Conflicts of interest that are declared before there is a pair, over HTTP; shows the other of the two nothing."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.pairing import use_cases
from services.pairing.api.conflicts import ConflictView
from services.pairing.domain import CounterpartNotFound, DeclaredKind, SamePerson
from shared.platform.http import Form, Listing, Me, Now, Page, Routes, Tx, problems

routes = Routes("pairing")


class DeclareBetweenForm(Form):
    """Between whom, yourself or as an administrator somebody of yours and another, and what, as a code."""

    person_ids: Annotated[list[UUID], Field(min_length=2, max_length=2)]
    kind: DeclaredKind


@routes.post("/conflicts", status_code=201, responses=problems(SamePerson, CounterpartNotFound))
async def declare_between(form: DeclareBetweenForm, me: Me, tx: Tx, now: Now) -> ConflictView:
    """Say that something stands between two people who may be no pair; it holds until it is withdrawn."""
    declared = await use_cases.declare_between(tx, me, form.person_ids, form.kind, now)
    return ConflictView.model_validate(declared, from_attributes=True)


@routes.get("/conflicts")
async def list_declarations(page: Page, me: Me, tx: Tx) -> Listing[ConflictView]:
    """What you declared and did not withdraw, the latest first; for an administrator whatever holds."""
    found = await use_cases.list_declarations(tx, me, page.position(datetime, UUID), page.limit + 1)
    views = [ConflictView.model_validate(one, from_attributes=True) for one in found]
    return page.listing(views, lambda one: (one.declared_at, one.conflict_id))
