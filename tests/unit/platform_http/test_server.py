"""The bounds hold on a real socket, where a client may send what no client library would."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress

import httpx
import pytest
import uvicorn

from shared.platform.http import MIB, build_app
from shared.platform.http.wire import server_config
from tests.unit.platform_http.making import NO_DATABASE, POLICY, SETTINGS, Knows, routes

PATH = "/pairs/8c7ff4e6-54b5-4d5a-9a0e-0d6a5f0e4f6e/end"
POST = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer me\r\n".encode()


@pytest.fixture(scope="module")
async def port() -> AsyncGenerator[int]:
    app = build_app("pairing", [routes], database=NO_DATABASE, authenticator=Knows(), settings=SETTINGS, policy=POLICY)
    server = uvicorn.Server(server_config(app, SETTINGS.model_copy(update={"http_port": 0})))
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


async def test_who_sends_too_much_is_told_so_and_not_cut_off(port: int):
    headers = {"Authorization": "Bearer me", "Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
        for size in (2 * MIB, 20 * MIB):
            answer = await client.post(PATH, content=bytes(size))
            assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_who_goes_on_sending_after_that_is_cut_off(port: int):
    size, sent = 200 * MIB, 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(POST + b"Content-Length: %d\r\n\r\n" % size)
    assert (await asyncio.wait_for(reader.readuntil(b"}"), 5)).startswith(b"HTTP/1.1 413")
    with suppress(ConnectionError):
        while sent < size:
            writer.write(bytes(MIB))
            await asyncio.wait_for(writer.drain(), 5)
            sent += MIB
    writer.transport.abort()
    assert sent < 50 * MIB  # what the sockets hold comes on top of what is thrown away


async def test_chunks_that_never_end_are_refused_and_the_connection_ends(port: int):
    chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"
    answer, closed = await exchange(port, POST + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 64)
    assert answer.startswith(b"HTTP/1.1 413")
    assert closed


@pytest.mark.parametrize(
    "sent",
    [
        b"garbage\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA B: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 70_000,
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nnothing\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused_with_a_code_too(port: int, sent: bytes):
    answer, closed = await exchange(port, sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-type: application/problem+json\r\n" in head.lower()
    assert b"x-content-type-options: nosniff" in head.lower()
    assert (json.loads(body)["status"], json.loads(body)["code"]) == (400, "malformed_http")
    assert closed


async def test_a_bad_chunk_behind_the_answer_only_ends_the_connection(port: int, caplog: pytest.LogCaptureFixture):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"110000\r\n" + bytes(0x110000) + b"\r\n")
    assert (await asyncio.wait_for(reader.readuntil(b"}"), 5)).startswith(b"HTTP/1.1 413")
    writer.write(b"nothing\r\n")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    assert not [record for record in caplog.records if record.exc_info]
