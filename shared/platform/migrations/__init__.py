"""Schemas of the services: logins, plain SQL in order, forward only; an edited file that was applied is refused."""

from shared.platform.migrations.compare import describe
from shared.platform.migrations.logins import prepare_logins, prepare_stepped_clock
from shared.platform.migrations.runner import MigrationRefused, build_whole, migrate

__all__ = ["MigrationRefused", "build_whole", "describe", "migrate", "prepare_logins", "prepare_stepped_clock"]
