"""What a person takes with them from pairing: their own, whatever else their roles show them."""

from typing import Any
from uuid import UUID

from shared.contracts.event import Role
from shared.testing.running import Running
from tests.integration.pairing.asking import Mentee, Mentor
from tests.integration.pairing.compacting import Couple
from tests.integration.pairing.hospital import Hospital
from tests.integration.pairing.introducing import FIELD, Somebody
from tests.integration.pairing.lent import Lent
from tests.integration.pairing.test_concerns import WORDS, name_contact, raise_concern


async def exported(hospital: Hospital, person_id: UUID, *roles: Role) -> dict[str, Any]:
    async with hospital.pairing.client(person_id, hospital.institution_id, roles) as http:
        return (await http.get("/me/export")).raise_for_status().json()


async def test_both_of_a_cross_pair_export_it_and_the_question_after_notice(pairing: Running) -> None:
    lent = await Lent.at_work(pairing)
    await lent.give_notice()
    await lent.say("mentor", "go-on")
    mentor = await exported(lent.lender, UUID(lent.pair["mentor_id"]), "mentor")
    mentee = await exported(lent.borrower, UUID(lent.pair["mentee_id"]), "mentee")
    for own in (mentor, mentee):
        assert [pair["pair_id"] for pair in own["pairs"]] == [str(lent.pair_id)]
        assert [each["pair_id"] for each in own["leavings"]] == [str(lent.pair_id)]
    assert (mentor["leavings"][0]["agreed"], mentee["leavings"][0]["agreed"]) == (True, False)


async def test_why_a_mentor_said_not_now_is_in_their_own_export_alone(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id, mentee_id = await hospital.mentor(places=1), await hospital.mentee()
    await Mentee(hospital, mentee_id).ask(Mentor(hospital, mentor_id))
    [asked] = (await exported(hospital, mentor_id, "mentor"))["asked"]
    async with hospital.signed_in(mentor_id, "mentor") as desk:
        await desk.http.post(
            f"/choices/{asked['choice_id']}/decline",
            headers={"If-Match": f'"{asked["revision"]}"'},
            json={"reason": "personal"},
        )
    [asked] = (await exported(hospital, mentor_id, "mentor"))["asked"]
    assert asked["reason"] == "personal"
    [request] = (await exported(hospital, mentee_id, "mentee"))["requests"]
    assert "personal" not in str(request)


async def test_what_somebody_declared_is_theirs_and_an_administrator_takes_nothing_of_others(pairing: Running) -> None:
    hospital = await Hospital.join(pairing)
    mentor_id, mentee_id = await hospital.mentor(), await hospital.mentee()
    pair = await hospital.propose(mentor_id, mentee_id)
    async with hospital.signed_in(mentee_id, "mentee") as desk:
        (await desk.http.post(f"/pairs/{pair['pair_id']}/conflicts", json={"kind": "family"})).raise_for_status()
    assert [one["kind"] for one in (await exported(hospital, mentee_id, "mentee"))["declared_conflicts"]] == ["family"]
    assert (await exported(hospital, mentor_id, "mentor"))["declared_conflicts"] == []
    administrator = await exported(hospital, hospital.administrator_id, "administrator")
    assert {name: own for name, own in administrator.items() if name != "as_of" and own} == {}


async def test_a_compact_is_both_ones_and_a_concern_only_whose_it_is(pairing: Running) -> None:
    couple = await Couple.agreed(pairing)
    contact_id = await name_contact(couple.mentees)
    (await raise_concern(couple, "mentee")).raise_for_status()
    mentor = await exported(couple.mentors, couple.person("mentor"), "mentor")
    mentee = await exported(couple.mentees, couple.person("mentee"), "mentee")
    for own in (mentor, mentee):
        [compact] = own["compacts"]
        assert compact["compact"]["in_force"]["number"] == 1
        assert [version["number"] for version in compact["versions"]] == [1]
        assert (compact["compact"]["mine"] is None, compact["compact"]["theirs"] is None) == (False, False)
    assert [one["words"] for one in mentee["concerns"]] == [WORDS]
    assert mentor["concerns"] == []
    assert WORDS not in str(mentor)
    assert (await exported(couple.mentees, contact_id, "mentee"))["concerns"] == []


async def test_what_was_listed_wished_and_offered_beyond_the_pair_is_exported_too(pairing: Running) -> None:
    couple = await Couple.agreed(pairing)
    mentor = Somebody(couple.mentors, couple.person("mentor"))
    mentee = Somebody(couple.mentees, couple.person("mentee"), "mentee")
    await mentor.list_fields(FIELD)
    wish = {"mentor_id": str(mentor.person_id), "field": FIELD}
    (await mentee.post("/introduction-wishes", wish)).raise_for_status()
    (await mentor.offer(mentee, Somebody(couple.mentors, await couple.mentors.mentor()))).raise_for_status()
    theirs = await exported(couple.mentors, mentor.person_id, "mentor")
    hers = await exported(couple.mentees, mentee.person_id, "mentee")
    assert theirs["introduces_in"] == [FIELD]
    assert [len(own["introduction_wishes"]) for own in (theirs, hers)] == [1, 1]
    assert [len(own["introductions"]) for own in (theirs, hers)] == [1, 1]
