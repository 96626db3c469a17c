"""Three brokers of Kafka as one cluster, where each record is stored by two before it counts; any one may die."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local import ports
from deploy.local.folder import DataFolder
from deploy.local.kafka import Kafka, new_cluster_id
from deploy.local.parts import side_by_side
from deploy.local.postgres import Postgres
from shared.contracts.topics import catalogue
from shared.platform import topics
from shared.platform.topics import Security
from shared.platform.topics.plan import Copies
from shared.testing.stage import Engines, Stage, new_passwords
from tests.spine.theatre import set_stage

_NODES: Final = (1, 2, 3)
_COPIES: Final = Copies(replication=3, in_sync=2)


@dataclass(frozen=True)
class Cluster:
    """The brokers by their ids, PostgreSQL beside them, and a stage."""

    brokers: dict[int, Kafka]
    stage: Stage

    async def leaders(self, topic: str) -> list[int]:
        """Which broker leads each partition."""
        engines = self.stage.engines
        admin = Security(engines.kafka_username, engines.kafka_password).connect(engines.kafka_bootstrap)
        metadata = await asyncio.to_thread(admin.list_topics, topic, 15)
        return [partition.leader for partition in metadata.topics[topic].partitions.values()]


@asynccontextmanager
async def a_cluster(path: Path) -> AsyncGenerator[Cluster]:
    """Start three brokers and PostgreSQL in this folder."""
    folder = DataFolder.make(path)
    async with AsyncExitStack() as stack:
        stack.enter_context(folder.hold())
        postgres = Postgres(folder, port=0)
        brokers = _brokers(folder)
        parts = [postgres, *brokers.values()]
        stack.push_async_callback(_stop, parts)
        await side_by_side(*(part.start() for part in parts))
        first = brokers[_NODES[0]]
        bootstrap = ",".join(broker.bootstrap for broker in brokers.values())
        engines = Engines(postgres.admin_url, bootstrap, first.username, first.password)
        passwords = new_passwords()
        security = Security(first.username, first.password)
        await asyncio.to_thread(topics.apply, bootstrap, security, catalogue(), passwords, copies=_COPIES)
        yield Cluster(brokers, await set_stage(engines, passwords, ("pairing", "meetings")))


def _brokers(folder: DataFolder) -> dict[int, Kafka]:
    own = {node: (ports.spare_port(), ports.spare_port()) for node in _NODES}
    voters = ",".join(f"{node}@127.0.0.1:{controller}" for node, (_, controller) in own.items())
    cluster_id = new_cluster_id()
    return {
        node: Kafka(
            folder,
            port=clients,
            controller_port=controller,
            cluster_id=cluster_id,
            place=f"kafka-{node}",
            settings={
                "node.id": str(node),
                "controller.quorum.voters": voters,
                "offsets.topic.replication.factor": "3",
                "transaction.state.log.replication.factor": "3",
                "transaction.state.log.min.isr": "2",
            },
        )
        for node, (clients, controller) in own.items()
    }


async def _stop(parts: Sequence[Kafka | Postgres]) -> None:
    await side_by_side(*(part.stop() for part in parts))
