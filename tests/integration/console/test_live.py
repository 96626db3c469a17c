"""An open page hears of a change at once, of one made elsewhere within a second, and lets go when it should."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from starlette.types import Message, Scope, Send

from services.console.domain.refusals import TooManyWatchers
from services.console.live import MOST_EACH, Watcher, state_of
from services.console.use_cases import look
from shared.platform.members import Person as Member
from shared.testing.eventually import eventually
from tests.integration.console.consortium import NOW, Hospital, Pair
from tests.integration.console.front import Front


async def _hospital(front: Front) -> tuple[Hospital, Member, Pair]:
    hospital = Hospital("A hospital")
    rosa = hospital.person("Rosa", "administrator")
    pair = Pair(hospital.person("Dr A", "mentor"), hospital.person("B", "mentee"))
    await front.console.deliver(*hospital.said)
    return hospital, Member(rosa.person_id, hospital.institution_id, frozenset({"administrator"})), pair


async def _state(front: Front, hospital: Hospital) -> str:
    now, found = await front.console.app.run(lambda tx: look.list_revisions(tx, [hospital.institution_id]))
    return state_of(found[hospital.institution_id], now)


@asynccontextmanager
async def _watching(front: Front, person: Member, seen: str) -> AsyncGenerator[Watcher]:
    async with front.hub.watch(person) as watcher:
        assert await watcher.next(seen, 0.3) is None
        yield watcher


async def test_a_change_in_this_process_is_told_at_once_and_others_stay_quiet(front: Front) -> None:
    hospital, person, pair = await _hospital(front)
    other, stranger, _ = await _hospital(front)
    seen, others = await _state(front, hospital), await _state(front, other)
    async with _watching(front, person, seen) as watcher, _watching(front, stranger, others) as quiet:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await front.console.deliver(*pair.proposed().said)
        assert await watcher.next(seen, 5) == await _state(front, hospital)
        assert loop.time() - begun < 0.9  # sooner than the next look without a commit
        assert await quiet.next(others, 0.3) is None


async def test_a_change_in_another_process_is_found_within_a_second_or_so(front: Front) -> None:
    hospital, person, _ = await _hospital(front)
    seen = await _state(front, hospital)
    async with _watching(front, person, seen) as watcher:
        await front.meddle(
            "UPDATE console.institution_revisions SET revision = revision + 1 WHERE institution_id = $1",
            hospital.institution_id,
        )
        assert await watcher.next(seen, 3) is not None


async def test_a_page_that_missed_a_change_on_its_way_is_told_when_it_comes(front: Front) -> None:
    hospital, person, pair = await _hospital(front)
    seen = await _state(front, hospital)
    await front.console.deliver(*pair.proposed().said)
    async with front.hub.watch(person) as watcher:
        assert await watcher.next(seen, 3) == await _state(front, hospital)


async def test_words_like_tomorrow_grow_old_without_an_event(front: Front) -> None:
    hospital, person, _ = await _hospital(front)
    seen = await _state(front, hospital)
    async with _watching(front, person, seen) as watcher:
        assert state_of(1, NOW) != state_of(1, NOW.replace(hour=NOW.hour + 1))
        assert watcher.state == seen


async def test_one_person_keeps_a_few_pages_open_and_no_more(front: Front) -> None:
    _, person, _ = await _hospital(front)
    open_pages = [front.hub.watch(person) for _ in range(MOST_EACH)]
    for page in open_pages:
        await page.__aenter__()
    with pytest.raises(TooManyWatchers):
        await front.hub.watch(person).__aenter__()
    await open_pages[0].__aexit__(None, None, None)
    async with front.hub.watch(person) as last:
        assert not last.has_ended
    for page in open_pages[1:]:
        await page.__aexit__(None, None, None)


async def test_every_page_is_let_go_when_the_process_stops(front: Front) -> None:
    _, person, _ = await _hospital(front)
    async with front.hub.watch(person) as watcher:
        waits = asyncio.create_task(watcher.next("", 30))
        front.stopping.set()
        await watcher.next("", 0)
        async with asyncio.timeout(3):
            while not watcher.has_ended:
                await watcher.next(watcher.state, 0.2)
        await waits
        with pytest.raises(TooManyWatchers):
            await front.hub.watch(person).__aenter__()


async def test_a_live_page_of_another_institution_is_sent_nothing_of_ours(front: Front) -> None:
    hospital, _, pair = await _hospital(front)
    other = Hospital("Another hospital")
    eve = other.person("Eve", "administrator")
    await front.console.deliver(*other.said)
    cookie, sent = await front.let_in(eve), bytearray()

    async def take(message: Message) -> None:
        sent.extend(message.get("body", b""))

    page = asyncio.create_task(_open(front, "/today/events", cookie, take))
    try:
        await eventually(lambda: _has(sent, b"event: changed"))
        before = bytes(sent)
        await front.console.deliver(*pair.proposed().said)
        other_pair = Pair(other.person("C", "mentor"), other.person("D", "mentee"))
        assert sent == before
        await front.console.deliver(*other.said, *other_pair.proposed().said)
        await eventually(lambda: _has(sent[len(before) :], b"event: changed"))
    finally:
        page.cancel()
        await asyncio.gather(page, return_exceptions=True)
    assert sent.count(b"event: changed") == before.count(b"event: changed") + 1
    assert not [each for each in (hospital.institution_id, pair.pair_id) if str(each).encode() in sent]


async def _has(sent: bytes | bytearray, word: bytes) -> bool:
    return word in sent


async def _open(front: Front, path: str, cookie: str, send: Send) -> None:
    """What a server does with a browser's request; the browser says nothing more."""
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"console.test"), (b"cookie", f"osler_session={cookie}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("console.test", 80),
    }

    async def receive() -> Message:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    await front.app(scope, receive, send)
