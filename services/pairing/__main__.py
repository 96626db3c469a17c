"""Runs pairing: `python -m services.pairing [--role api|worker|all]`."""

from services.pairing.app import build
from shared.platform.service import main

main(build)
