"""What each service is told by its environment; refuses to tell one service another's secrets."""

import json
import os
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from deploy.local.folder import DataFolder
from deploy.local.issuer.tokens import new_key
from deploy.local.kafka import PROTOCOL, Kafka
from deploy.local.postgres import Postgres
from shared.contracts.topics import catalogue, services
from shared.platform.migrations.logins import DUTIES

AUDIENCE: Final = "osler"
CLIENT_ID: Final = "osler-console"
# The console's own address for people who come back from the issuer.
SIGNED_IN_PATH: Final = "/signed-in"
_READ_CONTACTS: Final = ("directory", "notifications", "console")
# What a person may set for every service from outside.
_PASSED_ON: Final = ("OSLER_OTLP_ENDPOINT", "OSLER_CRASH_AT", "OSLER_CRASH_LOG")


@dataclass(frozen=True)
class Addresses:
    """Where everything listens; known before anything but the engines has started."""

    services: Mapping[str, str]
    issuer: str
    smtp_port: int

    @property
    def console(self) -> str:
        """Where people look; empty while there is no console."""
        return self.services.get("console", "")


class Secrets:
    """The secrets of one data folder, each made once."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder

    def passwords(self) -> dict[str, str]:
        """One for each login of the database and each principal of Kafka."""
        logins = [f"{service}_{duty}" for service in services() for duty in DUTIES]
        names = [*logins, *services(), *catalogue().principals]
        return {name: self._folder.secret(f"password-{name}") for name in names}

    def sign_in(self) -> str:
        """The key that turns a scoped subject into a sign-in key."""
        return self._folder.secret("sign-in")

    def contacts_key(self) -> str:
        """The key that seals contact details, in base64."""
        return self._folder.secret("contacts-key", lambda: b64encode(secrets.token_bytes(32)).decode())

    def issuer_key(self) -> str:
        """The issuer's private key, kept so that tokens outlive a restart."""
        return self._folder.secret("issuer-key", new_key)

    def client(self) -> str:
        """What the console shows the issuer."""
        return self._folder.secret("client")

    def persona(self) -> str:
        """What lets the command line have a token for a persona."""
        return self._folder.secret("persona")


def of_service(
    name: str, clock: str, *, addresses: Addresses, postgres: Postgres, kafka: Kafka, known: Secrets
) -> dict[str, str]:
    """The environment of one service."""
    passwords = known.passwords()
    environment = {
        "OSLER_ENV": "local",
        "OSLER_CLOCK": clock,
        "OSLER_PLACE": "0",
        "OSLER_HTTP_HOST": "127.0.0.1",
        "OSLER_HTTP_PORT": addresses.services[name].rpartition(":")[2],
        "OSLER_APP_DATABASE": postgres.url(f"{name}_app", passwords[f"{name}_app"]),
        "OSLER_WORKER_DATABASE": postgres.url(f"{name}_worker", passwords[f"{name}_worker"]),
        "OSLER_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "OSLER_KAFKA_PROTOCOL": PROTOCOL,
        "OSLER_KAFKA_USERNAME": name,
        "OSLER_KAFKA_PASSWORD": passwords[name],
        "OSLER_ISSUER": addresses.issuer,
        "OSLER_AUDIENCE": AUDIENCE,
        "OSLER_SIGN_IN_SECRET": known.sign_in(),
        "OSLER_CONSOLE_URL": addresses.console,
    }
    if name in _READ_CONTACTS:
        environment["OSLER_CONTACTS_KEY"] = known.contacts_key()
    if name == "notifications":
        environment |= {"OSLER_SMTP_HOST": "127.0.0.1", "OSLER_SMTP_PORT": str(addresses.smtp_port)}
        environment["OSLER_MAIL_FROM"] = "Osler <osler@localhost>"
    if name == "console":
        others = {service: url for service, url in addresses.services.items() if service != name}
        environment |= {"OSLER_CLIENT_ID": CLIENT_ID, "OSLER_CLIENT_SECRET": known.client()}
        environment["OSLER_SERVICE_URLS"] = json.dumps(others)
    return environment | {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def of_issuer(console: str, known: Secrets) -> dict[str, str]:
    """The environment of the local issuer."""
    return {
        "OSLER_ENV": "local",
        "OSLER_ISSUER_KEY": known.issuer_key(),
        "OSLER_CLIENT_ID": CLIENT_ID,
        "OSLER_CLIENT_SECRET": known.client(),
        "OSLER_REDIRECT_URIS": console + SIGNED_IN_PATH if console else "",
        "OSLER_PERSONA_SECRET": known.persona(),
    }
