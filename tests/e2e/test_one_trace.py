"""One trace leads from a request through the relay and Kafka to the handler of another service."""

import pytest

from shared.testing.eventually import eventually
from tests.e2e.life import Life, done
from tests.e2e.otlp import Collector

LOGGED = "on osler.meetings.touchpoint_logged.v1"


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_the_trace_of_a_command_leads_to_the_handlers_of_other_services(life: Life, collector: Collector) -> None:
    async with life.platform.administrator() as connection:
        now = await connection.fetchval("SELECT now FROM osler_local.clock")
    async with life.platform.client("meetings", life.mentor) as http:
        touchpoint = {"happened_at": now.isoformat(), "minutes": 10}
        await done(lambda: http.post(f"/pairs/{life.pair_id}/touchpoints", json=touchpoint))

    def requests() -> set[str]:
        return {span.trace_id for span in collector.find("meetings", "meetings.log_touchpoint")}

    def handlers() -> set[str]:
        return {span.trace_id for span in collector.find("console", LOGGED)}

    async def both_were_exported() -> bool:
        return bool(requests() and handlers())

    await eventually(both_were_exported, within=30.0)

    assert handlers() == requests()
