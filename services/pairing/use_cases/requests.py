"""What mentees who ask and mentors who are asked do to requests; refuses whoever is neither of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from services.pairing import store
from services.pairing.domain import (
    ASKED_BACK,
    AlreadyPaired,
    Asked,
    Choice,
    ChoiceNotFound,
    ChoiceState,
    Lending,
    MenteeAway,
    MenteeNotFound,
    NotAccepting,
    Offer,
    Pair,
    Request,
    RequestClosed,
    RequestNotFound,
    RequestOpen,
    RequestState,
    Seat,
    new_request,
    next_seat,
    refuse_bad_list,
    refuse_new_pair,
    refuse_strangers_to,
)
from services.pairing.use_cases.aftermath import record
from services.pairing.use_cases.cascade import BY_CLOCK, BY_MENTEE, BY_MENTOR, move_on, standing_in, tell
from services.pairing.use_cases.intake import follow_intake, switch_intake
from services.pairing.use_cases.offers import is_conflicted, what_is_offered
from shared.platform.database import Transaction
from shared.platform.errors import pointing_at
from shared.platform.http import Revision
from shared.platform.members import Person as Member


async def send_request(tx: Transaction, me: Member, mentor_ids: Sequence[UUID], now: datetime) -> Request:
    """Ask mentors one after the other, the first of `mentor_ids` at once; each must be possible now.

    Raises SamePerson, DuplicateChoice, MenteeNotFound, MenteeAway, RequestOpen, and what `refuse_new_pair` raises, for
    the first mentor of the list who is not possible.
    """
    refuse_bad_list(me.person_id, mentor_ids)
    people = await store.list_people_for_share(tx, me.institution_id, [me.person_id, *mentor_ids])
    cards = await store.list_cards_for_share(tx, me.institution_id, mentor_ids, now)
    mentee = people.get(me.person_id)
    if mentee is None or not mentee.is_mentee:
        raise MenteeNotFound
    if not mentee.is_here:
        raise MenteeAway
    if await store.find_open_request_for_update(tx, me.person_id):
        raise RequestOpen
    mentors: list[tuple[UUID, UUID]] = []
    for place, mentor_id in enumerate(mentor_ids):
        own, card = people.get(mentor_id), cards.get(mentor_id)
        home_id, offer, lending = await what_is_offered(tx, me.institution_id, own, card, now)
        between = await store.find_between(tx, mentor_id, me.person_id)
        conflicted = await is_conflicted(tx, mentor_id, me.person_id)
        with pointing_at("body", "mentor_ids", place):
            refuse_new_pair(offer, between, lending, conflicted=conflicted)
        mentors.append((mentor_id, home_id))
    request = new_request(me.person_id, me.institution_id, mentors, now)
    if not await store.add_request(tx, request):  # sent twice in the same moment
        raise RequestOpen
    store.add_choices(tx, request)
    await move_on(tx, request, [], BY_MENTEE, now)
    return request


async def withdraw_request(tx: Transaction, me: Member, request_id: UUID, seen: Revision, now: datetime) -> Request:
    """The mentee takes a request back. Raises RequestNotFound, StaleRevision, RequestClosed."""
    request = await store.get_request_for_update(tx, request_id)
    if request.mentee_id != me.person_id:
        raise RequestNotFound
    seen.check(request.revision)
    await tell(tx, request, [request.withdraw(BY_MENTEE, ASKED_BACK, now)])
    return request


async def accept_choice(tx: Transaction, me: Member, choice_id: UUID, seen: Revision, now: datetime) -> Asked:
    """The mentor who is asked says yes: a pair begins, and one place is taken under the locks that a pair's yes takes.

    Raises ChoiceNotFound, RequestLapsed, StaleRevision, RequestClosed, and what `refuse_new_pair` raises.
    """
    asked = await show_choice(tx, me, choice_id)  # not locked yet; whose it is and where they belong never changes
    lender_id, borrower_id = asked.mentor_institution_id, asked.mentee_institution_id
    lending = None
    if lender_id != borrower_id:
        lending = await store.get_lending_for_update(tx, lender_id, borrower_id, now)
    mentor = await store.find_person_for_update(tx, me.institution_id, me.person_id)
    taken = [] if mentor is None else await store.list_taken_seats(tx, mentor)
    offer = None if mentor is None else mentor.offer(taken)
    async with standing_in(tx, borrower_id):
        request, choice = await _get_mine_for_update(tx, asked, seen, now)
        if offer is None:
            raise NotAccepting
        between = await store.find_between(tx, me.person_id, asked.mentee_id)
        refuse_new_pair(offer, between, lending, conflicted=await is_conflicted(tx, me.person_id, asked.mentee_id))
        seat = next_seat(taken, cross=lending is not None)
        await _begin_pair(tx, request, choice, offer, lending, seat, now)
    return await store.get_asked(tx, choice_id)


async def decline_choice(
    tx: Transaction,
    me: Member,
    choice_id: UUID,
    seen: Revision,
    *,
    reason: str | None,
    closes_intake: bool,
    now: datetime,
) -> Asked:
    """The mentor who is asked says not now, and the next one is asked; `reason` stays the mentor's own.

    Raises ChoiceNotFound, RequestLapsed, StaleRevision, RequestClosed, IntakeNotFound.
    """
    asked = await show_choice(tx, me, choice_id)
    if closes_intake:
        await switch_intake(tx, me, accepting=False)
    async with standing_in(tx, asked.mentee_institution_id):
        request, choice = await _get_mine_for_update(tx, asked, seen, now)
        await move_on(tx, request, [request.decline(choice, now)], BY_MENTOR, now)
    if reason is not None:
        await store.add_decline_reason(tx, asked, reason)
    if closes_intake:
        await follow_intake(tx, me, accepting=False)
    return await store.get_asked(tx, choice_id)


async def lapse_choice(tx: Transaction, request_id: UUID, now: datetime) -> None:
    """72 hours passed without an answer, and the next one is asked; the timer pass holds the request's lock."""
    request = await store.get_request(tx, request_id)
    asked = request.asked
    if asked is None:
        raise RequestClosed
    async with standing_in(tx, request.institution_id):
        await move_on(tx, request, [request.lapse(asked, now)], BY_CLOCK, now)


