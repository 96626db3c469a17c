"""Ports on the loopback: the fixed one where it is free, else another; refuses to give one port twice in a process."""

import random
import socket
from typing import Final

from deploy.local.problems import LocalProblem
from deploy.local.saying import Say

PREFERRED: Final = {
    "PostgreSQL": 54320,
    "Kafka": 29092,
    "Kafka's controller": 29093,
    "mailbox": 8025,
    "mailbox (SMTP)": 2525,
    "issuer": 8090,
    "console": 8080,
}
FIRST_SERVICE: Final = 8101
# Below the range from which Linux takes ports for outgoing connections, so that no such connection can be in the way
# when a part starts again on its port.
_SPARE: Final = range(20_000, 32_000)
_given: set[int] = set()


class PortTaken(LocalProblem):
    """A port that must be this one is taken by another program."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback now."""
    with socket.socket() as probe:
        # What servers set too: a port that is only cooling down after a server's end counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def spare_port() -> int:
    """Any free port."""
    candidates = random.SystemRandom().sample(_SPARE, 200)
    for port in candidates:
        if port not in _given and is_free(port):
            _given.add(port)
            return port
    raise PortTaken("No free port was found between 20000 and 32000 on 127.0.0.1.")


def choose_port(name: str, preferred: int, say: Say) -> int:
    """The preferred port, or another when it is taken; then says so."""
    if preferred not in _given and is_free(preferred):
        _given.add(preferred)
        return preferred
    port = spare_port()
    say(f"port {preferred} is taken by another program: {name} listens on {port}")
    return port


def exact_port(name: str, port: int) -> int:
    """This very port; raises PortTaken when it is not free."""
    if not is_free(port):
        raise PortTaken(f"Port {port} on 127.0.0.1 is taken, and {name} was told to use no other.")
    _given.add(port)
    return port


def give_back(*ports: int) -> None:
    """Let another part of this process have these ports."""
    _given.difference_update(ports)
