"""A pair whose request was made, and whose end was missed, in another life of the service; its words are in `past`."""

from uuid import uuid4

import pytest

from services.feedback.domain import FeedbackRequest, Pair
from shared.contracts.feedback import FeedbackEvent
from shared.testing.running import Running
from tests.integration.feedback.couple import Couple
from tests.integration.feedback.test_life_of_a_request import DAY


async def _remember(couple: Couple, *, answered: bool) -> FeedbackRequest:
    """What was said of the couple's request before; it was another meeting that made it."""
    pair = Pair(
        couple.pair_id, couple.mentor_id, couple.mentee_id, couple.mentor_institution_id, couple.mentee_institution_id
    )
    now = await couple.now()
    request, asked = FeedbackRequest.ask(pair, uuid4(), now)
    said: list[FeedbackEvent] = [asked]
    if answered:
        said.append(request.accept(couple.mentor_id, now))
    for event in said:
        await couple.feedback.worker.pool.execute(
            "INSERT INTO past (aggregate_id, version, type, body, found_by) VALUES ($1, $2, $3, $4, $5)",
            event.request_id,
            event.version,
            event.type,
            event.model_dump_json().encode(),
            event.pair_id,
        )
    return request


@pytest.mark.parametrize(
    ("answered", "days", "state", "said"),
    [
        (False, 2, "withdrawn", ["feedback_withdrawn"]),
        (False, 31, "closed", ["feedback_closed"]),
        (True, 2, "one_answered", []),
        (True, 31, "revealed", ["feedback_revealed"]),
    ],
)
async def test_the_missed_end_of_a_pair_withdraws_only_what_was_open_then(
    feedback: Running, answered: bool, days: int, state: str, said: list[str]
) -> None:
    couple = Couple(feedback)
    request = await _remember(couple, answered=answered)
    held = [await couple.held() for _ in range(3)]
    await couple.step(days * DAY)
    await feedback.deliver(await couple.activated(), await couple.ended())
    await feedback.deliver(*held)
    await feedback.fire()
    shown = await couple.request()
    assert (shown["request_id"], shown["state"]) == (str(request.request_id), state)
    assert await couple.said() == said
