"""What somebody says to stand between two people before they are a pair: it blocks, and the other sees nothing."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.pairing import use_cases
from shared.contracts.directory import PersonErased
from shared.contracts.event import Role
from shared.contracts.pairing import ConflictRaised, ConflictResolved
from shared.platform.members import Person
from shared.testing.running import Running
from tests.integration.pairing.asking import Mentee, Mentor, states
from tests.integration.pairing.hospital import Hospital, code_of
from tests.integration.pairing.introducing import Somebody
from tests.integration.pairing.waiting import somebody_waits


async def _declare(who: Somebody, *person_ids: UUID, kind: str = "family") -> httpx.Response:
    return await who.post("/conflicts", {"person_ids": [str(each) for each in person_ids], "kind": kind})


@dataclass
class Apart:
    """A mentor and a mentee of two hospitals, the first of which lends to the other, who are no pair."""

    lender: Hospital
    home: Hospital
    mentor: Somebody
    mentee: Somebody

    @classmethod
    async def at(cls, pairing: Running) -> "Apart":
        lender, home = await Hospital.join(pairing), await Hospital.join(pairing)
        await lender.lend_to(home)
        mentor = Somebody(lender, await lender.mentor(2, 2))
        return cls(lender, home, mentor, Somebody(home, await home.mentee(), "mentee"))

    def office(self, hospital: Hospital) -> Somebody:
        """The administrator of one of the two."""
        return Somebody(hospital, hospital.administrator_id, "administrator")

    @property
    def two(self) -> tuple[UUID, UUID]:
        return self.mentor.person_id, self.mentee.person_id

    async def declare(self, who: Somebody, kind: str = "family") -> dict[str, Any]:
        """Somebody says it of the two."""
        return (await _declare(who, *self.two, kind=kind)).raise_for_status().json()

    async def is_listed(self) -> bool:
        """Whether the mentee is shown the mentor."""
        async with self.home.signed_in(self.mentee.person_id, "mentee") as desk:
            return str(self.mentor.person_id) in await desk.mentor_ids()


async def test_what_either_of_two_or_an_administrator_declares_blocks_listing_and_asking_until_it_is_withdrawn(
    pairing: Running,
) -> None:
    two = await Apart.at(pairing)
    for who in (two.mentor, two.mentee, two.office(two.lender), two.office(two.home)):
        assert await two.is_listed()
        declared = await two.declare(who)
        assert await two.declare(who) == declared
        assert not await two.is_listed()
        sent = await Mentee(two.home, two.mentee.person_id).send(two.mentor.person_id)
        assert code_of(sent) == (409, "conflict_of_interest")
        proposed = await _proposed(two)
        assert code_of(proposed) == (409, "conflict_of_interest")
        assert [one["conflict_id"] for one in await who.items("/conflicts")] == [declared["conflict_id"]]
        (await who.post(f"/conflicts/{declared['conflict_id']}/withdraw")).raise_for_status()
        assert await who.items("/conflicts") == []
    assert await two.is_listed()


async def _proposed(two: Apart) -> httpx.Response:
    async with two.home.administration() as desk:
        return await desk.propose(*two.two)


async def test_the_other_one_sees_neither_that_it_is_there_nor_whose_it_is(pairing: Running) -> None:
    two = await Apart.at(pairing)
    for hospital in (two.lender, two.home):
        await hospital.set_conflict_policy("personal")  # it only warns: the two may become a pair all the same
    declared = await two.declare(two.mentee, "personal")
    path = f"/conflicts/{declared['conflict_id']}"
    pair = await two.home.activate(await two.home.propose(*two.two), two.lender)
    assert code_of(await two.mentor.get(path)) == (404, "conflict_not_found")
    assert code_of(await two.mentor.post(f"{path}/withdraw")) == (404, "conflict_not_found")
    assert await two.mentor.items("/conflicts") == []
    assert await two.mentor.items(f"/pairs/{pair['pair_id']}/conflicts") == []
    for who in (two.mentee, two.office(two.home), two.office(two.lender)):
        assert (await who.get(path)).json()["kind"] == "personal"
        [ground] = await who.items(f"/pairs/{pair['pair_id']}/conflicts")
        assert (ground["conflict_id"], ground["blocks"]) == (declared["conflict_id"], False)
    own = await two.declare(two.mentor, "personal")  # nothing of the mentee's comes back
    assert own["conflict_id"] != declared["conflict_id"]
    in_pair = await two.mentor.post(f"/pairs/{pair['pair_id']}/conflicts", {"kind": "personal"})
    assert in_pair.json()["conflict_id"] == own["conflict_id"]
    exported = (await two.mentor.get("/me/export")).json()["declared_conflicts"]
    assert [one["conflict_id"] for one in exported] == [own["conflict_id"]]
    stranger = Somebody(two.home, await two.home.mentee(), "mentee")
    assert code_of(await stranger.get(path)) == (404, "conflict_not_found")


async def test_nobody_speaks_for_others_or_of_whom_their_institution_does_not_know(pairing: Running) -> None:
    two, elsewhere = await Apart.at(pairing), await Hospital.join(pairing)
    mentor_id, mentee_id = two.two
    unknown = (404, "counterpart_not_found")
    assert code_of(await _declare(two.mentor, mentor_id, mentor_id)) == (422, "same_person")
    assert code_of(await _declare(two.mentor, mentor_id, uuid4())) == unknown
    assert code_of(await _declare(two.mentor, mentor_id, await elsewhere.mentee())) == unknown
    third = Somebody(two.home, await two.home.mentee(), "mentee")
    assert code_of(await _declare(third, mentor_id, mentee_id)) == unknown
    assert code_of(await _declare(two.office(elsewhere), mentor_id, mentee_id)) == unknown
    others = await two.home.mentee(), await two.home.mentor()
    assert code_of(await _declare(two.office(two.lender), *others)) == unknown
    assert await pairing.rows("SELECT FROM conflicts WHERE mentee_id = $1", mentee_id) == []


async def test_who_is_asked_is_passed_over_at_once_and_a_circle_is_left(pairing: Running) -> None:
    two = await Apart.at(pairing)
    mentee = Mentee(two.home, two.mentee.person_id)
    await mentee.ask(Mentor(two.lender, two.mentor.person_id), await Mentor.join(two.home))
    circle = {"kind": "mentor", "topic": "Board review", "person_ids": [str(two.mentee.person_id)]}
    circle_id = (await two.mentor.post("/circles", circle)).raise_for_status().json()["circle_id"]
    (await two.mentee.post(f"/circles/{circle_id}/join")).raise_for_status()
    await two.declare(two.mentor)  # behind whose wall the request is not
    request = await mentee.show()
    assert states(request) == ["open", "passed_over", "asked"]
    assert request["choices"][0]["reason"] == "conflict_of_interest"
    assert await two.mentee.items("/circles") == []


async def test_a_pair_that_is_there_is_marked_and_goes_on_when_it_is_withdrawn(pairing: Running) -> None:
    two = await Apart.at(pairing)
    pair = await two.home.activate(await two.home.propose(*two.two), two.lender)
    declared = await two.declare(two.mentee)
    assert (await two.mentor.get(f"/pairs/{pair['pair_id']}")).json()["coi_review_by"] is not None
    (await two.mentee.post(f"/conflicts/{declared['conflict_id']}/withdraw")).raise_for_status()
    assert (await two.mentor.get(f"/pairs/{pair['pair_id']}")).json()["coi_review_by"] is None
    for kind in (ConflictRaised, ConflictResolved):
        assert len([one for one in await pairing.bodies(kind) if str(one.pair_id) == pair["pair_id"]]) == 1


async def test_it_is_forgotten_with_whoever_is_erased(pairing: Running) -> None:
    for number in range(2):
        two = await Apart.at(pairing)
        await two.declare(two.mentee)
        erased, hospital = (two.mentor, two.lender) if number else (two.mentee, two.home)
        await pairing.deliver(hospital.about(PersonErased, erased.person_id))
        assert await pairing.rows("SELECT FROM conflicts WHERE mentee_id = ANY($1)", list(two.two)) == []


async def test_a_yes_waits_for_a_declaration_that_is_being_made_and_is_refused(pairing: Running) -> None:
    two = await Apart.at(pairing)
    mentor = Mentor(two.lender, two.mentor.person_id)
    await Mentee(two.home, two.mentee.person_id).ask(mentor)
    roles: frozenset[Role] = frozenset({"mentee"})
    me = Person(two.mentee.person_id, two.home.institution_id, roles)
    [choice] = await mentor.asked()
    async with pairing.app.transaction(two.home.institution_id, two.mentee.person_id) as tx:
        await use_cases.declare_between(tx, me, two.two, "family", tx.now)
        yes = asyncio.create_task(mentor.answer("accept", choice))
        await somebody_waits(pairing)
    assert code_of(await yes) in {(409, "request_closed"), (412, "stale_revision")}
    assert await pairing.rows("SELECT FROM pairs WHERE mentor_id = $1", two.mentor.person_id) == []


async def test_a_declaration_waits_for_a_request_that_is_being_sent_and_passes_it_over(pairing: Running) -> None:
    two = await Apart.at(pairing)
    roles: frozenset[Role] = frozenset({"mentee"})
    me = Person(two.mentee.person_id, two.home.institution_id, roles)
    async with pairing.app.transaction(two.home.institution_id, two.mentee.person_id) as tx:
        await use_cases.send_request(tx, me, [two.mentor.person_id], tx.now)
        said = asyncio.create_task(two.declare(two.mentor))
        await somebody_waits(pairing)
    await said
    assert states(await Mentee(two.home, two.mentee.person_id).show()) == ["exhausted", "passed_over"]
