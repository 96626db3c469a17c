"""The loop that sends: takes waiting messages, hands them to the mail server outside of a transaction, settles each."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Final, Protocol

from services.notifications import use_cases
from services.notifications.sender.letters import Unsendable, compose
from services.notifications.sender.post import Answer, Connection, NotNow, Post, RefusedForGood, ServerAway, Taken
from services.notifications.use_cases import Letter
from shared.platform.clock import real_now
from shared.platform.database import Database, Transaction
from shared.platform.loops import Backoff, forever
from shared.platform.seal import ContactsKey
from shared.platform.service import Runtime
from shared.platform.telemetry import count, logger

AT_ONCE: Final = 20
_WORK_SECONDS: Final = 30.0
"""No mail is begun later than this after it was taken: with the server's own time limits that ends before the lease."""
_POLL_SECONDS: Final = 1.0
_SHARE_SECONDS: Final = 0.2  # a mail that comes after a quiet moment goes at once, what follows shares a connection
_FIRST_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 60.0

_log = logger("sender")
_mails = count("osler_mails", "Mails by what became of the attempt", ("outcome",))


class MailServer(Protocol):
    """Where mails go."""

    def connect(self) -> AbstractAsyncContextManager[Connection]:
        """A connection for some mails. Raises ServerAway."""
        ...


class Sender:
    """Sends what waits, for ever; several processes may, each under its own leases.

    A process that dies between the server's yes and its own commit leaves a mail that goes once more, with the same
    Message-ID.
    """

    def __init__(
        self, database: Database, server: MailServer, key: ContactsKey, *, sender: str, console: str, place: str
    ) -> None:
        self._database = database
        self._server = server
        self._key = key
        self._from = sender
        self._console = console
        self._place = place
        self._wake = asyncio.Event()
        self._left_over = True

    def wake(self, tx: Transaction) -> None:
        """A handler or a timer has committed: there may be something to send."""
        if tx.door in {"consumer", "timer"}:
            self._wake.set()

    async def run(self) -> None:
        """Send until cancelled; when the database or the mail server is away it waits and goes on."""
        await forever(self._step, _log)

    async def _step(self) -> float:
        if self._left_over:
            await self._database.run(lambda tx: use_cases.free_leases(tx, self._place))
        self._left_over = True  # until this step has settled or given back what it takes
        self._wake.clear()
        busy = await self._anything_waits()
        sent = await self.send_some() if busy else 0
        self._left_over = False
        if busy:
            return 0.0 if sent == AT_ONCE else _SHARE_SECONDS
        await self._idle()
        return 0.0

    async def send_some(self) -> int:
        """Take at most 20 messages and settle each; give how many were handed to the mail server."""
        letters = await self._database.run(lambda tx: use_cases.take_letters(tx, self._key, self._place, AT_ONCE))
        begin_until = asyncio.get_running_loop().time() + _WORK_SECONDS
        done = 0
        try:
            if letters:
                async with self._server.connect() as connection:
                    while done < len(letters) and asyncio.get_running_loop().time() < begin_until:
                        await self._send(connection, letters[done])
                        done += 1
        except ServerAway as error:
            _log.warning("mail_server_away", error=type(error.__cause__).__name__, waiting=len(letters) - done)
            _mails.labels("server_away").inc()
        await self._postpone(letters[done:])
        return done

    async def _send(self, connection: Connection, letter: Letter) -> None:
        notification_id = letter.message.notification_id
        match await self._hand_over(connection, letter):
            case Taken():
                await self._database.run(lambda tx: use_cases.mark_sent(tx, notification_id))
                _mails.labels("sent").inc()
            case RefusedForGood(code):
                _log.warning("mail_refused", notification_id=str(notification_id), reason=code)
                _mails.labels("refused").inc()
                await self._database.run(lambda tx: use_cases.fail_message(tx, notification_id, code))
            case NotNow(code):
                _log.info("mail_not_taken_now", notification_id=str(notification_id), reason=code)
                _mails.labels("not_now").inc()
                await self._postpone([letter])

    async def _hand_over(self, connection: Connection, letter: Letter) -> Answer:
        """The server's answer, or ours where no mail could be made. Raises ServerAway."""
        try:
            return await connection.deliver(compose(letter, self._from, real_now(), self._console))
        except Unsendable as error:
            return RefusedForGood(error.code)
        except ServerAway:
            raise
        except Exception:  # noqa: BLE001 - a bug that one letter meets must not keep the others from going
            _log.error("mail_not_made", notification_id=str(letter.message.notification_id), exc_info=True)
            return NotNow("bug")

    async def _postpone(self, letters: Sequence[Letter]) -> None:
        pauses = {each.message.notification_id: _pause(each.message.attempts) for each in letters}
        if pauses:
            await self._database.run(lambda tx: use_cases.postpone(tx, pauses))

    async def _anything_waits(self) -> bool:
        """Asked outside of a transaction, because it is asked once a second for ever."""
        return await self._database.pool.fetchval(use_cases.ANYTHING_WAITS) is not None

    async def _idle(self) -> None:
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return


def _pause(attempts: int) -> timedelta:
    backoff = Backoff(first=_FIRST_PAUSE_SECONDS, most=_LONGEST_PAUSE_SECONDS)
    backoff.failures = min(attempts, 60)
    return timedelta(seconds=backoff.next())


@asynccontextmanager
async def sending(runtime: Runtime) -> AsyncGenerator[None]:
    """The sender as a loop of the worker."""
    settings = runtime.settings
    sender = Sender(
        runtime.worker,
        Post(settings.smtp_host, settings.smtp_port),
        ContactsKey.from_base64(settings.contacts_key.get_secret_value()),
        sender=settings.mail_from,
        console=settings.console_url,
        place=settings.place,
    )
    runtime.worker.on_commit(sender.wake)
    task = asyncio.create_task(sender.run(), name="sender")
    try:
        yield
    finally:
        await _stop(task)


async def _stop(task: asyncio.Task[None]) -> None:
    """Cancel until it ends: before Python 3.12, `wait_for` forgets a cancellation that comes with its answer."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=1.0)
