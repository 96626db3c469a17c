"""A compact comes to its end by the clock: its term ends the pair, and a year after the pair its words are gone."""

from datetime import UTC, datetime, time, timedelta

from services.pairing.domain.terms import words_end
from shared.contracts.pairing import PairEnded
from shared.testing.running import Running
from tests.integration.pairing.compacting import PARTS, Couple, words_of
from tests.integration.pairing.hospital import code_of
from tests.integration.pairing.test_concerns import name_contact, raise_concern

DAY = timedelta(days=1)


async def test_a_pair_ends_with_the_last_day_of_its_compact_and_not_before(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    await couple.compare()
    last_day = datetime.fromisoformat((await couple.terms())["starts_on"]).date() + 20 * DAY
    await couple.put_in_force(ends_on=last_day.isoformat())
    end = datetime.combine(last_day + DAY, time.min, tzinfo=UTC)
    await step(pairing, end - timedelta(seconds=1))
    assert await couple.state() == "active"
    await step(pairing, end)
    assert await couple.state() == "ended"
    [ended] = [event for event in await pairing.bodies(PairEnded) if event.pair_id == couple.pair_id]
    assert ended.reason == "term_over"
    assert (await couple.read("mentor"))["state"] == "ended"


async def test_an_amendment_moves_the_end_and_an_offer_alone_does_not(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    await couple.compare()
    today = datetime.fromisoformat((await couple.terms())["starts_on"]).date()
    await couple.put_in_force(ends_on=(today + 20 * DAY).isoformat())
    (await couple.offer("mentor", ends_on=(today + 30 * DAY).isoformat())).raise_for_status()
    assert await due(couple, "compact_term_over") == datetime.combine(today + 21 * DAY, time.min, tzinfo=UTC)
    await couple.put_in_force(ends_on=(today + 40 * DAY).isoformat())
    await step(pairing, datetime.combine(today + 21 * DAY, time.min, tzinfo=UTC))
    assert await couple.state() == "active"
    assert await due(couple, "compact_term_over") == datetime.combine(today + 41 * DAY, time.min, tzinfo=UTC)


async def test_a_paused_pair_ends_with_its_term_too_and_an_ended_one_has_none(pairing: Running) -> None:
    paused, ended = await Couple.agreed(pairing), await Couple.agreed(pairing)
    end = await due(paused, "compact_term_over")
    assert end is not None
    review_at = (datetime.combine(end.date(), time.min, tzinfo=UTC) - 100 * DAY).isoformat()
    await step(pairing, end - 101 * DAY)
    await paused.act("mentor", "pause", review_at=review_at)
    await ended.act("mentee", "end")
    assert await due(ended, "compact_term_over") is None
    await step(pairing, end)
    assert await paused.state() == "ended"
    said = [event.reason for event in await pairing.bodies(PairEnded) if event.pair_id == ended.pair_id]
    assert said == ["asked"]


async def test_the_words_of_a_compact_are_deleted_twelve_months_after_the_pair(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    for part in PARTS:
        (await couple.expect(part, f"goal of {part}", words=f"words of {part}")).raise_for_status()
    await couple.put_in_force("agreed goal")
    closed_at = datetime.fromisoformat((await couple.act("mentee", "end"))["closed_at"])
    year_later = closed_at.replace(year=closed_at.year + 1)
    await step(pairing, year_later - timedelta(seconds=1))
    assert len(await words_of(couple)) == 3
    assert (await couple.read("mentor"))["theirs"]["words"] == "words of mentee"
    await step(pairing, year_later)
    assert await words_of(couple) == []
    assert [(one["number"], one["goals"]) for one in await couple.versions()] == [(1, [])]
    assert await pairing.rows("SELECT reason FROM timers WHERE subject_id = $1", couple.pair_id) == []


async def test_a_concern_of_a_pair_is_deleted_and_none_is_raised_twelve_months_after_it(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    await name_contact(couple.mentees)
    (await raise_concern(couple, "mentee")).raise_for_status()
    closed_at = datetime.fromisoformat((await couple.act("mentee", "end"))["closed_at"])
    sql = "SELECT person_id FROM concerns WHERE person_id = $1"
    await step(pairing, words_end(closed_at) - timedelta(seconds=1))
    assert len(await pairing.rows(sql, couple.person("mentee"))) == 1
    (await raise_concern(couple, "mentee")).raise_for_status()
    await step(pairing, words_end(closed_at))
    assert await pairing.rows(sql, couple.person("mentee")) == []
    assert code_of(await raise_concern(couple, "mentee")) == (409, "not_possible_now")


async def step(pairing: Running, to: datetime) -> None:
    """Let this time come, with all that is due."""
    await pairing.stage.step_to(to)
    await pairing.fire()


async def due(couple: Couple, kind: str) -> datetime | None:
    """When one of the couple's timers fires."""
    rows = await couple.pairing.rows(
        "SELECT due_at FROM timers WHERE kind = $1 AND subject_id = $2", kind, couple.pair_id
    )
    return rows[0]["due_at"] if rows else None
