"""Commands about what runs: `up`, `status`, `token`; they refuse to guess: what does not run is said to be down."""

import asyncio
import json
from typing import Annotated, Any

import httpx
import typer

from deploy.cli.place import data_folder, data_path
from deploy.local import session
from deploy.local.folder import DataFolder
from deploy.local.issuer.tokens import PERSONA_GRANT
from deploy.local.platform import Platform
from deploy.local.problems import LocalProblem
from deploy.local.status import NotRunning, read_status, with_secrets
from deploy.local.surroundings import Secrets
from deploy.local.up import bring_up


def up() -> None:
    """Start PostgreSQL, Kafka, the mailbox, the issuer and every service, and stay until Ctrl-C."""
    folder = DataFolder.make(data_path())

    async def stay() -> None:
        async with bring_up(folder, typer.echo) as platform:
            show(platform)
            await asyncio.Event().wait()

    session.run(stay, typer.echo)


def show(platform: Platform) -> None:
    """Where to look."""
    people = ", ".join(persona.key for persona in platform.personas.everybody())
    lines = {
        "Console": platform.addresses.console,
        "Mailbox": platform.mailbox.url,
        "Sign in as": f"{people} (one click, at {platform.addresses.issuer})",
        "Data": str(platform.folder.path),
        "Everything": "osler status",
        "Stop": "Ctrl-C; the data stays, and `osler reset` deletes it",
    }
    for name, value in lines.items():
        if value:
            typer.echo(f"  {name + ':':<12} {value}")


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


def token(persona: Annotated[str, typer.Argument(help="whom to be, for instance rosa")]) -> None:
    """Print a persona's access token, for ten minutes: `curl -H "Authorization: Bearer $(osler token rosa)" URL`."""
    folder = data_folder()
    issuer = read_status(folder)["issuer"]
    form = {"grant_type": PERSONA_GRANT, "persona": persona, "persona_secret": Secrets(folder).persona()}
    try:
        answer = httpx.post(f"{issuer}/token", data=form, timeout=10, trust_env=False)
    except httpx.HTTPError as failed:
        raise NotRunning(f"The issuer at {issuer} does not answer ({failed}). Look at `osler status`.") from failed
    if answer.is_error:
        raise LocalProblem(str(answer.json()["error_description"]))
    typer.echo(answer.json()["access_token"])


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    lines = [(name, f"{about['url']}  process {about['pid']}") for name, about in found["services"].items()]
    lines += [(f"Kafka ({protocol})", address) for protocol, address in found["kafka"].items()]
    lines += [(name, str(found[name])) for name in ("database", "issuer", "mailbox", "data") if found[name]]
    if "secrets" in found:
        kafka = found["secrets"]["kafka"]
        lines.append(("Kafka administrator", f"{kafka['username']} {kafka['password']} ({kafka['mechanism']})"))
        lines.append(("database administrator", found["secrets"]["database"]))
    return lines
