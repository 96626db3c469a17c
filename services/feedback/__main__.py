"""Start feedback: `python -m services.feedback [--role api|worker|all]`."""

from services.feedback.app import build
from shared.platform.service import main

main(build)
