"""What feedback does, as a table of contents; every function takes the `tx` it was given and changes only that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, LiteralString
from uuid import UUID

from services.feedback import store
from services.feedback.domain import Answers, FeedbackRequest, Pair, RequestNotFound, form_of, request_id_of
from services.feedback.store import Position
from shared.contracts.feedback import FeedbackEvent
from shared.contracts.meetings import MeetingHeld
from shared.contracts.pairing import PairActivated, PairCutOff, PairEnded
from shared.platform import outbox, past, timers
from shared.platform.database import Transaction
from shared.platform.members import Person

_EVERYTHING: Final = 1_000_000
"""More requests than can ask a person."""


class RequestTimer(timers.Timer):
    """A time of a request for feedback; it fires however late it is, because nothing leaves the platform by it."""

    lock: ClassVar[LiteralString] = """
        SELECT request_id FROM feedback_requests WHERE request_id = ANY($1) ORDER BY request_id FOR UPDATE SKIP LOCKED
    """
    expires_after: ClassVar[timedelta | None] = None


class RevealDue(RequestTimer):
    """14 days passed since the first answer."""

    kind: ClassVar[str] = "reveal_due"


class ClosingDue(RequestTimer):
    """30 days passed since both were asked."""

    kind: ClassVar[str] = "closing_due"


@dataclass(frozen=True)
class Reading:
    """A request as one of its two people may see it."""

    request: FeedbackRequest
    own: Answers | None
    others: Answers | None
    """The other person's; None before the reveal, and where there is none."""


async def remember_pair(tx: Transaction, event: PairActivated) -> None:
    """From now on the pair's meetings count."""
    pair = Pair(
        event.pair_id, event.mentor_id, event.mentee_id, event.mentor_institution_id, event.mentee_institution_id
    )
    await store.add_pair(tx, pair)


async def ask_after_meeting(tx: Transaction, event: MeetingHeld) -> None:
    """Count a held meeting; the third asks both people, as of the instant it was said.

    Raises NotYet while the pair is unknown.
    """
    pair = await store.get_pair_for_update(tx, event.pair_id)
    if pair.count(event.meeting_id):
        await _ask(tx, pair, event)
    await store.save_pair(tx, pair)


async def submit_feedback(tx: Transaction, request_id: UUID, author: Person, answers: Answers, now: datetime) -> None:
    """Record one person's answers, or their new ones; reveal both sides when the other has answered too.

    Raises RequestNotFound, AnswersDoNotFit, AlreadyRevealed, RequestClosed, RequestWithdrawn.
    """
    request = await store.get_request_for_update(tx, request_id)
    had_answered = request.answered_at(author.person_id) is not None
    submitted = request.accept(author.person_id, now)
    kept = form_of(request.form, request.form_version).check(answers)
    # The answers go first: once the request says `revealed`, the database lets nobody write any.
    if not (had_answered and await store.save_answers(tx, request_id, author.person_id, kept)):
        await store.add_answers(tx, request, author.person_id, author.institution_id, kept)
    said = [submitted, request.reveal(now)] if request.both_answered else [submitted]
    await store.save_request(tx, request)
    for event in said:
        await outbox.publish(tx, event)
    await timers.cancel(tx, ClosingDue, request_id)
    if request.both_answered:
        await timers.cancel(tx, RevealDue, request_id)
    else:
        await timers.schedule(tx, RevealDue(subject_id=request_id), submitted.reveals_at)


async def reveal(tx: Transaction, request_id: UUID) -> None:
    """14 days after the first answer both read what there is, and the form closes for both."""
    request = await store.get_request_for_update(tx, request_id)
    if request.may("reveal"):
        said = request.reveal(request.reveals_at or tx.now)
        await store.save_request(tx, request)
        await outbox.publish(tx, said)


async def close(tx: Transaction, request_id: UUID) -> None:
    """30 days without any answer close the form."""
    request = await store.get_request_for_update(tx, request_id)
    if request.may("close"):
        said = request.close(request.closes_at)
        await store.save_request(tx, request)
        await outbox.publish(tx, said)


