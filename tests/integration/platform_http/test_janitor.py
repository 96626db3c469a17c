"""What is kept for repeated requests goes after seven days, and with whoever was erased meanwhile."""

import asyncio
from uuid import uuid4

from shared.platform import janitor
from shared.platform.database import Database
from shared.testing.eventually import eventually
from shared.testing.stage import Stage
from tests.integration.platform_http.conftest import House, Somebody


async def test_kept_answers_go_with_age_and_with_whom_they_are_of(house: House, edge_stage: Stage) -> None:
    old, erased, stays = [await house.somebody("mentor") for _ in range(3)]
    for who in (old, erased, stays):
        headers = who.headers | {"Idempotency-Key": str(uuid4())}
        assert (await house.client.post("/notes", json={"body": "once"}, headers=headers)).is_success
    await house.admin.execute(
        "UPDATE idempotency_keys SET created_at = created_at - interval '7 days' WHERE person_id = $1", old.person_id
    )
    await house.admin.execute("UPDATE members SET status = 'erased' WHERE person_id = $1", erased.person_id)

    async def only_one_is_left() -> bool:
        return await _kept(house, old, erased, stays) == [stays.person_id]

    async with Database.open(edge_stage.database("pairing_worker"), schema="pairing") as worker:
        sweeping = asyncio.create_task(janitor.run(worker))
        await eventually(only_one_is_left)
        sweeping.cancel()


async def _kept(house: House, *people: Somebody) -> list[object]:
    rows = await house.admin.fetch(
        "SELECT person_id FROM idempotency_keys WHERE person_id = ANY($1::uuid[])", [who.person_id for who in people]
    )
    return [row["person_id"] for row in rows]
