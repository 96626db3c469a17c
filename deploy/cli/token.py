"""The command `token`: a persona's access token; refuses where no issuer of this machine answers."""

from typing import Annotated

import httpx
import typer

from deploy.cli.place import data_folder
from deploy.local.issuer.tokens import PERSONA_GRANT
from deploy.local.problems import LocalProblem
from deploy.local.status import NotRunning, read_status
from deploy.local.surroundings import Secrets

app = typer.Typer()


@app.command()
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
