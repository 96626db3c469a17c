"""What runs where, as one file in the data folder; refuses to believe a file whose writer is gone."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from deploy.local import kafka, postgres
from deploy.local.folder import DataFolder, read_json, write_atomically
from deploy.local.problems import LocalProblem

_FILE = "running.json"


@dataclass(frozen=True)
class RunningService:
    """One service: where it answers, its process, and its schema in the database."""

    url: str
    pid: int
    schema: str


@dataclass(frozen=True)
class Status:
    """Everything that runs. Addresses hold no credentials."""

    services: dict[str, RunningService]
    kafka: dict[str, str]
    database: str
    issuer: str
    mailbox: str
    console: str
    data: str = field(default="")

    def write(self, folder: DataFolder) -> None:
        """Tell others; they read the whole file or the one before."""
        write_atomically(folder.path / _FILE, json.dumps(asdict(self), indent=2) + "\n")


class NotRunning(LocalProblem):
    """Nothing runs in this data folder."""


def read_status(folder: DataFolder) -> dict[str, Any]:
    """What runs in this data folder, as JSON; raises NotRunning."""
    status = read_json(folder.path / _FILE)
    if status is None or folder.holder() is None:
        raise NotRunning(f"Nothing runs in {folder.path}. Start it with `osler up` or `osler demo --stay`.")
    return status


def with_secrets(status: dict[str, Any], folder: DataFolder) -> dict[str, Any]:
    """The same with the credentials of the local administrators."""
    password = folder.secret("kafka-admin")
    address = status["database"].replace("//", f"//{postgres.ADMIN}:{folder.secret('postgres-admin')}@")
    administrator = {"username": kafka.ADMIN, "password": password, "mechanism": kafka.MECHANISM}
    return {**status, "secrets": {"kafka": administrator, "database": address}}


def remove(folder: DataFolder) -> None:
    """Nothing runs any more."""
    (folder.path / _FILE).unlink(missing_ok=True)
