"""What Kafka brings to the directory: receipts of erasures, and its own contacts topic, which it reads whole."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from services.directory import use_cases
from services.directory.domain.erasure import Heard
from services.directory.domain.receipts import RECEIPTS
from shared.contracts.contacts import ContactRecorded
from shared.contracts.erasure import ErasureReceipt
from shared.platform.compacted import LastWord, read_last_words
from shared.platform.consumer import EventConsumer
from shared.platform.database import Transaction, is_nobodys_fault
from shared.platform.loops import Backoff, rest
from shared.platform.service import Runtime
from shared.platform.telemetry import gauge, logger

_POLL_SECONDS: Final = 2.0

_log = logger("directory")
_overdue = gauge("osler_erasures_overdue", "Erasures for which a service's receipt is missing after 72 hours")

events = EventConsumer("directory")


async def on_erasure_done(tx: Transaction, event: ErasureReceipt) -> None:
    """A service has deleted what it held of a person who was erased."""
    await use_cases.take_receipt(tx, event)


for _receipt in RECEIPTS.values():
    events.on(_receipt)(on_erasure_done)


@asynccontextmanager
async def watch_contacts(runtime: Runtime) -> AsyncGenerator[None]:
    """Make the looks at the topic that are due, while the worker runs.

    A subscription would not do: it drops versions that are not above the one held, and an old record behind its
    tombstone is just such a version.
    """
    use_cases.Keys.of(runtime.settings)  # refuses at the start what the first roster would trip over
    watching = asyncio.create_task(_watch(runtime), name="contacts")
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(runtime: Runtime) -> None:
    backoff = Backoff(first=1.0, most=60.0)
    while True:
        try:
            await check_contacts(runtime)
            _overdue.set(await runtime.worker.run(use_cases.count_overdue_erasures))
            backoff.reset()
            await rest(_POLL_SECONDS)
        except Exception as error:  # noqa: BLE001 - a look that failed is due again when its claim has run out
            if is_nobodys_fault(error):
                _log.warning("contacts_check_waits", error=type(error).__name__)
            else:
                _log.error("contacts_check_failed", exc_info=True)
            await rest(backoff.next())


async def check_contacts(runtime: Runtime) -> None:
    """Make one look, if one is due: what was erased, then what the log says, then what to do about it."""
    begun = await runtime.worker.run(use_cases.begin_check)
    if begun is None:
        return
    check_id, erased = begun
    said = await read_last_words(runtime.settings, ContactRecorded.topic) if erased else {}
    heard = {UUID(key): _heard(word) for key, word in said.items() if _is_id(key)}
    await runtime.worker.run(lambda tx: use_cases.finish_check(tx, check_id, erased, heard))
    _log.info("contacts_checked", check_id=str(check_id), erased=len(erased))


def _heard(word: LastWord) -> Heard:
    sequence = word.headers.get("ce_sequence", "")
    return Heard(int(sequence) if sequence.isascii() and sequence.isdigit() else 0, word.has_body)


def _is_id(key: str) -> bool:
    try:
        UUID(key)
    except ValueError:
        return False
    return True
