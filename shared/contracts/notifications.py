"""What notifications says about each message: that it went, or why not; never its words."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.erasure import ErasureReceipt
from shared.contracts.event import Code, Event


class NotificationEvent(Event):
    """Something happened to one message to one person."""

    topic: ClassVar[str] = "osler.notifications"
    aggregate: ClassVar[str] = "notification_id"
    notification_id: UUID
    person_id: UUID
    category: Code
    channel: Literal["mail"]


class NotificationSent(NotificationEvent):
    """The mail server took the message."""

    type: ClassVar[str] = "osler.notifications.notification_sent.v1"


class NotificationFailed(NotificationEvent):
    """The mail server refused the message for good."""

    type: ClassVar[str] = "osler.notifications.notification_failed.v1"
    reason: Code


class NotificationSuppressed(NotificationEvent):
    """The message was not sent, for a reason of ours: its time had passed, its cause was gone, nobody to reach."""

    type: ClassVar[str] = "osler.notifications.notification_suppressed.v1"
    reason: Code


class ErasureDone(ErasureReceipt):
    """Notifications deleted what it held of a person who was erased, and takes no more of it."""

    type: ClassVar[str] = "osler.notifications.erasure_done.v1"
    topic: ClassVar[str] = "osler.notifications"
