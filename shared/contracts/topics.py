"""The topics as data, read from `topics.toml`; a topic without an entry there does not exist."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Topic(BaseModel):
    """One topic: its publisher, its readers and how long Kafka keeps it (milliseconds; -1 is for ever)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    publisher: str
    partitions: Annotated[int, Field(ge=1)]
    cleanup: Literal["delete", "compact"]
    retention_ms: int = -1
    segment_ms: int | None = None
    max_compaction_lag_ms: int | None = None
    delete_retention_ms: int | None = None
    readers: tuple[str, ...]

    @property
    def holds_states(self) -> bool:
        """A compacted topic holds states: the highest version counts, and a missing one is no gap."""
        return self.cleanup == "compact"


class Reader(BaseModel):
    """A principal that owns no service: it reads, in groups of these prefixes, and writes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    groups: tuple[str, ...]


class Catalogue(BaseModel):
    """Everything `topics.toml` says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: dict[str, Topic]
    principals: dict[str, Reader]


@cache
def catalogue() -> Catalogue:
    """The committed catalogue of topics and outside readers."""
    raw = tomllib.loads(Path(__file__).with_name("topics.toml").read_text(encoding="utf-8"))
    for name, topic in raw["topics"].items():
        topic["name"] = name
    return Catalogue.model_validate(raw)


@cache
def partitions(topic: str) -> int:
    """How many partitions a topic has; raises KeyError for a topic that is not in the catalogue."""
    return catalogue().topics[topic].partitions


def services() -> list[str]:
    """The principals that publish or read as services, sorted."""
    every = {topic.publisher for topic in catalogue().topics.values()}
    for topic in catalogue().topics.values():
        every.update(topic.readers)
    return sorted(every - set(catalogue().principals))
