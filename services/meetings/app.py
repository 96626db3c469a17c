"""Meetings put together; building it connects to nothing."""

from services.meetings.api import routes
from services.meetings.consumers import events
from services.meetings.timers import clock
from shared.contracts.meetings import (
    ErasureDone,
    MeetingCancelled,
    MeetingExpired,
    MeetingHeld,
    MeetingMissed,
    MeetingMoved,
    MeetingProposed,
    MeetingScheduled,
    TouchpointLogged,
)
from shared.platform.service import Service


def build() -> Service:
    """The service as data."""
    return Service(
        "meetings",
        says=(
            MeetingProposed,
            MeetingExpired,
            MeetingScheduled,
            MeetingMoved,
            MeetingCancelled,
            MeetingHeld,
            MeetingMissed,
            TouchpointLogged,
            ErasureDone,
        ),
        routes=(routes,),
        events=(events,),
        timers=clock,
    )
