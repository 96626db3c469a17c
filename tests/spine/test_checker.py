"""The checker itself: each guarantee taken away on the real parts, and the ledgers must show it."""

from uuid import UUID

import pytest

from shared.platform.loops import rest
from shared.testing.eventually import eventually
from tests.ledgers import Ledgers, violations
from tests.spine.theatre import Theatre

COMMANDS = 40
A, B = UUID(int=1), UUID(int=2)
GOOD = [(A, 1), (B, 1), (A, 2)]


def test_ledgers_that_agree_have_no_violation() -> None:
    again = [(A, 1), (B, 1), (A, 1), (A, 2), (B, 1)]

    assert violations(Ledgers(GOOD[:2], GOOD, again, {"c": GOOD})) == []


@pytest.mark.parametrize(
    ("ledgers", "found"),
    [
        (Ledgers([(A, 3)], GOOD, GOOD, {"c": GOOD}), "acknowledged, not committed"),
        (Ledgers([], GOOD, GOOD[:2], {"c": GOOD[:2]}), "committed, not in the log"),
        (Ledgers([], GOOD[:2], GOOD, {"c": GOOD}), "in the log, not committed"),
        (Ledgers([], GOOD, GOOD, {"c": GOOD[:2]}), "no effect in c"),
        (Ledgers([], GOOD, GOOD, {"c": [*GOOD, (B, 1)]}), "effect twice in c"),
        (Ledgers([], GOOD, GOOD[::-1], {"c": GOOD}), "out of order in the log"),
        (Ledgers([], GOOD, GOOD, {"c": [(A, 2), (A, 1), (B, 1)]}), "out of order in effects of c"),
    ],
)
def test_each_disagreement_is_named(ledgers: Ledgers, found: str) -> None:
    assert any(found in violation for violation in violations(ledgers))


async def what_is_found(theatre: Theatre) -> list[str]:
    """What the checker says of a play at whose end the log has stood still; a publisher at fault never converges."""

    async def standing() -> bool:
        before = await theatre.ledgers()
        if len(before.acknowledged) < COMMANDS or not before.log:
            return False
        await rest(1.5)
        return len((await theatre.ledgers()).log) == len(before.log)

    await eventually(standing, within=40, every=0.5)
    return violations(await theatre.ledgers())


async def test_without_the_inbox_a_redelivery_has_its_effect_twice(theatre: Theatre) -> None:
    async with theatre.publisher(COMMANDS, crash="relay.acknowledgement") as dying:
        await dying.wait()
    async with theatre.publisher(), theatre.listener("--fault", "inbox_off"):
        await theatre.converge()
        found = violations(await theatre.ledgers())

    assert any("effect twice" in violation for violation in found)


async def test_a_relay_that_deletes_before_the_acknowledgement_loses_events(theatre: Theatre) -> None:
    fault = ("--fault", "deletes_before_the_acknowledgement")
    async with theatre.publisher(COMMANDS, *fault, crash="relay.send") as dying:
        await dying.wait()
    async with theatre.publisher(), theatre.listener():
        await theatre.outbox_is_empty()
        found = violations(await theatre.ledgers())

    assert any("committed, not in the log" in violation for violation in found)


async def test_a_relay_that_sends_in_any_order_is_found(theatre: Theatre) -> None:
    async with theatre.publisher(COMMANDS, "--fault", "sends_in_any_order"), theatre.listener():
        await theatre.has_acknowledged(COMMANDS)
        await theatre.converge()
        found = violations(await theatre.ledgers())

    assert any("out of order in the log" in violation for violation in found)


async def test_a_relay_that_follows_the_sequence_loses_events(theatre: Theatre) -> None:
    theatre.aggregates = 20  # several to a shard, so that a slow commit is overtaken in its own
    async with theatre.publisher(COMMANDS, "--fault", "follows_the_sequence", "--slow", "0.05"), theatre.listener():
        found = await what_is_found(theatre)

    assert any("committed, not in the log" in violation for violation in found)
