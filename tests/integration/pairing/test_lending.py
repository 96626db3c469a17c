"""Cross pairs: shared mentors are found by their cards, agreements and caps hold, and the ledger sums to zero."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.contracts.directory import (
    AgreementEnded,
    AgreementNoticeGiven,
    PersonErased,
    PersonReturned,
    PersonWentOnLeave,
    ProfileChanged,
    RoleRemoved,
)
from shared.testing.running import Running
from shared.testing.stage import START
from tests.integration.pairing.hospital import SINCE, Hospital, code_of, tell


async def test_a_shared_mentor_is_found_by_the_borrower_whichever_is_heard_first(pairing: Running) -> None:
    lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
    before = await lender.mentor(places=2, shared_places=1)
    await lender.mentor(places=2)
    await lender.lend_to(borrower)
    after = await lender.mentor(places=2, shared_places=1)
    async with borrower.administration() as desk:
        assert await desk.mentor_ids() == sorted([str(before), str(after)])
    async with lender.administration() as desk:
        assert len(await desk.mentor_ids()) == 3


async def test_what_a_mentor_speaks_is_shown_at_home_and_where_they_are_lent_and_forgotten_of_the_erased(
    pairing: Running,
) -> None:
    lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(borrower)
    mentor_id, erased_id = await lender.mentor(2, 2), await lender.mentor(2, 2)
    spoken = {"time_zone": "Europe/Warsaw", "languages": ("pl", "pt-BR")}
    said = [lender.about(ProfileChanged, person_id, **spoken) for person_id in (mentor_id, erased_id)]
    await pairing.deliver(*said, lender.about(PersonErased, erased_id))
    for hospital in (lender, borrower):
        async with hospital.administration() as desk:
            listed = (await desk.http.get("/mentors")).json()["items"]
        assert {each["mentor_id"]: each["languages"] for each in listed} == {str(mentor_id): ["pl", "pt-BR"]}
    await pairing.deliver(lender.about(ProfileChanged, mentor_id, time_zone="Europe/Warsaw"))
    assert await pairing.rows("SELECT languages FROM mentor_cards WHERE mentor_id = $1", mentor_id) == [([],)]
    assert await pairing.rows("SELECT languages FROM people WHERE person_id = $1", erased_id) == [([],)]


async def test_own_and_lent_mentors_are_one_list_in_pages(pairing: Running) -> None:
    lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(borrower)
    all_of_them = sorted([str(await each.mentor(1, 1)) for each in (lender, borrower) for _ in range(4)])
    pages: list[list[str]] = []
    after: str | None = ""
    async with borrower.administration() as desk:
        while after is not None:
            query = {"limit": "3"} | ({"after": after} if after else {})
            page = (await desk.http.get("/mentors", params=query)).raise_for_status().json()
            pages.append([each["mentor_id"] for each in page["items"]])
            after = page["next"]
    assert pages == [all_of_them[:3], all_of_them[3:6], all_of_them[6:]]


async def test_cards_follow_places_leave_roles_and_the_agreement(pairing: Running) -> None:
    lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
    mentor_id = await lender.mentor(places=1, shared_places=1)
    agreement_id = await lender.lend_to(borrower)
    mentee_id = await borrower.mentee()

    async def found() -> bool:
        async with borrower.administration() as desk:
            return str(mentor_id) in await desk.mentor_ids()

    assert await found()
    await pairing.deliver(lender.about(PersonWentOnLeave, mentor_id, since=SINCE))
    assert not await found()
    async with borrower.administration() as desk:
        assert code_of(await desk.propose(mentor_id, mentee_id)) == (409, "not_accepting")
    await pairing.deliver(lender.about(PersonReturned, mentor_id, since=SINCE))
    assert await found()
    await pairing.deliver(lender.role(mentor_id, "mentor", places=1, shared_places=0))
    assert not await found()
    await pairing.deliver(lender.role(mentor_id, "mentor", places=1, shared_places=1))
    assert await found()
    home = await lender.activate(await lender.propose(mentor_id, await lender.mentee()))
    await pairing.fire()
    assert not await found()
    async with borrower.administration() as desk:
        assert code_of(await desk.propose(mentor_id, mentee_id)) == (409, "capacity_exhausted")
    async with lender.administration() as desk:
        await desk.act(home, "end", reason="rotation")
    await pairing.fire()
    assert await found()
    await pairing.deliver(lender.about(RoleRemoved, mentor_id, role="mentor"))
    assert not await found()
    await pairing.deliver(lender.role(mentor_id, "mentor", places=1, shared_places=1))
    assert await found()
    await pairing.deliver(_ended(lender, borrower, agreement_id))
    assert not await found()
    async with borrower.administration() as desk:
        assert code_of(await desk.propose(mentor_id, mentee_id)) == (409, "no_agreement")


async def test_a_cross_pair_takes_a_shared_place_and_a_home_mentee_any(pairing: Running) -> None:
    lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
    mentor_id = await lender.mentor(places=3, shared_places=1)
    await lender.lend_to(borrower)
    first = await borrower.propose(mentor_id, await borrower.mentee())
    second = await borrower.propose(mentor_id, await borrower.mentee())
    await borrower.activate(first, lender)
    async with lender.signed_in(mentor_id, "mentor") as desk:
        assert code_of(await desk.act(second, "accept")) == (409, "shared_capacity_exhausted")
    await pairing.fire()
    async with borrower.administration() as desk:
        assert code_of(await desk.propose(mentor_id, await borrower.mentee())) == (409, "shared_capacity_exhausted")
    await lender.activate(await lender.propose(mentor_id, await lender.mentee()))


async def test_an_agreements_cap_holds_over_all_its_mentors(pairing: Running) -> None:
    lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(borrower, cap=1)
    mentors = [await lender.mentor(places=2, shared_places=2) for _ in range(2)]
    pairs = [await borrower.propose(mentor_id, await borrower.mentee()) for mentor_id in mentors]
    await borrower.activate(pairs[0], lender)
    async with lender.signed_in(mentors[1], "mentor") as desk:
        assert code_of(await desk.act(pairs[1], "accept")) == (409, "agreement_cap")
    async with borrower.administration() as desk:
        assert code_of(await desk.propose(mentors[1], await borrower.mentee())) == (409, "agreement_cap")


async def test_from_notice_on_nothing_new_is_lent_and_the_cards_end_by_themselves(pairing: Running) -> None:
    lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
    agreement_id = await lender.lend_to(borrower)
    mentor_id = await lender.mentor(places=9, shared_places=9)
    active = await borrower.activate(await borrower.propose(mentor_id, await borrower.mentee()), lender)
    waiting = await borrower.propose(mentor_id, await borrower.mentee())
    ends_at = START + timedelta(days=3)
    parties = {"lender_institution_id": lender.institution_id, "borrower_institution_id": borrower.institution_id}
    notice = tell(AgreementNoticeGiven, *parties.values(), agreement_id=agreement_id, ends_at=ends_at, **parties)
    await pairing.deliver(notice)

    async with lender.signed_in(mentor_id, "mentor") as desk:
        assert code_of(await desk.act(waiting, "accept")) == (409, "agreement_ending")
        assert (await desk.show(active))["state"] == "active"
    async with borrower.administration() as desk:
        assert code_of(await desk.propose(mentor_id, await borrower.mentee())) == (409, "agreement_ending")
        assert str(mentor_id) in await desk.mentor_ids()
        try:
            await pairing.stage.step_to(ends_at)  # and nothing was heard of its end yet
            assert str(mentor_id) not in await desk.mentor_ids()
            assert code_of(await desk.propose(mentor_id, await borrower.mentee())) == (409, "no_agreement")
        finally:
            await pairing.stage.step_to(START)


async def test_what_an_institution_lends_and_borrows_in_all_is_capped_over_all_others(pairing: Running) -> None:
    lenders, borrowers = [[await Hospital.join(pairing) for _ in range(2)] for _ in range(2)]
    for lender in lenders:
        for borrower in borrowers:
            await lender.lend_to(borrower)
    mentors = [await lender.mentor(places=9, shared_places=9) for lender in lenders]
    await lenders[0].set_caps(lend_cap=1)
    await borrowers[1].set_caps(borrow_cap=1)
    home = await lenders[0].propose(mentors[0], await lenders[0].mentee())
    late = await borrowers[1].propose(mentors[0], await borrowers[1].mentee())
    await borrowers[0].activate(await borrowers[0].propose(mentors[0], await borrowers[0].mentee()), lenders[0])

    async with lenders[0].signed_in(mentors[0], "mentor") as desk:
        assert code_of(await desk.act(late, "accept")) == (409, "lend_cap")
    async with borrowers[1].administration() as desk:
        assert code_of(await desk.propose(mentors[0], await borrowers[1].mentee())) == (409, "lend_cap")
    await lenders[0].activate(home)

    too_much = await borrowers[1].propose(mentors[1], await borrowers[1].mentee())
    await borrowers[1].activate(await borrowers[1].propose(mentors[1], await borrowers[1].mentee()), lenders[1])
    async with lenders[1].signed_in(mentors[1], "mentor") as desk:
        assert code_of(await desk.act(too_much, "accept")) == (409, "borrow_cap")
    await lenders[0].set_caps()
    async with lenders[0].signed_in(mentors[0], "mentor") as desk:
        assert code_of(await desk.act(late, "accept")) == (409, "borrow_cap")
    await borrowers[1].set_caps(borrow_cap=2)
    await borrowers[1].activate(late, lenders[0])


async def test_a_lowered_cap_ends_no_pair_and_lets_nothing_new_in_until_enough_have_ended(pairing: Running) -> None:
    lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
    await lender.lend_to(borrower)
    mentor_id = await lender.mentor(places=5, shared_places=5)
    pairs = [
        await borrower.activate(await borrower.propose(mentor_id, await borrower.mentee()), lender) for _ in range(2)
    ]
    waiting = await borrower.propose(mentor_id, await borrower.mentee())
    await lender.set_caps(lend_cap=1)
    for pair, code in zip(pairs, ("lend_cap", "lend_cap"), strict=True):
        async with lender.signed_in(mentor_id, "mentor") as desk:
            assert (await desk.show(pair))["state"] == "active"
            assert code_of(await desk.act(waiting, "accept")) == (409, code)
            assert (await desk.act(pair, "end")).json()["state"] == "ended"
    await borrower.activate(waiting, lender)


async def test_the_numbers_of_other_institutions_are_told_to_no_third(pairing: Running) -> None:
    lender, borrower, third = [await Hospital.join(pairing) for _ in range(3)]
    for asker, rows in ((lender, 1), (borrower, 1), (third, 0)):
        async with pairing.app.transaction(asker.institution_id) as tx:
            parties = lender.institution_id, borrower.institution_id
            assert len(await tx.fetch("SELECT 1 FROM count_lending($1, $2)", *parties)) == rows


async def test_nothing_new_is_accepted_after_the_agreement_ended_and_pairs_go_on(pairing: Running) -> None:
    lender, borrower = await Hospital.join(pairing), await Hospital.join(pairing)
    agreement_id = await lender.lend_to(borrower)
    mentor_id = await lender.mentor(places=2, shared_places=2)
    active = await borrower.activate(await borrower.propose(mentor_id, await borrower.mentee()), lender)
    waiting = await borrower.propose(mentor_id, await borrower.mentee())
    await pairing.deliver(_ended(lender, borrower, agreement_id))
    async with lender.signed_in(mentor_id, "mentor") as desk:
        assert code_of(await desk.act(waiting, "accept")) == (409, "no_agreement")
        assert (await desk.show(active))["state"] == "active"


async def test_a_cross_pair_is_seen_and_ended_from_both_sides_and_by_no_third(pairing: Running) -> None:
    lender, borrower, third = [await Hospital.join(pairing) for _ in range(3)]
    await lender.lend_to(borrower)
    await lender.lend_to(third)
    mentor_id = await lender.mentor(places=1, shared_places=1)
    pair = await borrower.activate(await borrower.propose(mentor_id, await borrower.mentee()), lender)
    async with lender.administration() as desk:
        assert (await desk.show(pair))["state"] == "active"
    async with third.administration() as desk:
        assert (await desk.http.get(f"/pairs/{pair['pair_id']}")).status_code == 404
    async with borrower.signed_in(UUID(pair["mentee_id"]), "mentee") as desk:
        assert (await desk.act(pair, "end")).json()["state"] == "ended"
    await borrower.activate(await borrower.propose(mentor_id, await borrower.mentee()), lender)


async def test_the_ledger_counts_pairs_that_hold_a_place_and_sums_to_zero(pairing: Running) -> None:
    hospitals = [await Hospital.join(pairing) for _ in range(3)]
    first, second, third = hospitals
    for lender, borrower, pairs in ((first, second, 2), (second, first, 1), (third, second, 1)):
        await lender.lend_to(borrower)
        mentor_id = await lender.mentor(places=3, shared_places=3)
        for _ in range(pairs):
            await borrower.activate(await borrower.propose(mentor_id, await borrower.mentee()), lender)
        await borrower.propose(mentor_id, await borrower.mentee())
    ledgers: list[dict[str, Any]] = []
    for hospital in hospitals:
        async with hospital.administration() as desk:
            ledgers.append(await desk.ledger())
    assert [(ledger["lent"], ledger["borrowed"], ledger["balance"]) for ledger in ledgers] == [
        (2, 1, 1),
        (1, 3, -2),
        (1, 0, 1),
    ]
    lines = {line["institution_id"]: line["balance"] for line in ledgers[1]["institutions"]}
    assert lines == {str(first.institution_id): -1, str(third.institution_id): -1}


async def test_row_level_security_hides_other_institutions_rows_without_the_policy_table(pairing: Running) -> None:
    lender, borrower, third = [await Hospital.join(pairing) for _ in range(3)]
    await lender.lend_to(borrower)
    mentor_id = await lender.mentor(places=2, shared_places=2)
    await borrower.propose(mentor_id, await borrower.mentee())

    async def seen_by(institution_id: UUID | None) -> dict[str, int]:
        async with pairing.app.transaction(institution_id) as tx:
            row = await tx.get(
                """
                SELECT (SELECT count(*) FROM pairs) AS pairs, (SELECT count(*) FROM people) AS people,
                    (SELECT count(*) FROM mentor_cards) AS cards, (SELECT count(*) FROM agreements) AS agreements
                """
            )
        return dict(row)

    assert await seen_by(lender.institution_id) == {"pairs": 1, "people": 2, "cards": 0, "agreements": 1}
    assert await seen_by(borrower.institution_id) == {"pairs": 1, "people": 2, "cards": 1, "agreements": 1}
    for stranger in (third.institution_id, uuid4(), None):
        assert (await seen_by(stranger))["pairs"] == 0
        assert (await seen_by(stranger))["cards"] == 0


def _ended(lender: Hospital, borrower: Hospital, agreement_id: UUID) -> AgreementEnded:
    return tell(
        AgreementEnded,
        lender.institution_id,
        borrower.institution_id,
        agreement_id=agreement_id,
        lender_institution_id=lender.institution_id,
        borrower_institution_id=borrower.institution_id,
        reason="notice",
    )
