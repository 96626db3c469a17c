"""A list is read at once: however many rows it shows, as many statements go to the database as for one row."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from services.pairing import use_cases
from shared.platform.database import Connection, Row, Transaction
from shared.platform.members import Person
from shared.testing.running import Running
from tests.integration.pairing.introducing import FIELD, Somebody, Three
from tests.integration.pairing.lent import Lent

Read = Callable[[Transaction, Person, int], Awaitable[list[object]]]


@dataclass
class _Counted:
    """A connection that counts the statements that it is given."""

    connection: Connection
    sent: int = 0

    async def execute(self, query: str, *args: object) -> str:
        self.sent += 1
        return await self.connection.execute(query, *args)

    async def executemany(self, command: str, args: Sequence[Sequence[object]]) -> None:
        self.sent += 1
        await self.connection.executemany(command, args)

    async def fetch(self, query: str, *args: object) -> list[Row]:
        self.sent += 1
        return await self.connection.fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> Row | None:
        self.sent += 1
        return await self.connection.fetchrow(query, *args)

    def is_closed(self) -> bool:
        return self.connection.is_closed()


async def _circles(tx: Transaction, me: Person, limit: int) -> list[object]:
    return [*await use_cases.list_circles(tx, me, None, limit)]


async def _opportunities(tx: Transaction, me: Person, limit: int) -> list[object]:
    return [*await use_cases.list_opportunities(tx, me, None, limit, tx.now)]


async def _introductions(tx: Transaction, me: Person, limit: int) -> list[object]:
    return [*await use_cases.list_introductions(tx, me, None, limit)]


async def _leavings(tx: Transaction, me: Person, limit: int) -> list[object]:
    return [*await use_cases.list_leavings(tx, me, None, limit)]


async def _expect_as_many_statements_as_for_one(pairing: Running, somebody: Somebody, read: Read) -> None:
    me = Person(somebody.person_id, somebody.hospital.institution_id, frozenset({somebody.role}))
    sent: dict[int, int] = {}
    for limit in (1, 3):
        async with pairing.app.transaction(me.institution_id, me.person_id) as tx:
            tx.connection = counted = _Counted(tx.connection)
            assert len(await read(tx, me, limit)) == limit
        sent[limit] = counted.sent
    assert 0 < sent[3] == sent[1]


async def _offer_three_of_each(three: Three) -> None:
    """A mentor of another hospital offers the mentee three circles, opportunities and introductions."""
    mentor, mentee_id = three.mentor, str(three.mentee.person_id)
    async with mentor.hospital.pairing.worker.transaction() as tx:
        deadline = (tx.now + timedelta(days=30)).isoformat()
    offered = {"kind": "conference", "title": "Lisbon", "deadline": deadline, "mentee_ids": [mentee_id]}
    formed = {"kind": "mentor", "topic": "Writing", "person_ids": [mentee_id]}
    third = three.colleague.hospital
    for colleague in (three.colleague, *[Somebody(third, await third.mentor()) for _ in range(2)]):
        (await mentor.post("/circles", formed)).raise_for_status()
        (await mentor.post("/opportunities", offered)).raise_for_status()
        (await mentor.offer(three.mentee, colleague, FIELD)).raise_for_status()


@pytest.mark.parametrize("read", [_circles, _opportunities, _introductions])
async def test_what_others_offer_is_read_at_once(pairing: Running, read: Read) -> None:
    three = await Three.meet(pairing)
    await _offer_three_of_each(three)
    await _expect_as_many_statements_as_for_one(pairing, three.mentee, read)
    await _expect_as_many_statements_as_for_one(pairing, three.mentor, read)


async def test_pairs_under_notice_are_read_at_once(pairing: Running) -> None:
    lent = await Lent.at_work(pairing)
    for _ in range(2):
        proposed = await lent.borrower.propose(await lent.lender.mentor(1, 1), await lent.borrower.mentee())
        await lent.borrower.activate(proposed, lent.lender)
    await lent.give_notice()
    boss = Somebody(lent.borrower, lent.borrower.administrator_id, "administrator")
    await _expect_as_many_statements_as_for_one(pairing, boss, _leavings)
