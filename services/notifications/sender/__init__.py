"""Mail out: waiting messages become mails, outside of any transaction; it decides nothing about whether they may go."""

from services.notifications.sender.loop import Sender, sending

__all__ = ["Sender", "sending"]
