"""The composition root of notifications: the only file that wires it together; it connects to nothing."""

from services.notifications.api import routes
from services.notifications.consumers import events
from services.notifications.sender import sending
from services.notifications.timers import clock
from shared.contracts.notifications import ErasureDone, NotificationFailed, NotificationSent, NotificationSuppressed
from shared.platform.service import Service


def build() -> Service:
    """Notifications as data."""
    return Service(
        name="notifications",
        says=(NotificationSent, NotificationFailed, NotificationSuppressed, ErasureDone),
        routes=(routes,),
        events=(events,),
        timers=clock,
        background=(sending,),
        recalls=NotificationSent.topic,
    )
