"""The bounds hold on a real socket, where a client may send what no client library would."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import uvicorn

from shared.platform.http import MIB, build_app
from tests.unit.platform_http.making import NO_DATABASE, POLICY, SETTINGS, Knows, routes

POST = b"POST /pairs/8c7ff4e6-54b5-4d5a-9a0e-0d6a5f0e4f6e/end HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer me\r\n"


@pytest.fixture(scope="module")
async def port() -> AsyncGenerator[int]:
    app = build_app("pairing", [routes], database=NO_DATABASE, authenticator=Knows(), settings=SETTINGS, policy=POLICY)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off", ws="none"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.wait([serving], timeout=0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def exchange(port: int, *sent: bytes) -> tuple[bytes, bool]:
    """What comes back, and whether the server then closed the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in sent:
            writer.write(part)
        await writer.drain()
        answer = await asyncio.wait_for(reader.readuntil(b"}"), 5)
        closed = await asyncio.wait_for(reader.read(), 5) == b""
    except (ConnectionResetError, BrokenPipeError):
        return b"", True
    else:
        return answer, closed
    finally:
        writer.transport.abort()


async def test_a_length_that_is_too_large_is_refused_before_the_body_is_sent(port: int):
    head = POST + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (MIB + 1)
    answer, closed = await exchange(port, head)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b'"body_too_large"' in answer
    assert closed


async def test_chunks_that_never_end_are_refused_and_the_connection_ends(port: int):
    chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"
    # One byte too many and no more: what is sent after the answer would turn it into a reset connection.
    sent = [POST + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 16, b"1\r\nx\r\n"]
    answer, closed = await exchange(port, *sent)
    assert answer.startswith(b"HTTP/1.1 413")
    assert closed
