"""Which port a part gets."""

import socket
import subprocess
import sys
from collections.abc import Generator

import pytest

from deploy.local import ports


@pytest.fixture
def taken() -> Generator[int]:
    """A port on which another program listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_the_preferred_port_is_taken_when_it_is_free() -> None:
    port = ports.spare_port()
    ports.give_back(port)
    said: list[str] = []
    assert ports.choose_port("mailbox", port, said.append) == port
    assert said == []
    ports.give_back(port)


def test_a_taken_port_is_replaced_and_that_is_said(taken: int) -> None:
    said: list[str] = []
    port = ports.choose_port("mailbox", taken, said.append)
    assert port != taken
    assert said == [f"port {taken} is taken by another program: mailbox listens on {port}"]
    ports.give_back(port)


def test_a_chosen_port_is_kept_from_other_programs_until_its_part_starts() -> None:
    port = ports.spare_port()
    assert not ports.is_free(port)
    assert ports.exact_port("console", port) == port
    assert ports.is_free(port)


def test_two_parts_of_one_run_never_get_the_same_port() -> None:
    port = ports.spare_port()
    others = {ports.choose_port("issuer", port, lambda _: None), ports.spare_port()}
    assert port not in others
    assert len(others) == 2
    for chosen in (port, *others):
        ports.give_back(chosen)


def test_a_port_that_must_be_this_one_is_refused_when_taken(taken: int) -> None:
    with pytest.raises(ports.PortTaken, match=str(taken)):
        ports.exact_port("Kafka", taken)


def test_a_port_given_back_for_its_part_goes_to_no_other_platform() -> None:
    port = ports.exact_port("issuer", ports.spare_port())
    other = f"from deploy.local import ports; print(ports.choose_port('issuer', {port}, lambda _: None))"
    chosen = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=True).stdout
    assert ports.is_free(port)
    assert int(chosen) != port
