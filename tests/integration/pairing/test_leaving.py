"""Notice to an agreement and the pairs under it: asked, going on with two yeses, and over with the notice without."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from shared.contracts.directory import PersonErased
from shared.contracts.event import Role
from shared.contracts.pairing import PairAskedToGoOn, PairEnded, PairGoesOn
from shared.testing.running import Running
from shared.testing.stage import START
from tests.integration.pairing.hospital import Hospital, code_of
from tests.integration.pairing.lent import NOTICE_ENDS, TERM_ENDS, Lent

MOMENT = timedelta(microseconds=1)


@asynccontextmanager
async def stepped(pairing: Running) -> AsyncGenerator[None]:
    """Time stands again where it stood, for the other tests on this stage."""
    try:
        yield
    finally:
        await pairing.stage.step_to(START)


async def step(pairing: Running, to: datetime) -> None:
    await pairing.stage.step_to(to)
    await pairing.fire()


async def test_notice_asks_the_two_of_each_pair_that_holds_a_place_once(pairing: Running) -> None:
    lent = await Lent.at_work(pairing)
    assert await lent.seen_by("mentor") is None
    assert code_of(await lent.say("mentor", "go-on")) == (404, "leaving_not_found")
    waiting = await lent.borrower.propose(UUID(lent.pair["mentor_id"]), await lent.borrower.mentee())
    home = await lent.lender.activate(
        await lent.lender.propose(UUID(lent.pair["mentor_id"]), await lent.lender.mentee())
    )
    await lent.give_notice()
    assert await lent.said() == ["pair_asked_to_go_on"]
    for other in (waiting, home):
        assert "osler.pairing.pair_asked_to_go_on.v1" not in await pairing.said(UUID(other["pair_id"]))
    asked = [event for event in await pairing.bodies(PairAskedToGoOn) if event.pair_id == lent.pair_id]
    assert [(event.decide_by, event.goes_on_until) for event in asked] == [(NOTICE_ENDS, TERM_ENDS)]
    people: tuple[Role, ...] = ("mentor", "mentee", "administrator")
    for who in people:
        shown = await lent.seen_by(who)
        assert shown is not None
        assert (shown["state"], shown["agreed"]) == ("asked", False)
        assert datetime.fromisoformat(shown["decide_by"]) == NOTICE_ENDS


async def test_silence_ends_the_pair_at_the_end_of_the_notice_and_its_mentee_waits_first(pairing: Running) -> None:
    lent = await Lent.at_work(pairing)
    await lent.give_notice()
    async with stepped(pairing):
        await step(pairing, NOTICE_ENDS - MOMENT)
        assert await lent.state() == ("active", None)
        await step(pairing, NOTICE_ENDS)  # and nothing was heard of the agreement's end yet
        assert await lent.state() == ("ended", "notice")
        assert await lent.said() == ["pair_asked_to_go_on", "pair_ended"]
        assert [event.reason for event in await pairing.bodies(PairEnded) if event.pair_id == lent.pair_id] == [
            "notice"
        ]
        assert await lent.first_waiting() == [lent.pair["mentee_id"]]
        over = await lent.seen_by("mentee")
        assert over is not None
        assert over["state"] == "ended"
        async with lent.borrower.administration() as desk:
            assert (await desk.ledger())["borrowed"] == 0
        new = await lent.borrower.mentor()
        await lent.borrower.activate(await lent.borrower.propose(new, UUID(lent.pair["mentee_id"])))
        assert await lent.first_waiting() == []


@pytest.mark.parametrize("silent", ["mentor", "mentee"])
async def test_one_yes_is_silence_and_is_not_shown_to_the_other(pairing: Running, silent: Role) -> None:
    lent = await Lent.at_work(pairing)
    await lent.give_notice()
    says: Role = "mentee" if silent == "mentor" else "mentor"
    assert (await lent.say(says, "go-on")).json()["agreed"] is True
    assert (await lent.say(says, "go-on")).status_code == 200
    shown = await lent.seen_by(silent)
    assert shown is not None
    assert (shown["state"], shown["agreed"]) == ("asked", False)
    async with stepped(pairing):
        await step(pairing, NOTICE_ENDS)
        assert await lent.state() == ("ended", "notice")


async def test_two_yeses_let_the_pair_go_on_until_the_agreed_end(pairing: Running) -> None:
    lent = await Lent.at_work(pairing)
    await lent.give_notice()
    await lent.say("mentor", "go-on")
    assert (await lent.say("mentee", "go-on")).json()["state"] == "goes_on"
    assert [event.goes_on_until for event in await pairing.bodies(PairGoesOn) if event.pair_id == lent.pair_id] == [
        TERM_ENDS
    ]
    assert code_of(await lent.say("mentee", "re-match")) == (409, "decided_already")
    async with stepped(pairing):
        await step(pairing, NOTICE_ENDS)
        assert await lent.state() == ("active", None)
        async with lent.borrower.administration() as desk:
            assert lent.pair["mentor_id"] not in await desk.mentor_ids()
        assert await lent.first_waiting() == []
        await step(pairing, TERM_ENDS - MOMENT)
        assert await lent.state() == ("active", None)
        await step(pairing, TERM_ENDS)
        assert await lent.state() == ("ended", "term_over")
        assert await lent.said() == ["pair_asked_to_go_on", "pair_goes_on", "pair_cut_off", "pair_ended"]
        assert await lent.first_waiting() == []


async def test_administrators_are_cut_off_at_the_instant_at_which_the_notice_ends_and_the_two_are_not(
    pairing: Running,
) -> None:
    lent = await Lent.at_work(pairing)
    await lent.give_notice()
    await lent.say("mentor", "go-on")
    await lent.say("mentee", "go-on")
    path = f"/pairs/{lent.pair_id}"
    async with stepped(pairing):
        for instant, opens in ((NOTICE_ENDS - MOMENT, True), (NOTICE_ENDS, False)):
            await pairing.stage.step_to(instant)  # whether or not the clock has fired
            for hospital in (lent.lender, lent.borrower):
                async with hospital.administration() as desk:
                    listed = [one["pair_id"] for one in (await desk.http.get("/pairs")).json()["items"]]
                    assert (str(lent.pair_id) in listed) is opens
                    for shown in (path, f"{path}/conflicts"):
                        found = await desk.http.get(shown)
                        assert (found.status_code == 200) if opens else (code_of(found) == (404, "pair_not_found"))
            assert (await lent.seen_by("administrator") is not None) is opens
        async with lent.lender.administration() as desk:
            pausing = {"reason": "workload", "review_at": TERM_ENDS.isoformat()}
            seen = lent.pair | {"revision": await _revision(pairing, lent)}
            assert code_of(await desk.act(seen, "pause", **pausing)) == (404, "pair_not_found")
            assert (await desk.ledger())["lent"] == 1
        await pairing.fire()
        assert await lent.said() == ["pair_asked_to_go_on", "pair_goes_on", "pair_cut_off"]
        people: tuple[tuple[Hospital, Role], ...] = ((lent.lender, "mentor"), (lent.borrower, "mentee"))
        for hospital, role in people:
            async with hospital.signed_in(UUID(lent.pair[f"{role}_id"]), role, "administrator") as desk:
                assert (await desk.http.get(path)).json()["state"] == "active"
                assert str(lent.pair_id) in (await desk.http.get("/pairs")).text
            assert await lent.seen_by(role) is not None


async def _revision(pairing: Running, lent: Lent) -> int:
    [row] = await pairing.rows("SELECT revision FROM pairs WHERE pair_id = $1", lent.pair_id)
    return row["revision"]


async def test_a_pair_goes_on_without_an_end_where_none_was_agreed(pairing: Running) -> None:
    lent = await Lent.at_work(pairing, until=None)
    await lent.give_notice()
    await lent.say("mentor", "go-on")
    assert (await lent.say("mentee", "go-on")).json()["goes_on_until"] is None
    async with stepped(pairing):
        await step(pairing, TERM_ENDS)
        assert await lent.state() == ("active", None)


async def test_one_re_match_decides_and_the_pair_works_on_until_the_notice_is_over(pairing: Running) -> None:
    lent = await Lent.at_work(pairing)
    await lent.give_notice()
    await lent.say("mentor", "go-on")
    assert (await lent.say("mentee", "re-match")).json()["state"] == "re_match"
    assert code_of(await lent.say("mentor", "go-on")) == (409, "decided_already")
    assert await lent.state() == ("active", None)
    async with stepped(pairing):
        await step(pairing, NOTICE_ENDS)
        assert await lent.state() == ("ended", "notice")
        assert await lent.first_waiting() == [lent.pair["mentee_id"]]


async def test_an_answer_at_the_end_of_the_notice_is_refused_even_before_the_clock_fired(pairing: Running) -> None:
    lent = await Lent.at_work(pairing)
    await lent.give_notice()
    async with stepped(pairing):
        await pairing.stage.step_to(NOTICE_ENDS)
        for word in ("go-on", "re-match"):
            assert code_of(await lent.say("mentor", word)) == (409, "notice_over")


async def test_whoever_is_not_of_the_pair_answers_nothing(pairing: Running) -> None:
    lent, other = await Lent.at_work(pairing), await Lent.at_work(pairing)
    await lent.give_notice()
    stranger = other.lender
    async with pairing.client(UUID(other.pair["mentor_id"]), stranger.institution_id, ["mentor"]) as http:
        answer = await http.post(f"/pairs/{lent.pair_id}/go-on")
    assert code_of(answer) == (404, "pair_not_found")
    async with pairing.client(
        lent.borrower.administrator_id, lent.borrower.institution_id, ["administrator", "mentor"]
    ) as http:
        answer = await http.post(f"/pairs/{lent.pair_id}/go-on")
    assert code_of(answer) == (403, "not_your_step")


async def test_a_pair_that_ended_meanwhile_has_nothing_to_decide(pairing: Running) -> None:
    lent = await Lent.at_work(pairing)
    await lent.give_notice()
    async with lent.lender.signed_in(UUID(lent.pair["mentor_id"]), "mentor") as desk:
        (await desk.act(await desk.show(lent.pair), "end")).raise_for_status()
    assert code_of(await lent.say("mentee", "go-on")) == (409, "not_possible_now")
    async with stepped(pairing):
        await step(pairing, NOTICE_ENDS)
        assert await lent.state() == ("ended", "asked")
        assert await lent.first_waiting() == []


async def test_nobody_is_asked_where_the_agreed_end_comes_before_the_notices(pairing: Running) -> None:
    lent = await Lent.at_work(pairing, until=START + timedelta(days=10))
    await lent.give_notice(START + timedelta(days=10))
    assert await lent.said() == []


async def test_an_erased_mentee_waits_for_nobody(pairing: Running) -> None:
    lent = await Lent.at_work(pairing)
    await lent.give_notice()
    async with stepped(pairing):
        await step(pairing, NOTICE_ENDS)
        await pairing.deliver(lent.borrower.about(PersonErased, UUID(lent.pair["mentee_id"])))
        assert await lent.first_waiting() == []
        assert await pairing.rows("SELECT FROM first_waiting WHERE mentee_id = $1", UUID(lent.pair["mentee_id"])) == []
