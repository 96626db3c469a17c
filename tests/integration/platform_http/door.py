"""A door between the service and PostgreSQL that can be shut, or go deaf just when a COMMIT passes through it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit


@dataclass
class Door:
    """Passes bytes on, as long as it is told to."""

    host: str
    port: int
    own_port: int = 0
    loses_next_answer_to_commit: bool = False
    is_shut: bool = False
    _open: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    def url(self, url: str) -> str:
        """The same address through this door."""
        parts = urlsplit(url)
        login = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{self.own_port}"))

    def shut(self) -> None:
        """End every connection, and take no other."""
        self.is_shut = True
        for writer in self._open:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection's bytes on."""
        if self.is_shut:
            writer.transport.abort()
            return
        there_reader, there = await asyncio.open_connection(self.host, self.port)
        self._open |= {writer, there}
        back = asyncio.create_task(self._pass(there_reader, writer))
        with suppress(OSError):
            while data := await reader.read(65_536):
                if b"COMMIT" in data and self.loses_next_answer_to_commit:
                    self.loses_next_answer_to_commit = False
                    back.cancel()
                    await asyncio.gather(back, return_exceptions=True)  # two may not read one stream
                    there.write(data)
                    await there_reader.read(65_536)  # the answer came: it is committed, and nobody will be told
                    break
                there.write(data)
                await there.drain()
        for each in (writer, there):
            each.transport.abort()
            self._open.discard(each)
        await asyncio.gather(back, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


@asynccontextmanager
async def a_door(url: str) -> AsyncGenerator[Door]:
    """A door before the database at this address."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    door = Door(parts.hostname, parts.port)
    server = await asyncio.start_server(door.serve, "127.0.0.1", 0)
    door.own_port = server.sockets[0].getsockname()[1]
    async with server:
        yield door
        door.shut()
