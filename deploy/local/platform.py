"""All that runs in one data folder, with its ports and secrets decided and nothing started yet; one plan per run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from deploy.local import ports
from deploy.local.clock import start_of_clock
from deploy.local.folder import DataFolder
from deploy.local.issuer.personas import Personas
from deploy.local.kafka import PROTOCOL, Kafka
from deploy.local.postgres import Postgres
from deploy.local.programs import Program
from deploy.local.saying import Say
from deploy.local.status import RunningService, Status
from deploy.local.surroundings import Addresses, Secrets, of_issuer, of_service

# In the order of their ports, so that each keeps its own when one before it does not exist yet.
_SERVICES: Final = ("directory", "pairing", "meetings", "feedback", "notifications", "streams")
_FOLDER: Final = Path(__file__).parents[2] / "services"
_CONSOLE: Final = "console"


class Part(Protocol):
    """What every part can do, the engines and the programs alike."""

    @property
    def name(self) -> str: ...
    @property
    def pid(self) -> int: ...
    @property
    def port(self) -> int: ...
    @property
    def log(self) -> Path: ...
    @property
    def running(self) -> bool: ...
    async def start(self) -> object: ...
    async def stop(self) -> None: ...


@dataclass
class Platform:
    """Everything that runs in one data folder."""

    folder: DataFolder
    secrets: Secrets
    postgres: Postgres
    kafka: Kafka
    mailbox: Program
    issuer: Program
    addresses: Addresses
    personas: Personas
    stepped_from: datetime | None
    services: dict[str, Program] = field(default_factory=dict[str, Program])

    @property
    def stop_order(self) -> list[Sequence[Part]]:
        """Every part, grouped as they are stopped: whoever uses comes before what is used."""
        return [list(self.services.values()), [self.mailbox, self.issuer], [self.kafka, self.postgres]]

    @property
    def parts(self) -> list[Part]:
        """Every part, the engines first."""
        return [part for together in reversed(self.stop_order) for part in together]

    def status(self) -> Status:
        """What others are told."""
        services = {name: RunningService(program.url, program.pid, name) for name, program in self.services.items()}
        return Status(
            services=services,
            kafka={PROTOCOL: self.kafka.bootstrap},
            database=self.postgres.address,
            issuer=self.addresses.issuer,
            mailbox=self.mailbox.url,
            console=self.addresses.console,
            data=str(self.folder.path),
        )


def service_names() -> list[str]:
    """The services that exist, in the order of their ports."""
    return [name for name in (*_SERVICES, _CONSOLE) if (_FOLDER / name / "__main__.py").exists()]


def plan(
    folder: DataFolder, say: Say, services: Sequence[str], stepped_from: datetime | None, personas: Path
) -> Platform:
    """Decide ports and secrets of the parts and of these services; raises ClockDiffers, PortTaken."""
    clock = start_of_clock(folder, stepped_from)
    known = Secrets(folder)
    urls = {name: f"http://127.0.0.1:{port}" for name, port in _service_ports(services, say).items()}
    web, smtp, issuing = (
        ports.choose_port(name, ports.PREFERRED[name], say) for name in ("mailbox", "mailbox (SMTP)", "issuer")
    )
    addresses = Addresses(urls, f"http://127.0.0.1:{issuing}", smtp)
    mail = folder.subfolder("mailbox")
    platform = Platform(
        folder=folder,
        secrets=known,
        postgres=Postgres(folder, say=say),
        kafka=Kafka(folder, say=say),
        mailbox=Program(
            folder,
            "mailbox",
            ["deploy.local.mailbox", str(mail), str(web), str(smtp)],
            dict,
            web,
            other_ports=[smtp],
        ),
        issuer=Program(
            folder,
            "issuer",
            ["deploy.local.issuer", str(issuing), str(personas)],
            lambda: of_issuer(addresses.console, known),
            issuing,
        ),
        addresses=addresses,
        personas=Personas.read(personas),
        stepped_from=clock,
    )
    for name, url in urls.items():
        platform.services[name] = _service(platform, name, int(url.rpartition(":")[2]))
    return platform


def _service(platform: Platform, name: str, port: int) -> Program:
    clock = "stepped" if platform.stepped_from else "real"

    def environment() -> dict[str, str]:
        return of_service(
            name,
            clock,
            addresses=platform.addresses,
            postgres=platform.postgres,
            kafka=platform.kafka,
            known=platform.secrets,
        )

    return Program(platform.folder, name, [f"services.{name}", "--role", "all"], environment, port)


def _service_ports(services: Sequence[str], say: Say) -> dict[str, int]:
    """A port for each service, the console's first choice being one that people can remember."""
    preferred = {name: ports.FIRST_SERVICE + place for place, name in enumerate(_SERVICES)}
    preferred[_CONSOLE] = ports.PREFERRED[_CONSOLE]
    return {name: ports.choose_port(name, preferred[name], say) for name in services}
