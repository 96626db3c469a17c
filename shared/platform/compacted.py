"""The last word on each key of a compacted topic, read to the end it has now; joins no group and commits nothing."""

from contextlib import aclosing
from typing import NamedTuple

from shared.platform.settings import PlatformSettings
from shared.platform.whole_topic import read_whole


class LastWord(NamedTuple):
    """What the log says last under a key: the record's headers, and whether it has a body or is a tombstone."""

    headers: dict[str, str]
    has_body: bool


async def read_last_words(settings: PlatformSettings, topic: str) -> dict[str, LastWord]:
    """Read a topic from its beginning to the end it has when this is called; give the last record of each key.

    Keys and header values that are not UTF-8 are kept with replacement characters. Raises CannotReadTheTopic.
    """
    words: dict[str, LastWord] = {}
    async with aclosing(read_whole(settings, topic)) as batches:
        async for records in batches:
            for record in records:
                if record.key is not None:
                    headers = {name: _text(value) for name, value in record.headers}
                    words[_text(record.key)] = LastWord(headers, record.value is not None)
    return words


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", errors="replace")
