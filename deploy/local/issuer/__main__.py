"""Runs the issuer: `python -m deploy.local.issuer PORT PERSONAS`; refuses production and any but the loopback."""

import argparse
import os
import sys
from pathlib import Path

import uvicorn

from deploy.local.issuer.app import Issuer, build
from deploy.local.issuer.clients import LOOPBACK, Client, Codes
from deploy.local.issuer.personas import Personas
from deploy.local.issuer.tokens import Signer


def main() -> None:
    """Serve until SIGTERM or Ctrl-C; key and secrets come by OSLER_ variables, which other users cannot read."""
    parser = argparse.ArgumentParser(prog="deploy.local.issuer", description="An issuer that believes everybody.")
    parser.add_argument("port", type=int)
    parser.add_argument("personas", type=Path, help="a JSON list of people to sign in as")
    parser.add_argument("--host", default="127.0.0.1")
    told = parser.parse_args()
    if os.environ.get("OSLER_ENV", "local") == "production":
        sys.exit("The local issuer believes whoever clicks: it does not run with OSLER_ENV=production.")
    if told.host not in LOOPBACK:
        sys.exit(f"The local issuer believes whoever clicks: it does not listen on {told.host}, only on the loopback.")
    issuer = Issuer(
        signer=Signer(f"http://{told.host}:{told.port}", os.environ["OSLER_ISSUER_KEY"]),
        client=Client(
            os.environ["OSLER_CLIENT_ID"],
            os.environ["OSLER_CLIENT_SECRET"],
            tuple(os.environ["OSLER_REDIRECT_URIS"].split()),
        ),
        personas=Personas.read(told.personas),
        codes=Codes(),
        persona_secret=os.environ["OSLER_PERSONA_SECRET"],
    )
    uvicorn.run(build(issuer), host=told.host, port=told.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