async def show_request(tx: Transaction, me: Member, request_id: UUID) -> Request:
    """One request, for its mentee or an administrator of the mentee's institution. Raises RequestNotFound."""
    request = await store.get_request(tx, request_id)
    refuse_strangers_to(request, me.person_id, administers=me.administers)
    return request


async def list_requests(
    tx: Transaction, me: Member, state: RequestState | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Request]:
    """Requests, newest first: of an administrator's institution's mentees, of anyone else their own."""
    return await store.list_requests(tx, None if me.administers else me.person_id, state, after, limit)


async def show_choice(tx: Transaction, me: Member, choice_id: UUID) -> Asked:
    """What asks a mentor, or asked them. Raises ChoiceNotFound."""
    asked = await store.get_asked(tx, choice_id)
    if asked.mentor_id != me.person_id:
        raise ChoiceNotFound
    return asked


async def list_choices(
    tx: Transaction, me: Member, state: ChoiceState | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Asked]:
    """What asks a mentor, or asked them, the latest first."""
    return await store.list_asked(tx, me.person_id, state, after, limit)


async def _get_mine_for_update(tx: Transaction, asked: Asked, seen: Revision, now: datetime) -> tuple[Request, Choice]:
    """The request, locked, and the choice that the mentor answers; an answer that is late is told so first."""
    request = await store.get_request_for_update(tx, asked.request_id)
    choice = request.choice(asked.choice_id)
    choice.refuse_late(now)
    seen.check(choice.revision)
    if choice.state != "asked":
        raise RequestClosed
    return request, choice


async def _begin_pair(
    tx: Transaction, request: Request, choice: Choice, offer: Offer, lending: Lending | None, seat: Seat, now: datetime
) -> None:
    """The pair is accepted from its first event on: nobody proposed it, and nobody else has to say yes to that."""
    mentee = await store.find_person(tx, request.institution_id, request.mentee_id)
    pair = Pair(
        pair_id=uuid4(),
        mentor_id=choice.mentor_id,
        mentee_id=request.mentee_id,
        mentor_institution_id=choice.mentor_institution_id,
        mentee_institution_id=request.institution_id,
        proposed_by=request.mentee_id,
        proposed_at=choice.asked_at or now,
        answer_by=choice.answer_by or now,
        mentee_away=mentee is not None and not mentee.is_here,
    )
    if not await store.add_pair(tx, pair):  # somebody proposed the same two since we looked
        raise AlreadyPaired
    said = pair.accept(offer, lending, seat, now)
    await tell(tx, request, [request.accept(choice, pair, now)])
    await record(tx, pair, said)
