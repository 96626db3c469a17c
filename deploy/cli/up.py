"""The command `up`: everything runs until Ctrl-C; refuses to say that it does before every part answers."""

import asyncio
from typing import Annotated

import typer

from deploy.cli.place import data_path
from deploy.local import session
from deploy.local.folder import DataFolder
from deploy.local.platform import Platform, service_names
from deploy.local.problems import LocalProblem
from deploy.local.up import bring_up

app = typer.Typer()


@app.command()
def up(
    without: Annotated[
        list[str] | None, typer.Option("--without", help="leave this service out; may be given several times")
    ] = None,
) -> None:
    """Start PostgreSQL, Kafka, the mailbox, the issuer and every service, and stay until Ctrl-C."""
    names, left_out = service_names(), without or []
    for name in left_out:
        if name not in names:
            raise LocalProblem(f"There is no service named {name!r}. There are {', '.join(names)}.")
    folder = DataFolder.make(data_path())

    async def stay() -> None:
        services = [name for name in names if name not in left_out]
        async with bring_up(folder, typer.echo, services=services) as platform:
            show(platform)
            await asyncio.Event().wait()

    session.run(stay, typer.echo)


def show(platform: Platform) -> None:
    """Where to look."""
    people = ", ".join(persona.key for persona in platform.personas.everybody())
    told = f"{people} (one click, at {platform.addresses.issuer})"
    lines = {
        "Console": platform.addresses.console,
        "Mailbox": platform.mailbox.url,
        "Sign in as": told if platform.stepped_from else "nobody yet; people come with `osler demo`, in another folder",
        "Data": str(platform.folder.path),
        "Everything": "osler status (.venv/bin/osler, or `source .venv/bin/activate` first)",
        "Stop": "Ctrl-C; the data stays, and `osler reset` deletes it",
    }
    for name, value in lines.items():
        if value:
            typer.echo(f"  {name + ':':<12} {value}")
