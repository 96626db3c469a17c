"""One trace leads from a request through the relay and Kafka to the handler of another service."""

from shared.testing.eventually import eventually
from tests.e2e.life import Life, done
from tests.e2e.otlp import Collector, Span

LOGGED = "on osler.meetings.touchpoint_logged.v1"


async def test_the_trace_of_a_command_leads_to_the_handlers_of_other_services(life: Life, collector: Collector) -> None:
    async with life.platform.administrator() as connection:
        now = await connection.fetchval("SELECT now FROM osler_local.clock")
    async with life.platform.client("meetings", life.mentor) as http:
        touchpoint = {"happened_at": now.isoformat(), "minutes": 10}
        await done(lambda: http.post(f"/pairs/{life.pair_id}/touchpoints", json=touchpoint))

    async def handled() -> list[Span]:
        return collector.find("console", LOGGED)

    handlers = await eventually(handled, within=30.0)
    requests = collector.find("meetings", "meetings.log_touchpoint")

    assert {span.trace_id for span in handlers} <= {span.trace_id for span in requests}
