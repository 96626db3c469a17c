"""Real services behind the pages: what they said is heard by the console, and what the pages ask reaches them."""

import re
from dataclasses import dataclass
from typing import Final

from shared.contracts.contacts import ContactRecorded
from shared.contracts.directory import InstitutionJoined, PersonJoined, RoleAssigned
from shared.contracts.event import Event
from shared.contracts.pairing import (
    ConflictRaised,
    ConflictResolved,
    PairAccepted,
    RequestAccepted,
    RequestDeclined,
    RequestSent,
    RequestWithdrawn,
)
from shared.testing.running import Running
from tests.integration.console.front import DIRECTORY, PAIRING, Front
from tests.integration.directory.consortium import Consortium, Hospital

_HEARD: Final[tuple[type[Event], ...]] = (
    InstitutionJoined,
    PersonJoined,
    ContactRecorded,
    RoleAssigned,
    RequestSent,
    RequestDeclined,
    RequestWithdrawn,
    RequestAccepted,
    PairAccepted,
    ConflictRaised,
    ConflictResolved,
)
"""In an order in which nothing has to wait."""


@dataclass
class Somebody:
    """A person of a hospital's real directory."""

    hospital: Hospital
    external_id: str = "boss"

    @property
    def subject(self) -> str:
        """What their sign-in proves."""
        return f"{self.external_id}@{self.hospital.mail_domain}"


def words_of(page: str) -> str:
    """What a page says, without its markup."""
    return re.sub(r" ([.,:;])", r"\1", re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


async def overhear(front: Front, service: Running) -> None:
    """Let the console hear what a service has said so far."""
    for kind in _HEARD:
        if kind.topic in {event.topic for event in service.service.says}:
            await front.console.deliver(*await service.bodies(kind))


async def tell(front: Front, pairing: Running, *events: Event) -> None:
    """Let pairing, which stands behind the pages, and the console hear the same."""
    await pairing.deliver(*events)
    await front.console.deliver(*events)
    front.world.behind[PAIRING] = pairing.http


async def administer(front: Front, consortium: Consortium) -> tuple[Hospital, str]:
    """A hospital with a real directory behind the pages, and its administrator's cookie."""
    hospital = await consortium.add_hospital()
    front.world.behind[DIRECTORY] = consortium.running.http
    await overhear(front, consortium.running)
    return hospital, await front.let_in(Somebody(hospital))
