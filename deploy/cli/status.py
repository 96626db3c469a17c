"""The command `status`; refuses to guess: what does not run is said to be down."""

import json
from typing import Annotated, Any

import typer

from deploy.cli.place import data_folder
from deploy.local.status import read_status, with_secrets

app = typer.Typer()


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    secrets: Annotated[bool, typer.Option("--secrets", help="with the local administrators' passwords")] = False,
) -> None:
    """Say what runs, where."""
    folder = data_folder()
    found = read_status(folder)
    if secrets:
        found = with_secrets(found, folder)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for name, value in _lines(found):
        typer.echo(f"{name:<24} {value}")


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    lines = [(name, f"{about['url']}  process {about['pid']}") for name, about in found["services"].items()]
    lines += [(f"Kafka ({protocol})", address) for protocol, address in found["kafka"].items()]
    lines += [(name, str(found[name])) for name in ("database", "issuer", "mailbox", "data") if found[name]]
    if "secrets" in found:
        kafka = found["secrets"]["kafka"]
        lines.append(("Kafka administrator", f"{kafka['username']} {kafka['password']} ({kafka['mechanism']})"))
        lines.append(("database administrator", found["secrets"]["database"]))
    return lines
