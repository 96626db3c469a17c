"""Runs the directory: `python -m services.directory [--role api|worker|all]`."""

from services.directory.app import build
from shared.platform.service import main

main(build)
