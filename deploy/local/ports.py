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
# A port that was chosen stays bound until its part starts, seconds later, so that nobody else takes it meanwhile.
_kept: dict[int, socket.socket] = {}
# Between the moment when a port is given back and the start of its part nobody is bound to it: two platforms that start
# at once would share it. A claim is a name that one process on the machine can hold, and its end frees it.
_claims: set[int] = set()


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
    """Any free port, kept until `exact_port` or `give_back`."""
    for port in random.SystemRandom().sample(_SPARE, 200):
        if _keep(port):
            return port
    raise PortTaken("No free port was found between 20000 and 32000 on 127.0.0.1.")


def choose_port(name: str, preferred: int, say: Say) -> int:
    """The preferred port, or another when it is taken, which is said; kept as by `spare_port`."""
    if _keep(preferred):
        return preferred
    port = spare_port()
    say(f"port {preferred} is taken by another program: {name} listens on {port}")
    return port


def exact_port(name: str, port: int) -> int:
    """This very port, no longer kept: whoever asks listens on it now. Raises PortTaken when it is not free."""
    give_back(port)
    if not (is_free(port) and _claim(port)):
        raise PortTaken(f"Port {port} on 127.0.0.1 is taken, and {name} was told to use no other.")
    return port


def give_back(port: int) -> None:
    """Keep this port no longer."""
    if port in _kept:
        _kept.pop(port).close()


def _keep(port: int) -> bool:
    """Bind a port without listening, so that no other program can; False when one has it."""
    if port in _kept or not (is_free(port) and _claim(port)):
        return False
    keeper = socket.socket()
    try:
        keeper.bind(("127.0.0.1", port))
    except OSError:  # cooling down after a server's end: a server may listen on it, but it cannot be kept
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", port))
    _kept[port] = keeper
    return True


def _claim(port: int) -> bool:
    """Claim a port among Osler's own processes until this one ends; False when another has it."""
    if port in _claims:
        return True
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0osler-port-{port}")
    except OSError:
        claim.close()
        return False
    claim.detach()  # nothing closes it before the process ends
    _claims.add(port)
    return True
