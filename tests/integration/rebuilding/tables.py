"""What services hold in their schemas, and how an operator empties these; for small pasts and for the story."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.feedback.app import build as build_feedback
from services.notifications.app import build as build_notifications
from shared.platform.service import Service

HELD: Final[Mapping[str, tuple[str, ...]]] = {
    "directory": ("institutions", "programmes", "agreements", "people", "roles", "members", "timers", "past"),
    "pairing": (
        "institutions",
        "agreements",
        "people",
        "mentor_cards",
        "requests",
        "choices",
        "pairs",
        "members",
        "inbox",
        "timers",
        "past",
    ),
    "meetings": ("pairs", "meetings", "busy_times", "touchpoints", "members", "inbox", "timers", "past"),
    "console": ("people", "pairs", "meetings", "feedback_requests", "members", "inbox", "parked"),
    "feedback": ("pairs", "feedback_requests", "members", "inbox", "timers", "parked", "outbox", "past"),
    "notifications": ("causes", "contacts", "messages", "members", "inbox", "timers", "parked", "outbox", "past"),
}
"""By service. Of feedback not what people answered: no event says it, so only a backup has it."""
_OF_PROCESSING: Final = ["attempts", "next_try_at", "leased_by", "lease_until", "generation"]
"""Columns that tell how often and when something was tried, not what is so."""


def rebuilt_services() -> tuple[Service, Service]:
    """Those whose tables are copies of what others said, and what they themselves said of it."""
    return build_feedback(), build_notifications()


async def held(connection: Any, services: Iterable[str]) -> dict[str, list[str]]:
    """What these services hold, row by row, without what is only about the processing."""
    found: dict[str, list[str]] = {}
    for service in services:
        for table in HELD[service]:
            rows = await connection.fetch(
                await connection.fetchval(
                    "SELECT format('SELECT (to_jsonb(t) - $1::text[])::text FROM %I.%I t', $1::text, $2::text)",
                    service,
                    table,
                ),
                _OF_PROCESSING,
            )
            found[f"{service}.{table}"] = sorted(row[0] for row in rows)
    return found


async def empty(connection: Any, service: str) -> None:
    """Every table of a service but the list of its migrations."""
    await connection.execute(
        await connection.fetchval(
            """
            SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ')
            FROM pg_tables WHERE schemaname = $1 AND tablename <> 'migrations'
            """,
            service,
        )
    )
