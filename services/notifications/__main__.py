"""Start notifications: `python -m services.notifications [--role api|worker|all]`."""

from services.notifications.app import build
from shared.platform.service import main

main(build)
