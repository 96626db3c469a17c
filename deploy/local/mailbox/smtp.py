"""The SMTP side: takes every message for everybody and delivers none; refuses only what is too large."""

from asyncio import Server, get_running_loop
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.mailbox.store import Mailbox

_LIMIT_BYTES: Final = 32 * 1024 * 1024


class Taker:
    """Keeps what is handed over; the answer 250 follows the file."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one message."""
        del server, session
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        number = self._mailbox.keep(envelope.mail_from or "", list(envelope.rcpt_tos), content)
        return f"250 OK kept as {number}"


async def listen(mailbox: Mailbox, port: int) -> Server:
    """Take mail on the loopback."""

    def session() -> SMTP:
        return SMTP(Taker(mailbox), data_size_limit=_LIMIT_BYTES, enable_SMTPUTF8=True, hostname="mailbox.localhost")

    return await get_running_loop().create_server(session, "127.0.0.1", port)
