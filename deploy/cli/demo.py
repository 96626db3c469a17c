"""The command `demo`: everything up, and the story told; refuses to call it a success when a check does not hold."""

import asyncio
import sys
from typing import Annotated

import typer

from deploy.cli.place import data_path
from deploy.local import session
from deploy.local.folder import DataFolder
from deploy.local.up import bring_up
from deploy.story import main as story
from deploy.story.ticker import following_real_time

app = typer.Typer()


@app.command()
def demo(
    stay: Annotated[
        bool | None, typer.Option("--stay/--no-stay", help="stay up after the story; else only on a terminal")
    ] = None,
) -> None:
    """Live through twelve weeks of five hospitals, check every number, and say where to look.

    Exit code 1 when a check does not hold. On a terminal it stays up until Ctrl-C.
    """
    folder = DataFolder.make(data_path())
    story.told_before(folder)  # refuse before anything is started
    stays = sys.stdout.isatty() if stay is None else stay
    held: list[bool] = []

    async def tell() -> None:
        async with bring_up(folder, typer.echo, stepped_from=story.START) as platform:
            held.append(await story.tell(platform, typer.echo, stays=stays))
            if stays:
                async with following_real_time(platform):
                    typer.echo("  Stop        Ctrl-C; the data stays, and `osler reset` deletes it")
                    await asyncio.Event().wait()

    session.run(tell, typer.echo)
    if not all(held) or not held:
        raise typer.Exit(1)
