"""Sixteen HTTP clients on bare sockets, in a process of their own: `python -m tests.bench.clients` reads its orders.

They are one JSON object on standard input; seconds, CPU seconds and what was refused come back the same way.
"""

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass
class Client:
    """One connection that sends its commands one after the other."""

    socket: socket.socket
    token: str
    pairs: list[str]
    commands: int
    review_at: str
    sent: int = 0
    refused: list[str] = field(default_factory=list[str])
    _answer: bytes = b""

    def send(self) -> None:
        """The next command: pause each pair in turn, then resume each, and so on."""
        number, past = self.sent % len(self.pairs), self.sent // len(self.pairs)
        act, body = ("resume", b"") if past % 2 else ("pause", json.dumps({"review_at": self.review_at}).encode())
        self.sent += 1
        kind = "Content-Type: application/json\r\n" if body else ""
        head = (
            f"POST /pairs/{self.pairs[number]}/{act} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}"
            f'\r\nIf-Match: "{past}"\r\n{kind}Content-Length: {len(body)}\r\n\r\n'
        )
        self.socket.sendall(head.encode() + body)

    def hear(self) -> bool:
        """Read what has come; true once the last command is answered."""
        self._answer += self.socket.recv(65_536)
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]):
            return False
        if not self._answer.startswith(b"HTTP/1.1 200"):
            self.refused.append(self._answer.decode())
        self._answer = b""
        if self.sent == self.commands:
            return True
        self.send()
        return False


def main() -> None:
    """Send all, as fast as they are answered."""
    orders: dict[str, Any] = json.load(sys.stdin)
    review_at = (datetime.now(UTC) + timedelta(days=7)).isoformat()  # noqa: TID251 - a client's own clock
    clients = [
        Client(socket.create_connection(("127.0.0.1", orders["port"])), token, pairs, orders["commands"], review_at)
        for token, pairs in zip(orders["tokens"], orders["pairs"], strict=True)
    ]
    selector = selectors.DefaultSelector()
    begun, cpu = time.perf_counter(), time.process_time()
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.send()
    left = len(clients)
    while left:
        for key, _ in selector.select():
            if key.data.hear():
                selector.unregister(key.fileobj)
                left -= 1
    said = {
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": time.process_time() - cpu,
        "refused": [refusal for client in clients for refusal in client.refused],
    }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
