"""A real mail server in the test's own loop, which keeps what it takes and refuses what it is told to refuse."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Any

from aiosmtpd.smtp import SMTP


@dataclass
class Mailbox:
    """Where mails went; `answers` are the next answers to a recipient, before 250 again."""

    mails: defaultdict[str, list[EmailMessage]] = field(
        default_factory=lambda: defaultdict[str, list[EmailMessage]](list)
    )
    answers: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict[str, list[str]](list))
    answers_to_data: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict[str, list[str]](list))
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds it by this name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Take a recipient, or answer as told."""
        if self.answers[address]:
            return self.answers[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        """Keep a mail, or answer as told."""
        for address in envelope.rcpt_tos:
            if self.answers_to_data[address]:
                return self.answers_to_data[address].pop(0)
            mail = message_from_bytes(envelope.content, policy=SMTP_POLICY)
            assert isinstance(mail, EmailMessage)
            self.mails[address].append(mail)
        return "250 OK"

    @asynccontextmanager
    async def open(self, port: int = 0) -> AsyncGenerator[None]:
        """Listen on this port, or on a free one."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(self, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            await server.wait_closed()
