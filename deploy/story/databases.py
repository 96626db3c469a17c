"""What the services' databases hold, counted with an administrator's eyes; it reads and changes nothing."""

from collections.abc import Mapping
from typing import Final

from deploy.story.due import Connection

Counts = Mapping[str, int]

# A line of the summary each: how it is called, and how often it is so.
_COUNTED: Final = {
    "people": "SELECT 'people: ' || replace(status, 'active', 'here'), count(*) FROM directory.people GROUP BY 1",
    "pairs": "SELECT 'pairs: ' || state, count(*) FROM pairing.pairs GROUP BY 1",
    "meetings": """
        SELECT 'meetings: ' || state || CASE confirmed WHEN true THEN ', confirmed' WHEN false THEN ', by silence'
               ELSE '' END, count(*)
        FROM meetings.meetings GROUP BY 1
    """,
    "touchpoints": "SELECT 'touchpoints', count(*) FROM meetings.touchpoints",
    "feedback": "SELECT 'feedback: ' || replace(state, '_', ' '), count(*) FROM feedback.feedback_requests GROUP BY 1",
    "mails": """
        SELECT 'mails: ' || state || coalesce(', ' || replace(reason, '_', ' '), ''), count(*)
        FROM notifications.messages GROUP BY 1
    """,
}
KINDS: Final = tuple(_COUNTED)


async def count(connection: Connection) -> dict[str, dict[str, int]]:
    """By kind: how many of each state there are."""
    return {kind: {name: number for name, number in await connection.fetch(sql)} for kind, sql in _COUNTED.items()}
