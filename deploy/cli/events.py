"""The command `events tail`: a topic as lines of JSON; refuses to touch any reader's offsets."""

import json
import os
import select
import sys
from collections.abc import Iterator
from typing import Annotated, Final

import typer
from confluent_kafka import Consumer, Message, TopicPartition

from deploy.cli.broker import administrator
from deploy.local.problems import LocalProblem
from shared.contracts.topics import catalogue, partitions

_POLL_SECONDS: Final = 1.0

app = typer.Typer()
events_app = typer.Typer(no_args_is_help=True, help="The event streams.")
app.add_typer(events_app, name="events")


@events_app.command()
def tail(
    topic: Annotated[str, typer.Argument(help="for instance osler.pairing")],
    from_start: Annotated[bool, typer.Option("--from-start", help="every event since the first")] = False,
    follow: Annotated[bool, typer.Option(help="wait for more, until Ctrl-C")] = True,
) -> None:
    """Print a topic's events, one line of JSON each, without touching any reader's offsets."""
    if topic not in catalogue().topics:
        raise LocalProblem(f"There is no topic {topic!r}; there are {', '.join(catalogue().topics)}.")
    bootstrap, security = administrator()
    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": "osler-tail", **security.options()})
    try:
        for message in _messages(reader, topic, from_start=from_start, follow=follow):
            _print_event(message.headers() or [], message.value())
    except BrokenPipeError:
        # Whoever read this has seen enough, as `head` has. Python would try to write the rest once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return  # how one ends it
    finally:
        reader.close()


def _messages(reader: Consumer, topic: str, *, from_start: bool, follow: bool) -> Iterator[Message]:
    ends = {number: _range(reader, topic, number) for number in range(partitions(topic))}
    reader.assign([TopicPartition(topic, n, low if from_start else high) for n, (low, high) in ends.items()])
    left = {number for number, (low, high) in ends.items() if from_start and high > low}
    while follow or left:
        message = reader.poll(_POLL_SECONDS)
        if message is None and _nobody_reads():
            raise BrokenPipeError
        if message is None or message.error():
            continue
        yield message
        if message.offset() + 1 >= ends[message.partition()][1]:
            left.discard(message.partition())


def _nobody_reads() -> bool:
    """Whether the other end of a pipe is closed, which is otherwise seen at the next event, and that may be far off."""
    output = select.poll()
    output.register(sys.stdout, 0)
    return any(state & select.POLLERR for _, state in output.poll(0))


def _range(reader: Consumer, topic: str, number: int) -> tuple[int, int]:
    return reader.get_watermark_offsets(TopicPartition(topic, number), timeout=10)


def _print_event(headers: list[tuple[str, bytes]], value: bytes | None) -> None:
    known = {name: word.decode("utf-8", "replace") for name, word in headers if name.startswith("ce_")}
    try:
        body = None if value is None else json.loads(value)
    except ValueError:
        body = {"unreadable_bytes": len(value or b"")}
    typer.echo(json.dumps({"type": known.get("ce_type"), "subject": known.get("ce_subject"), "data": body}))
