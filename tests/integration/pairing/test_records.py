"""A mentor's record: what was confirmed, whom a consent names, which notes may stand there; all else stays out."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.directory import PersonErased, RoleAssigned
from shared.contracts.event import Role
from shared.testing.running import Running
from tests.integration.pairing.compacting import PARTS, Couple, Part
from tests.integration.pairing.hospital import SINCE, Hospital, code_of
from tests.integration.pairing.test_drift import now, step
from tests.integration.pairing.test_export import exported

NOTE = "Thank you for every honest word about my first paper."


async def test_hours_are_verified_where_one_of_the_two_said_so_and_a_second_delivery_counts_nothing(
    pairing: Running,
) -> None:
    couple = await Couple.agreed(pairing)
    at = await now(pairing)
    silent = couple.held(at).model_copy(update={"confirmed": False})
    for event in (couple.held(at), couple.held(at), silent, couple.touched_base(at)):
        await pairing.deliver(event)
        await pairing.deliver(event)
    await pairing.deliver(couple.held(at), couple.touched_base(at))
    record = await record_of(couple)
    assert record["total"] == {
        "meetings": 3,
        "verified_minutes": 90,
        "unconfirmed_meetings": 1,
        "touchpoints": 2,
        "touchpoint_minutes": 20,
    }
    [pair] = record["pairs"]
    assert (pair["pair_id"], pair["tally"]) == (str(couple.pair_id), record["total"])


async def test_pairs_without_a_compact_count_and_those_that_never_began_do_not_stand_there(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id = await hospital.mentor(places=3)
    mentee_ids = [await hospital.mentee() for _ in range(3)]
    first, second = [await begun(hospital, mentor_id, mentee_id) for mentee_id in mentee_ids[:2]]
    waiting = Couple(hospital, hospital, await hospital.propose(mentor_id, mentee_ids[2]))
    at = await now(pairing)
    await pairing.deliver(*(each.held(at) for each in (first, second, second, waiting)))
    await second.act("mentee", "end")
    record = await record_of(first)
    minutes = {pair["pair_id"]: pair["tally"]["verified_minutes"] for pair in record["pairs"]}
    assert minutes == {str(first.pair_id): 30, str(second.pair_id): 60}
    assert record["total"]["verified_minutes"] == 90
    assert record["counts"]["people_mentored"] == record["counts"]["leadership"] == 2
    ended = {pair["pair_id"]: pair["ended_at"] is not None for pair in record["pairs"]}
    assert ended == {str(first.pair_id): False, str(second.pair_id): True}
    assert (record["form"], record["mentor_id"]) == ("osler.mentor_record.v1", str(mentor_id))


async def test_a_mentee_is_named_only_as_long_as_they_consent(pairing: Running) -> None:
    couple = await Couple.agreed(pairing, cross=True)
    mentee_id = str(couple.person("mentee"))
    assert mentee_id not in str(await record_of(couple))
    await acknowledge(couple, is_named=True)
    assert [pair["mentee_id"] for pair in (await record_of(couple))["pairs"]] == [mentee_id]
    await acknowledge(couple, is_named=False)
    assert mentee_id not in str(await record_of(couple))


async def test_a_note_stands_in_the_record_only_as_long_as_its_writer_allows(pairing: Running) -> None:
    couple = await Couple.agreed(pairing, cross=True)
    said = await acknowledge(couple, thanks=NOTE)
    assert (said["thanks"], said["thanks_in_record"], said["is_named"]) == (NOTE, False, False)
    assert (await read(couple, "mentor"))["thanks"] == NOTE
    assert NOTE not in str(await record_of(couple))
    written_at = (await acknowledge(couple, thanks=NOTE, thanks_in_record=True))["thanked_at"]
    assert written_at == said["thanked_at"]
    [pair] = (await record_of(couple))["pairs"]
    assert pair["thanks"] == {"words": NOTE, "written_at": written_at}
    assert pair["mentee_id"] is None
    await acknowledge(couple, thanks=NOTE, thanks_in_record=False)
    assert NOTE not in str(await record_of(couple))
    await acknowledge(couple, thanks=NOTE, thanks_in_record=True)
    await acknowledge(couple)
    assert NOTE not in str(await record_of(couple))
    assert (await read(couple, "mentor"))["thanks"] is None
    assert await words_of(couple) == [None]


async def test_only_the_mentee_says_what_may_be_shown_and_only_the_two_read_it(pairing: Running) -> None:
    couple = await Couple.agreed(pairing, cross=True)
    await acknowledge(couple, thanks=NOTE)
    path = f"/pairs/{couple.pair_id}/acknowledgement"
    mentor_id = couple.person("mentor")
    async with couple.mentors.signed_in(mentor_id, "mentor", "mentee") as desk:
        assert code_of(await desk.http.put(path, json={"is_named": True})) == (403, "not_your_step")
    strangers: list[tuple[Hospital, UUID, tuple[Role, ...]]] = [
        (couple.mentors, couple.mentors.administrator_id, ("mentor", "administrator")),
        (couple.mentees, couple.mentees.administrator_id, ("mentee", "administrator")),
        (couple.mentees, await couple.mentees.mentee(), ("mentee",)),
        (couple.mentors, await couple.mentors.mentor(), ("mentor",)),
    ]
    for hospital, person_id, roles in strangers:
        async with hospital.signed_in(person_id, *roles) as desk:
            assert code_of(await desk.http.get(path)) == (404, "pair_not_found")
            if "mentee" in roles:
                assert code_of(await desk.http.put(path, json={})) == (404, "pair_not_found")
        async with pairing.app.transaction(hospital.institution_id, person_id) as tx:
            assert await tx.fetch("SELECT FROM acknowledgements WHERE pair_id = $1", couple.pair_id) == []


async def test_a_record_is_nobodys_but_the_mentors_own(pairing: Running) -> None:
    couple = await Couple.agreed(pairing)
    others: list[tuple[UUID, Role]] = [
        (couple.person("mentee"), "mentee"),
        (couple.mentees.administrator_id, "administrator"),
        (await couple.mentors.mentor(), "mentor"),
    ]
    for person_id, role in others:
        async with couple.mentors.signed_in(person_id, role) as desk:
            record = (await desk.http.get("/me/record")).raise_for_status().json()
            assert (record["mentor_id"], record["pairs"]) == (str(person_id), [])
            elsewhere = f"/people/{couple.person('mentor')}/record"
            assert code_of(await desk.http.get(elsewhere)) == (404, "unknown_path")


async def test_an_acknowledgement_leaves_the_pair_its_events_and_its_revision_as_they_were(pairing: Running) -> None:
    couple = await Couple.agreed(pairing)
    async with couple.desk("mentor") as desk:
        before, said = await desk.show(couple.pair), await pairing.said()
        await acknowledge(couple, is_named=True, thanks=NOTE, thanks_in_record=True)
        assert (await desk.show(couple.pair), await pairing.said()) == (before, said)


async def test_nobody_thanks_before_the_mentors_yes_and_words_end_a_year_after_the_pair(pairing: Running) -> None:
    couple = await Couple.agreed(pairing)
    hospital = couple.mentees
    other = await hospital.propose(await hospital.mentor(), couple.person("mentee"))
    proposed = Couple(hospital, hospital, other)
    assert code_of(await put(proposed, is_named=True)) == (409, "not_possible_now")
    await couple.act("mentor", "end")
    ended = await now(pairing)
    await acknowledge(couple, is_named=True, thanks=NOTE, thanks_in_record=True)
    await step(pairing, ended + timedelta(days=364))
    assert NOTE in str(await record_of(couple))
    await step(pairing, ended + timedelta(days=366))
    assert await words_of(couple) == [None]
    [pair] = (await record_of(couple))["pairs"]
    assert (pair["mentee_id"], pair["thanks"]) == (str(couple.person("mentee")), None)
    assert code_of(await put(couple, thanks=NOTE)) == (409, "not_possible_now")
    await acknowledge(couple, is_named=False)
    assert (await record_of(couple))["pairs"][0]["mentee_id"] is None


async def test_of_an_erased_mentee_numbers_stay_and_name_nobody(pairing: Running) -> None:
    couple = await Couple.agreed(pairing, cross=True)
    await acknowledge(couple, is_named=True, thanks=NOTE, thanks_in_record=True)
    await pairing.deliver(couple.held(await now(pairing)))
    await pairing.deliver(couple.mentees.about(PersonErased, couple.person("mentee")))
    record = await record_of(couple)
    assert record["total"]["verified_minutes"] == 30
    assert str(couple.person("mentee")) not in str(record)
    assert NOTE not in str(record)
    assert await words_of(couple) == []


async def test_nothing_is_kept_or_written_about_an_erased_mentor_also_when_the_pair_had_ended(pairing: Running) -> None:
    couple = await Couple.agreed(pairing, cross=True)
    await acknowledge(couple, thanks=NOTE)
    await couple.act("mentee", "end")
    await pairing.deliver(couple.mentors.about(PersonErased, couple.person("mentor")))
    assert await words_of(couple) == []
    assert code_of(await put(couple, thanks=NOTE)) == (409, "not_possible_now")
    assert await words_of(couple) == []


@pytest.mark.parametrize("cross", [False, True])
async def test_a_level_is_the_one_in_which_the_pair_began(pairing: Running, *, cross: bool) -> None:
    couple = await Couple.meet(pairing, cross=cross)
    mentee_id, hospital = couple.person("mentee"), couple.mentees
    facts = {"role": "mentee", "level": "pgy_1"}
    await pairing.deliver(hospital.about(RoleAssigned, mentee_id, **facts))
    await couple.compare()
    await couple.put_in_force()
    later = {"occurred_at": await now(pairing) + timedelta(days=200)}
    assert later["occurred_at"] > SINCE
    said = hospital.about(RoleAssigned, mentee_id, **facts | {"level": "pgy_2"})
    await pairing.deliver(said.model_copy(update=later))
    record = await record_of(couple)
    assert [pair["level"] for pair in record["pairs"]] == ["pgy_1"]
    assert record["levels"] == [{"level": "pgy_1", "mentees": 1}]


async def test_both_export_the_note(pairing: Running) -> None:
    couple = await Couple.agreed(pairing)
    await acknowledge(couple, thanks=NOTE)
    for part in PARTS:
        own = await exported(couple.mentees, couple.person(part), part)
        assert [said["thanks"] for said in own["acknowledgements"]] == [NOTE]
    stranger = await exported(couple.mentees, couple.mentees.administrator_id, "administrator")
    assert stranger["acknowledgements"] == []


async def test_the_worker_deletes_notes_and_reads_none(pairing: Running) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pairing.rows("SELECT thanks FROM acknowledgements")


async def begun(hospital: Hospital, mentor_id: UUID, mentee_id: UUID) -> Couple:
    """A pair at work without a compact."""
    return Couple(hospital, hospital, await hospital.activate(await hospital.propose(mentor_id, mentee_id)))


async def record_of(couple: Couple) -> dict[str, Any]:
    """The mentor's record."""
    async with couple.desk("mentor") as desk:
        return (await desk.http.get("/me/record")).raise_for_status().json()


async def read(couple: Couple, part: Part) -> dict[str, Any]:
    """What one of the two reads."""
    async with couple.desk(part) as desk:
        return (await desk.http.get(f"/pairs/{couple.pair_id}/acknowledgement")).raise_for_status().json()


async def put(couple: Couple, **form: Any) -> Any:
    """The mentee says what may be shown."""
    async with couple.desk("mentee") as desk:
        return await desk.http.put(f"/pairs/{couple.pair_id}/acknowledgement", json=form)


async def acknowledge(couple: Couple, **form: Any) -> dict[str, Any]:
    """The same, done."""
    return (await put(couple, **form)).raise_for_status().json()


async def words_of(couple: Couple) -> list[str | None]:
    """Every note of the pair, as only the database's administrator can see them."""
    connection = await asyncpg.connect(couple.pairing.stage.admin_url)
    try:
        rows = await connection.fetch("SELECT thanks FROM pairing.acknowledgements WHERE pair_id = $1", couple.pair_id)
    finally:
        await connection.close()
    return [row["thanks"] for row in rows]
