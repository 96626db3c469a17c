"""Runs meetings: `python -m services.meetings [--role api|worker|all]`."""

from services.meetings.app import build
from shared.platform.service import main

main(build)
