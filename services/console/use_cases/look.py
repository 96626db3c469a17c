"""What somebody sees today, by role; nobody sees another institution's people, and the consortium's office no names."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.console.domain import (
    AGREEMENT_AHEAD,
    AHEAD,
    SHOWN,
    SILENCE,
    ConsortiumToday,
    FeedbackWait,
    InstitutionToday,
    ListName,
    LongList,
    Meeting,
    Numbers,
    OwnToday,
    Position,
    Proposal,
    SeenPair,
    Silence,
    Today,
    Viewer,
)
from services.console.domain.refusals import NoSuchPage, NotYourPage
from services.console.store import shown, signed_in
from shared.platform.database import Transaction
from shared.platform.members import Person


async def look_at_today(tx: Transaction, person: Person) -> Today:
    """The person's Today: an administrator's institution, the consortium's numbers, or what is one's own.

    Raises NotYourPage where the person holds no role, and NotFound before the directory has spoken of them here.
    """
    viewer = await shown.get_viewer(tx, person)
    if "administrator" in person.roles:
        return await _institution(tx, viewer)
    if "consortium_administrator" in person.roles:
        return await _consortium(tx, viewer)
    if person.roles:
        return await _own(tx, viewer)
    raise NotYourPage


async def _institution(tx: Transaction, viewer: Viewer) -> InstitutionToday:
    now = tx.now
    here = viewer.person.institution_id
    return InstitutionToday(
        now=now,
        viewer=viewer,
        numbers=await _numbers(tx, here),
        proposals=await shown.list_proposals(tx),
        silences=await shown.list_silences(tx, now - SILENCE, now),
        feedback=await shown.list_feedback(tx),
        meetings=await shown.list_meetings(tx, now, now + AHEAD),
        deadlines=await shown.list_deadlines(tx, here, now, now + AGREEMENT_AHEAD),
        reviews=await shown.list_reviews(tx),
    )


async def look_at_list(tx: Transaction, person: Person, name: ListName, after: Position | None) -> LongList:
    """One of the lists of the institution that the person administers, from the row behind `after` on."""
    viewer, now = await shown.get_viewer(tx, person), tx.now
    rows: Sequence[Proposal | Silence | FeedbackWait | Meeting]
    match name:
        case "proposals":
            rows = await shown.list_proposals(tx, after=after)
        case "silences":
            rows = await shown.list_silences(tx, now - SILENCE, now, after)
        case "feedback":
            rows = await shown.list_feedback(tx, after=after)
        case "meetings":
            rows = await shown.list_meetings(tx, now, now + AHEAD, after=after)
    numbers = await _numbers(tx, person.institution_id)
    return LongList(now, viewer, name, numbers.of(name), rows, rows[-1].position if len(rows) == SHOWN else None)


async def _numbers(tx: Transaction, institution_id: UUID) -> Numbers:
    return await shown.count_numbers(tx, institution_id, tx.now - SILENCE, tx.now, tx.now + AHEAD)


async def _consortium(tx: Transaction, viewer: Viewer) -> ConsortiumToday:
    counted = await shown.count_consortium(tx)
    if counted is None:  # the role was taken away between the sign-in's look-up and this one
        raise NotYourPage
    institutions, agreements, active_pairs = counted
    return ConsortiumToday(tx.now, viewer, institutions, agreements, active_pairs)


async def _own(tx: Transaction, viewer: Viewer) -> OwnToday:
    now = tx.now
    me = viewer.person.person_id
    return OwnToday(
        now=now,
        viewer=viewer,
        proposals=await shown.list_proposals(tx, me),
        offers=await shown.list_offers(tx, now, me),
        feedback=await shown.list_feedback(tx, me),
        meetings=await shown.list_meetings(tx, now, now + AHEAD, me),
        pairs=await shown.list_pairs(tx, me, now),
        reviews=await shown.list_reviews(tx, me),
    )


async def find_viewer(tx: Transaction, person: Person) -> Viewer:
    """Who looks, for pages that show nothing else; raises NotFound before the directory has spoken of them here."""
    return await shown.get_viewer(tx, person)


async def gather_own(tx: Transaction, person: Person) -> dict[str, Any]:
    """The console's own part of what a person takes with them: how they are shown, and where they are signed in."""
    viewer = await shown.get_viewer(tx, person)
    return {
        "as_of": tx.now,
        "name": viewer.name,
        "locale": viewer.locale,
        "time_zone": viewer.zone.key,
        "institution": viewer.institution,
        "sessions": await signed_in.list_own_sessions(tx),
    }


async def get_pair(tx: Transaction, person: Person, pair_id: UUID) -> SeenPair:
    """A pair of the person's own, or of the institution they administer; raises NoSuchPage for every other."""
    pair = await shown.find_pair(tx, pair_id)
    if pair is None or not pair.concerns(person):
        raise NoSuchPage
    return pair


async def list_revisions(tx: Transaction, institution_ids: Sequence[UUID]) -> tuple[datetime, dict[UUID, int]]:
    """Business time, and for each institution a number that rises when something its pages show has changed."""
    return tx.now, await shown.list_revisions(tx, institution_ids)
