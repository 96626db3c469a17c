"""Runs the console: `python -m services.console [--role api|worker|all]`."""

from services.console.app import build
from shared.platform.service import main

main(build)
