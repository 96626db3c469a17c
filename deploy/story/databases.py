"""What the services' databases hold, counted with an administrator's eyes; it reads and changes nothing."""

from typing import Final

from deploy.story.due import Connection

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
    "feedback": "SELECT 'feedback: ' || state, count(*) FROM feedback.feedback_requests GROUP BY 1",
    "mails": """
        SELECT 'mails: ' || state || coalesce(', ' || reason, ''), count(*)
        FROM notifications.messages GROUP BY 1
    """,
}
KINDS: Final = tuple(_COUNTED)


async def count(connection: Connection) -> dict[str, dict[str, int]]:
    """By kind: how many of each state there are."""
    counted: dict[str, dict[str, int]] = {}
    for kind, sql in _COUNTED.items():
        counted[kind] = {row[0].replace("_", " "): row[1] for row in await connection.fetch(sql)}
    return counted
