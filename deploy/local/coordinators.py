"""Which consumer groups a broker refuses: one whose coordinator did not load is refused until the broker's next start.

Kafka keeps the groups in the partitions of a topic of its own, and reads each into a coordinator when it becomes that
partition's leader. A read that fails is said in its log and never tried again: every group of that partition is refused
with NOT_COORDINATOR until the partition has a new leader, which for a broker alone means a new start.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any, Final

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import GroupLoadInProgressError
from aiokafka.protocol.commit import OffsetFetchRequest

TOPIC: Final = "__consumer_offsets"
ANSWERS: Final = 0
LOADS: Final = GroupLoadInProgressError.errno


async def errors(node: int, partitions: int, led: Sequence[int], connection: dict[str, Any]) -> dict[int, int]:
    """How the broker answers for the groups of each partition that it leads, of so many in all, as Kafka's error codes.

    `connection` is what every aiokafka client takes. Raises aiokafka's KafkaError where the broker does not answer.
    """
    groups = a_group_in_each(partitions)
    client = AIOKafkaClient(**connection)
    try:
        await client.bootstrap()
        # Asked by hand: aiokafka's own clients leave out the error of the whole answer, and librdkafka's ended the
        # process (2.16.1) when the answer was an error.
        answers = {number: await client.send(node, OffsetFetchRequest(groups[number], [])) for number in led}
        return {number: answer.error_code for number, answer in answers.items()}
    finally:
        await client.close()


def a_group_in_each(partitions: int) -> dict[int, str]:
    """For each of so many partitions the name of a group that would be kept there; to ask for one makes none."""
    found: dict[int, str] = {}
    names = (f"osler-asks-{number}" for number in count())
    while len(found) < partitions:
        name = next(names)
        found.setdefault(partition_of(name, partitions), name)
    return found


def partition_of(group: str, partitions: int) -> int:
    """Where Kafka keeps a group of an ASCII name: Java's hash of the name, without its sign, modulo the partitions."""
    hashed = 0
    for character in group.encode("ascii"):
        hashed = (31 * hashed + character) & 0xFFFFFFFF
    return (hashed & 0x7FFFFFFF) % partitions
