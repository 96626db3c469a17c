"""The `osler` command; refuses to hide an error behind a stack trace when a person can do something about it."""

import sys

import typer

from deploy.cli import demo, keeping, operating, running
from deploy.local.problems import LocalProblem

app = typer.Typer(
    help="Osler on this machine: mentorship across hospitals on real PostgreSQL and Kafka.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(running.up)
app.command()(demo.demo)
app.command()(running.status)
app.command()(running.token)
app.command()(keeping.doctor)
app.command()(keeping.reset)
app.command()(operating.migrate)
app.command()(operating.rewind)
app.add_typer(operating.topics_app, name="topics")
app.add_typer(operating.parked_app, name="parked")
app.add_typer(operating.events_app, name="events")


def main() -> None:
    """Run the command line; exit code 1 and one sentence for what a person can do something about."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace", line_buffering=True)  # a terminal without ✓ gets a question mark
    try:
        app()
    except LocalProblem as problem:
        typer.echo(str(problem), err=True)
        sys.exit(1)
