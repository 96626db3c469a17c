"""The SMTP server: takes a mail, refuses it for good, or is to be asked again; nothing of a mail is logged."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final, Protocol

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

_TIMEOUT_SECONDS: Final = 15.0
_PERMANENT: Final = range(500, 600)


class ServerAway(Exception):
    """The server cannot be reached or does not serve us now; every mail waits."""


@dataclass(frozen=True)
class Taken:
    """The server took the mail."""


@dataclass(frozen=True)
class RefusedForGood:
    """The server will never take this mail; `code` says how it put it."""

    code: str


@dataclass(frozen=True)
class NotNow:
    """The server may take this mail later."""

    code: str


Answer = Taken | RefusedForGood | NotNow


class Connection(Protocol):
    """A connection that mails are handed to."""

    async def deliver(self, mail: EmailMessage) -> Answer:
        """Hand over one mail; raises ServerAway where the connection is lost."""
        ...


class Post:
    """A mail server by host and port; encrypted with STARTTLS where the server offers it."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Connection]:
        """A connection for some mails. Raises ServerAway."""
        client = SMTP(hostname=self._host, port=self._port, timeout=_TIMEOUT_SECONDS)
        try:
            await client.connect()
        except (SMTPException, OSError) as error:
            client.close()
            raise ServerAway from error
        try:
            yield _Open(client)
        finally:
            await _leave(client)


@dataclass(frozen=True)
class _Open:
    client: SMTP

    async def deliver(self, mail: EmailMessage) -> Answer:
        try:
            await self.client.send_message(mail)
        except (SMTPRecipientsRefused, SMTPRecipientRefused, SMTPDataError) as error:
            return _refused(error)
        except SMTPNotSupported:  # an address beyond ASCII, and a server that does not know how
            return RefusedForGood("address_not_supported")
        except ValueError:
            return RefusedForGood("unsafe_address")
        except SMTPResponseException as error:
            # At the greeting or the sender a 5xx is about us, not about this mail: someone will mend the settings.
            return NotNow(f"smtp_{error.code}")
        except (SMTPException, OSError) as error:
            raise ServerAway from error
        return Taken()


def _refused(error: SMTPRecipientsRefused | SMTPResponseException) -> Answer:
    code = error.recipients[0].code if isinstance(error, SMTPRecipientsRefused) else error.code
    return RefusedForGood(f"smtp_{code}") if code in _PERMANENT else NotNow(f"smtp_{code}")


async def _leave(client: SMTP) -> None:
    try:
        with suppress(SMTPException, OSError):  # it has what it took; a good-bye that is lost changes nothing
            await client.quit()
    finally:
        client.close()
