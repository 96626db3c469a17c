"""Makes fresh engines fit for the services: logins, schemas, topics, users, permissions; twice is the same as once."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from deploy.local.problems import LocalProblem
from deploy.local.surroundings import Secrets
from shared.contracts.topics import catalogue, services
from shared.platform import topics
from shared.platform.migrations import MigrationRefused, migrate, prepare_logins, prepare_stepped_clock


class CannotPrepare(LocalProblem):
    """The engines hold what this version cannot take over."""


async def prepare_database(
    postgres: Postgres, known: Secrets, names: Sequence[str], stepped_from: datetime | None
) -> list[str]:
    """Make the logins, bring the schemas of `names` up to date, and name the migrations that were applied."""
    passwords = known.passwords()
    await prepare_logins(postgres.admin_url, services(), passwords)
    if stepped_from:
        await prepare_stepped_clock(postgres.admin_url, services(), stepped_from)
    applied: list[str] = []
    for name in names:
        try:
            applied += await migrate(postgres.url(f"{name}_migrate", passwords[f"{name}_migrate"]), name)
        except MigrationRefused as refused:
            raise CannotPrepare(str(refused)) from refused
    return applied


async def prepare_topics(kafka: Kafka, known: Secrets) -> list[str]:
    """Make the topics, users and permissions of the catalogue, and tell what was changed, one line each."""
    security = topics.Security(kafka.username, kafka.password)
    passwords = {
        name: password for name, password in known.passwords().items() if name in topics.principals(catalogue())
    }
    try:
        plan = await asyncio.to_thread(topics.apply, kafka.bootstrap, security, catalogue(), passwords)
    except topics.TopicsRefused as refused:
        raise CannotPrepare(str(refused)) from refused
    return plan.lines()
