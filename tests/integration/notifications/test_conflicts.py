"""Mail about a conflict of interest: to the two of a pair and to who administers their hospitals, to nobody else."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from shared.contracts.pairing import PairEnded
from tests.integration.notifications.office import Office, Someone

RAISED, RESOLVED, RESTS = (
    "A conflict of interest in your pair",
    "The conflict of interest in your pair is resolved",
    "Your pair rests",
)
THEIRS_RAISED, THEIRS_RESOLVED, THEIRS_REST = (
    "A conflict of interest in a pair of your hospital",
    "A conflict of interest is resolved",
    "A pair of your hospital rests",
)


def someone_at(institution_id: UUID) -> Someone:
    return replace(Someone("Ines Amt", "Europe/Madrid", "en"), person_id=uuid4(), institution_id=institution_id)


@pytest.fixture
async def administrators(office: Office) -> list[Someone]:
    """One of each of the two institutions; the pair is proposed, accepted, and in English on both sides."""
    office.mentee = replace(office.mentee, person_id=uuid4(), locale="en")
    await office.hear(await office.joined(office.mentee), await office.contact(office.mentee))
    them = [someone_at(office.mentor.institution_id), someone_at(office.mentee.institution_id)]
    for administrator in them:
        await office.administers(administrator)
    await office.hear(await office.proposed(), await office.accepted())
    await office.send()
    for someone in (office.mentor, office.mentee):
        office.mailbox.mails[someone.email].clear()
    return them


async def test_the_two_and_their_administrators_are_told_of_each_step(
    office: Office, administrators: list[Someone]
) -> None:
    for event, own, theirs in (
        (await office.conflict_raised(), RAISED, THEIRS_RAISED),
        (await office.paused("conflict_unresolved"), RESTS, THEIRS_REST),
        (await office.conflict_resolved(), RESOLVED, THEIRS_RESOLVED),
        (await office.conflict_raised(), RAISED, THEIRS_RAISED),
    ):
        await office.hear(event, event)
        await office.send()
        assert [office.subjects(each)[-1] for each in (office.mentor, office.mentee)] == [own, own]
        assert [office.subjects(each)[-1] for each in administrators] == [theirs, theirs]
    assert [len(office.mails(each)) for each in (office.mentor, office.mentee, *administrators)] == [4, 4, 4, 4]


async def test_a_mail_to_administrators_names_nobody(office: Office, administrators: list[Someone]) -> None:
    await office.hear(await office.conflict_raised(), await office.paused("conflict_unresolved"))
    await office.send()
    await office.hear(await office.conflict_resolved())
    await office.send()
    for administrator in administrators:
        for mail in office.mails(administrator):
            text = mail.as_string()
            assert office.mentor.name not in text
            assert office.mentee.name not in text


async def test_nobody_else_hears_of_it(office: Office, administrators: list[Someone]) -> None:
    elsewhere, former = someone_at(uuid4()), someone_at(office.mentor.institution_id)
    await office.administers(elsewhere)
    await office.administers(former)
    await office.hear(await office.left(former))
    colleague = someone_at(office.mentee.institution_id)
    await office.hear(await office.joined(colleague), await office.contact(colleague))
    await office.hear(await office.conflict_raised())
    await office.send()
    assert [office.subjects(each) for each in (elsewhere, former, colleague)] == [[], [], []]


async def test_of_a_pair_that_is_the_twos_alone_no_administrator_is_told(
    office: Office, administrators: list[Someone]
) -> None:
    await office.hear(
        await office.cut_off(), await office.conflict_raised(), await office.paused("conflict_unresolved")
    )
    await office.send()
    assert [len(office.mails(each)) for each in (office.mentor, office.mentee, *administrators)] == [2, 2, 0, 0]


async def test_an_administrator_who_is_one_of_the_two_is_told_once(
    office: Office, administrators: list[Someone]
) -> None:
    await office.service.worker.pool.execute(
        "UPDATE members SET roles = '{administrator,mentor}' WHERE person_id = $1", office.mentor.person_id
    )
    await office.hear(await office.conflict_raised())
    await office.send()
    assert office.subjects(office.mentor) == [RAISED]


async def test_another_pause_is_not_mailed_about(office: Office, administrators: list[Someone]) -> None:
    await office.hear(await office.paused("asked"))
    await office.send()
    assert [office.subjects(each) for each in (office.mentor, office.mentee, *administrators)] == [[], [], [], []]


async def test_what_was_resolved_before_its_mail_went_is_not_said_to_stand(
    office: Office, administrators: list[Someone]
) -> None:
    await office.hear(await office.conflict_raised(), await office.conflict_resolved())
    await office.send()
    assert office.subjects(office.mentor) == [RESOLVED]
    assert [office.subjects(each) for each in administrators] == [[THEIRS_RESOLVED], [THEIRS_RESOLVED]]


async def test_a_pair_that_ended_is_in_no_conflict(office: Office, administrators: list[Someone]) -> None:
    await office.hear(await office.conflict_raised())
    ended = await office.conflict_resolved()
    facts = ended.model_dump(exclude={"how"})
    await office.hear(PairEnded(**facts, reason="asked"))
    await office.send()
    assert [office.subjects(each) for each in (office.mentor, *administrators)] == [[], [], []]
    assert ("pair_conflict_raised", "suppressed", "cause_gone") in await office.became(administrators[0])