async def end_pair(tx: Transaction, event: PairEnded) -> None:
    """An ended pair is asked no more; a request that nobody has answered is withdrawn, an answered one goes on."""
    await store.save_pair_ended(tx, event.pair_id, event.occurred_at)
    request = await store.find_unfinished_request_for_update(tx, event.pair_id)
    said = request and request.end_with_pair(event.occurred_at)
    if request and said:
        await store.save_request(tx, request)
        await outbox.publish(tx, said)
        await timers.cancel(tx, ClosingDue, request.request_id)


async def cut_administrators_off(tx: Transaction, event: PairCutOff) -> None:
    """A notice is over under which the two go on: who was asked is theirs alone from now on."""
    await store.add_cut_off(tx, event.pair_id, event.mentor_institution_id, event.mentee_institution_id)


async def erase_person(tx: Transaction, person_id: UUID) -> None:
    """Delete a person's answers, and take none from them any more; what others wrote stays theirs."""
    # The requests first: an answer on its way holds its request's lock, so it is there to delete or comes too late.
    await store.note_erasure(tx, person_id)
    await store.remove_answers(tx, person_id)


async def show_request(tx: Transaction, request_id: UUID, reader: Person) -> Reading:
    """A request with the reader's own answers, and after the reveal with the other's; raises RequestNotFound."""
    request = await store.find_request(tx, request_id)
    if request is None or not request.is_of(reader.person_id):
        raise RequestNotFound
    answers: Mapping[UUID, Answers] = await store.list_answers(tx, request_id)
    others = answers.get(request.other_than(reader.person_id)) if request.state == "revealed" else None
    return Reading(request, answers.get(reader.person_id), others)


async def gather_own(tx: Transaction, me: Person) -> list[Reading]:
    """Every request that asked a person, as they may read it; an administrator's institution's left out."""
    requests = await store.list_requests_of_person(tx, me.person_id, None, _EVERYTHING)
    return [await show_request(tx, request.request_id, me) for request in requests if request.is_of(me.person_id)]


async def list_requests(tx: Transaction, reader: Person, after: Position, limit: int) -> list[FeedbackRequest]:
    """An administrator's institution's requests, anyone else's own; newest first, and never an answer."""
    if "administrator" in reader.roles:
        return await store.list_requests_of_institution(tx, reader.institution_id, reader.person_id, after, limit)
    return await store.list_requests_of_person(tx, reader.person_id, after, limit)


async def _ask(tx: Transaction, pair: Pair, event: MeetingHeld) -> None:
    """Ask both; where another life of this service had asked them, be again where that request stood, in silence.

    That request is looked for by its pair: read anew, another meeting may be the third that is heard.
    """
    request_id = await past.find(tx, pair.pair_id)
    if request_id is not None:
        await _recall(tx, pair, request_id)
    elif pair.ended_at is None:
        request, said = FeedbackRequest.ask(pair, request_id_of(event.event_id), event.occurred_at)
        await store.add_request(tx, request)
        await outbox.publish(tx, said)
        await _note_people_and_time(tx, request)


async def _recall(tx: Transaction, pair: Pair, request_id: UUID) -> None:
    """Only a pair's end that nobody was there to hear is answered now."""
    request = FeedbackRequest.recall(pair, await past.take(tx, request_id, FeedbackEvent.__subclasses__()))
    said = pair.ended_at and request.end_with_pair(pair.ended_at)
    await store.add_request(tx, request)
    if said:
        await outbox.publish(tx, said)
    await _note_people_and_time(tx, request)


async def _note_people_and_time(tx: Transaction, request: FeedbackRequest) -> None:
    """What a new row has to catch up with: who was erased before, and the instant at which it changes by itself."""
    for person_id in await store.list_erased(tx, [request.mentor_id, request.mentee_id]):
        await store.note_erasure(tx, person_id)
    if request.state == "open":
        await timers.schedule(tx, ClosingDue(subject_id=request.request_id), request.closes_at)
    elif request.state == "one_answered" and request.reveals_at is not None:
        await timers.schedule(tx, RevealDue(subject_id=request.request_id), request.reveals_at)
