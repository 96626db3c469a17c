"""What follows from the directory's news of institutions, people and agreements; waits for what it has not heard of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.pairing import store
from services.pairing.domain import Agreement, Pair, Person, Status
from services.pairing.store import leaving, records
from services.pairing.use_cases.aftermath import record
from services.pairing.use_cases.cascade import review_lending, take_mentor_away, withdraw_of
from services.pairing.use_cases.circles import circles_without, part_with_circles
from services.pairing.use_cases.compacts import forget_words_of
from services.pairing.use_cases.concerns import forget_concerns_of
from services.pairing.use_cases.conflicts import review_of
from services.pairing.use_cases.first_years import note_level
from services.pairing.use_cases.introductions import forget_introductions_of, withdraw_introductions_of
from services.pairing.use_cases.opportunities import forget_opportunities_of, withdraw_opportunities
from shared.contracts.event import Role
from shared.platform.database import Transaction
from shared.platform.errors import NotYet


def take_in_institution(tx: Transaction, institution_id: UUID, time_zone: str) -> None:
    """A hospital is a member now."""
    store.add_institution(tx, institution_id, time_zone)


async def set_caps(tx: Transaction, institution_id: UUID, *, lend_cap: int | None, borrow_cap: int | None) -> None:
    """A hospital lends and borrows at most so many; pairs above a lower cap go on, and nothing new fits. Raises NotYet.

    Whoever accepts a cross pair holds the row, so the cap that was counted against is the one that held.
    """
    if not await store.find_institution_for_update(tx, institution_id):
        raise NotYet
    await store.save_caps(tx, institution_id, lend_cap, borrow_cap)


def take_in_person(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """A person is known; what they may be is said later."""
    store.add_person(tx, institution_id, person_id)


async def assign_mentor(
    tx: Transaction, institution_id: UUID, person_id: UUID, *, specialty: str | None, places: int, shared_places: int
) -> None:
    """A person is a mentor with so many places; fewer than are taken is allowed, and then nothing new fits.

    Raises NotYet.
    """
    await _share_institution(tx, institution_id)
    await _lock_person(tx, institution_id, person_id)
    await store.save_mentor(
        tx, institution_id, person_id, specialty=specialty, places=places, shared_places=shared_places
    )
    await write_cards(tx, [person_id])


async def assign_mentee(
    tx: Transaction,
    institution_id: UUID,
    person_id: UUID,
    programme: str | None,
    now: datetime,
    *,
    level: str | None = None,
) -> None:
    """A person is a mentee, of a programme where one is known: who judges there is in conflict. Raises NotYet.

    Whoever enters PGY-2 is asked once whether they take a new PGY-1.
    """
    await _lock_person(tx, institution_id, person_id)
    await store.save_mentee(tx, institution_id, person_id, programme)
    await review_of(tx, person_id, now)
    await note_level(tx, institution_id, person_id, level, now)


async def note_languages(tx: Transaction, institution_id: UUID, person_id: UUID, languages: Sequence[str]) -> None:
    """A person says what they speak; mentees read it of a mentor, also of one who is lent. Raises NotYet."""
    await _share_institution(tx, institution_id)
    person = await _lock_person(tx, institution_id, person_id)
    await store.save_languages(tx, institution_id, person_id, languages)
    if person.is_mentor:
        await write_cards(tx, [person_id])


async def remove_role(tx: Transaction, institution_id: UUID, person_id: UUID, role: Role, now: datetime) -> None:
    """A person is no longer mentor or mentee: pairs in that role end, proposals are recalled. Raises NotYet."""
    if role not in {"mentor", "mentee"}:
        return
    person = await _lock_person(tx, institution_id, person_id)
    if role == "mentor":
        await store.save_no_mentor(tx, institution_id, person_id)
        await store.delete_cards(tx, [person_id])
    else:
        await store.save_no_mentee(tx, institution_id, person_id)
    requests = await store.list_open_requests_about_for_update(tx, person_id)
    pairs = await store.list_open_pairs_of_for_update(tx, person_id)
    introductions = await store.list_open_introductions_of_for_update(tx, person_id)
    circles = await store.list_open_circles_of_for_update(tx, person_id)
    mine = [pair for pair in pairs if person_id == (pair.mentor_id if role == "mentor" else pair.mentee_id)]
    await _part(tx, mine, "role_removed", now)
    if role == "mentor":
        await take_mentor_away(tx, requests, person_id, now)
    else:
        await withdraw_of(tx, requests, person_id, "role_removed", now)
    await withdraw_introductions_of(tx, introductions, person_id, frozenset({role}))
    await part_with_circles(tx, circles_without(circles, person, role), person_id, now)


async def send_on_leave(tx: Transaction, institution_id: UUID, person_id: UUID, now: datetime) -> None:
    """A person is away: their active pairs pause; places stay taken; requests to them go on. Raises NotYet."""
    await _set_status(tx, institution_id, person_id, "on_leave")
    requests = await store.list_open_requests_about_for_update(tx, person_id)
    for pair in await store.list_open_pairs_of_for_update(tx, person_id):
        said = pair.go_away(person_id, now)
        await (store.save_pair(tx, pair) if said is None else record(tx, pair, said))
    await take_mentor_away(tx, requests, person_id, now)


async def bring_back(tx: Transaction, institution_id: UUID, person_id: UUID, now: datetime) -> None:
    """A person is back: pairs that only leave paused go on once both are here. Raises NotYet."""
    await _share_institution(tx, institution_id)
    await _set_status(tx, institution_id, person_id, "here")
    # A yes to the person's own request may begin a pair now: whoever holds the request sees all of their pairs.
    await store.find_open_request_for_update(tx, person_id)
    for pair in await store.list_open_pairs_of_for_update(tx, person_id):
        said = pair.come_back(person_id, now)
        await (store.save_pair(tx, pair) if said is None else record(tx, pair, said))


async def part_with(
    tx: Transaction, institution_id: UUID, person_id: UUID, reason: Literal["left", "erased"], now: datetime
) -> None:
    """A person is gone: their pairs end, proposals are recalled, requests withdrawn or passed on.

    Raises NotYet.
    """
    await _set_status(tx, institution_id, person_id, reason)
    if reason == "erased":
        await store.delete_duties_of(tx, institution_id, person_id)
    requests = await store.list_open_requests_about_for_update(tx, person_id)
    pairs = await store.list_open_pairs_of_for_update(tx, person_id)
    introductions = await store.list_open_introductions_of_for_update(tx, person_id)
    circles = await store.list_open_circles_of_for_update(tx, person_id)
    opportunities = await store.list_open_opportunities_by_for_update(tx, person_id, now)
    await _part(tx, pairs, reason, now)
    await withdraw_of(tx, requests, person_id, reason, now)
    await take_mentor_away(tx, requests, person_id, now)
    await withdraw_introductions_of(tx, introductions, person_id, frozenset({"mentor", "mentee", "colleague"}))
    await part_with_circles(tx, circles, person_id, now)
    await withdraw_opportunities(tx, opportunities, now)
    if reason == "erased":
        await _forget(tx, institution_id, person_id)


async def sign_agreement(tx: Transaction, agreement: Agreement) -> None:
    """One institution lends to another: each shared mentor of the lender gets a card there. Raises NotYet."""
    if not await store.find_institution_for_update(tx, agreement.lender_institution_id):
        raise NotYet
    await store.add_agreement(tx, agreement)
    await store.save_cards(tx, await store.list_mentors_of_for_update(tx, agreement.lender_institution_id))


async def take_in_notice(
    tx: Transaction, agreement_id: UUID, lender_id: UUID, borrower_id: UUID, *, ends_at: datetime, now: datetime
) -> None:
    """Nothing new is lent under this agreement from now on; its cards show mentors until it ends."""
    await store.save_notice(tx, agreement_id, ends_at)
    await store.end_cards_of_agreement(tx, agreement_id, ends_at)
    await review_lending(tx, lender_id, borrower_id, now)


async def end_agreement(
    tx: Transaction, agreement_id: UUID, lender_id: UUID, borrower_id: UUID, *, reason: str, now: datetime
) -> None:
    """Nothing new is lent under this agreement, and its cards are gone; pairs that hold a place go on."""
    await store.end_agreement(tx, agreement_id, reason, now)
    await store.delete_cards_of_agreement(tx, agreement_id)
    await review_lending(tx, lender_id, borrower_id, now)


async def write_cards(tx: Transaction, mentor_ids: list[UUID]) -> None:
    """Make the cards of mentors, whose rows are locked, say what is true now."""
    await store.delete_cards(tx, mentor_ids)
    await store.save_cards(tx, mentor_ids)


async def _share_institution(tx: Transaction, institution_id: UUID) -> None:
    """Keep agreements from being signed meanwhile: they would miss the cards that are about to be written."""
    if not await store.find_institution_for_share(tx, institution_id):
        raise NotYet


async def _set_status(tx: Transaction, institution_id: UUID, person_id: UUID, status: Status) -> None:
    person = await _lock_person(tx, institution_id, person_id)
    await store.save_status(tx, institution_id, person_id, status)
    if person.is_mentor:
        await write_cards(tx, [person_id])


async def _lock_person(tx: Transaction, institution_id: UUID, person_id: UUID) -> Person:
    person = await store.find_person_for_update(tx, institution_id, person_id)
    if person is None:
        raise NotYet
    return person


async def _forget(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """Nothing stays of what somebody who was erased wrote, or of what was kept about them."""
    await store.delete_decline_reasons(tx, person_id)
    await store.save_languages(tx, institution_id, person_id, ())
    await store.delete_declarations_of(tx, person_id)
    await leaving.delete_first_waiting(tx, institution_id, person_id)
    await forget_words_of(tx, person_id)
    await forget_concerns_of(tx, person_id)
    await records.delete_acknowledgements_of(tx, person_id)
    await forget_opportunities_of(tx, person_id)
    await forget_introductions_of(tx, institution_id, person_id)
    await store.forget_topics(tx, person_id)
    await store.delete_kept_answers_about(tx, person_id)


async def _part(tx: Transaction, pairs: list[Pair], reason: str, now: datetime) -> None:
    for pair in pairs:
        await record(tx, pair, pair.part(reason, now))
