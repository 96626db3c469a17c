"""Commands about the machine and the data: `doctor`, `reset`; they refuse to delete what is not Osler's or runs."""

from typing import Annotated, Final

import typer

from deploy.cli.place import data_folder
from deploy.local import doctor as surgery
from deploy.local.folder import AlreadyRunning

app = typer.Typer()
_SIGNS: Final = {"fine": "✓", "note": "·", "missing": "✗"}


@app.command()
def doctor() -> None:
    """Say what this machine lacks to run Osler, and what to do; exit code 1 when something is missing."""
    findings = list(surgery.look(data_folder()))
    for finding in findings:
        typer.echo(f"{_SIGNS[finding.state]} {finding.sentence}")
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False) -> None:
    """Delete the data folder: the database, Kafka's log, the mails, the secrets and the log files."""
    folder = data_folder()
    if not folder.path.exists():
        typer.echo(f"There is nothing to delete: {folder.path} does not exist.")
        return
    folder.refuse_if_foreign()
    if pid := folder.holder():
        raise AlreadyRunning(f"Osler runs in {folder.path} (process {pid}). Stop it first; nothing was deleted.")
    if not yes and not typer.confirm(f"Delete {folder.path} and all it holds?"):
        typer.echo("Nothing was deleted.")
        raise typer.Exit(1)
    folder.delete()
    typer.echo(f"{folder.path} is deleted.")
