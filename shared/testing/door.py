"""A door on the loopback between a client and its server: when told, it is slow, narrow, silent, shut or forgetful."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from urllib.parse import urlsplit, urlunsplit

from shared.platform.loops import rest

_CHUNK = 65_536


@dataclass
class Door:
    """Passes bytes on in both directions, as it is told at that moment; each change holds for open connections too."""

    host: str
    port: int
    own_port: int = 0
    delay_seconds: float = 0.0
    """Added to every piece of bytes, each way."""
    bytes_per_second: float = inf
    """How much each connection lets through, each way."""
    forgets_answer_to: bytes = b""
    """Whoever next sends these bytes is cut off when their answer has come: it is done, and nobody is told."""
    is_shut: bool = False
    _speaks: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    def __post_init__(self) -> None:
        self._speaks.set()

    @property
    def address(self) -> str:
        """Where clients knock."""
        return f"127.0.0.1:{self.own_port}"

    def through(self, url: str) -> str:
        """A server's address with this door in its place."""
        parts = urlsplit(url)
        login, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{login}{at}{self.address}"))

    def cut(self) -> None:
        """End every connection; whoever comes again is let in, unless the door is shut."""
        for writer in self._open:
            writer.transport.abort()

    def shut(self) -> None:
        """End every connection, and take no other."""
        self.is_shut = True
        self.cut()

    def fall_silent(self) -> None:
        """Keep every connection and pass nothing on: each side believes the other is there (half open)."""
        self._speaks.clear()

    def open(self) -> None:
        """As at first: at full speed, for everybody; what silence held back goes on, as TCP would send it again."""
        self.is_shut = False
        self.delay_seconds, self.bytes_per_second, self.forgets_answer_to = 0.0, inf, b""
        self._speaks.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection through."""
        self._open.add(writer)
        with suppress(OSError, asyncio.CancelledError):  # who is cancelled here has nobody to tell but asyncio's log
            if not self.is_shut:
                await self._take_through(reader, writer)
        writer.transport.abort()
        self._open.discard(writer)

    async def _take_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there = await asyncio.open_connection(self.host, self.port)
        self._open.add(there)
        back = asyncio.create_task(self._pass_all(there_reader, writer))
        try:
            while data := await reader.read(_CHUNK):
                if self.forgets_answer_to and self.forgets_answer_to in data:
                    self.forgets_answer_to = b""
                    back.cancel()
                    await asyncio.gather(back, return_exceptions=True)  # two may not read one stream
                    await self._pass(data, there)
                    await there_reader.read(_CHUNK)
                    break
                await self._pass(data, there)
        finally:
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            there.transport.abort()
            self._open.discard(there)

    async def _pass_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._pass(data, writer)
        writer.transport.abort()

    async def _pass(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        await self._speaks.wait()
        if self.delay_seconds:
            await rest(self.delay_seconds)
        writer.write(data)
        await writer.drain()
        if self.bytes_per_second < inf:
            await rest(len(data) / self.bytes_per_second)


@asynccontextmanager
async def a_door(url: str) -> AsyncGenerator[Door]:
    """A door before the server at this address, such as `postgresql://me@127.0.0.1:5432/osler` or `//127.0.0.1:25`."""
    parts = urlsplit(url)
    door = Door(parts.hostname or "127.0.0.1", parts.port or 0)
    server = await asyncio.start_server(door.serve, "127.0.0.1", 0)
    door.own_port = server.sockets[0].getsockname()[1]
    async with server:
        yield door
        door.open()
        door.shut()
