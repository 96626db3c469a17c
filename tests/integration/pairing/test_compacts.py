"""Two people agree on a compact: alone, side by side, version by version, and with nobody else reading along."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.contracts.directory import PersonErased, PersonWentOnLeave
from shared.contracts.pairing import CompactInForce, RequestWithdrawn
from shared.testing.running import Running
from tests.integration.pairing.asking import Mentee, Mentor
from tests.integration.pairing.compacting import PARTS, Couple, Part, readable, words_of
from tests.integration.pairing.hospital import SINCE, code_of


@pytest.mark.parametrize("first", PARTS)
async def test_each_states_expectations_alone_and_both_see_the_differences_then(pairing: Running, first: Part) -> None:
    couple = await Couple.meet(pairing, cross=True)
    second: Part = "mentee" if first == "mentor" else "mentor"
    answer = await couple.expect(first, "publish a case", words="patience", meeting_minutes=45)
    assert answer.status_code == 200, answer.text
    assert "publish" not in answer.text
    mine, hidden = await couple.read(first), await couple.read(second)
    assert (mine["mine"]["goals"], mine["mine"]["words"], mine["theirs"]) == (["publish a case"], "patience", None)
    assert (hidden["mine"], hidden["theirs"], hidden["differing"]) == (None, None, [])
    assert hidden["state"] == "answering"
    (await couple.expect(first, "write a review", words="candour", meeting_minutes=60)).raise_for_status()
    (await couple.expect(second, meeting_interval="two_weeks")).raise_for_status()
    words: dict[Part, str | None] = {first: None, second: "candour"}
    for part in PARTS:
        seen = await couple.read(part)
        assert (seen["state"], seen["differing"]) == ("compared", ["meeting_interval", "meeting_minutes"])
        assert seen["theirs"]["words"] == words[part]
    assert (await couple.read(second))["theirs"]["goals"] == ["write a review"]
    assert code_of(await couple.expect(first, "too late")) == (409, "compact_not_possible_now")
    assert await couple.said() == []


async def test_what_one_states_alone_is_behind_a_wall_for_the_other_until_both_have(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    (await couple.expect("mentor", "a secret wish")).raise_for_status()
    mentor, mentee = couple.person("mentor"), couple.person("mentee")
    administrator = couple.mentees.administrator_id
    assert await readable(couple, mentor) == 1
    assert await readable(couple, mentee) == 0
    assert await readable(couple, administrator) == 0
    (await couple.expect("mentee")).raise_for_status()
    assert await readable(couple, mentee) == 2
    assert await readable(couple, administrator) == 0
    await couple.put_in_force("a goal")
    assert await readable(couple, mentor) == 3
    assert await readable(couple, administrator) == 0


@pytest.mark.parametrize("last", PARTS)
async def test_the_second_signature_puts_a_version_in_force_and_activates_the_pair(
    pairing: Running, last: Part
) -> None:
    couple = await Couple.meet(pairing, cross=True)
    await couple.compare()
    (await couple.offer("mentee", "learn to teach", meeting_interval="two_weeks")).raise_for_status()
    first: Part = "mentee" if last == "mentor" else "mentor"
    signed = (await couple.sign(first)).raise_for_status().json()
    assert (signed["state"], signed["in_force_number"], await couple.state()) == ("offered", None, "accepted")
    signed = (await couple.sign(last)).raise_for_status().json()
    assert (signed["state"], signed["in_force_number"], await couple.state()) == ("in_force", 1, "active")
    assert await couple.said() == ["compact_offered", "compact_signed", "compact_signed", "compact_in_force"]
    assert (await pairing.said(couple.pair_id))[-1] == "osler.pairing.pair_activated.v1"
    [said] = [event for event in await pairing.bodies(CompactInForce) if event.pair_id == couple.pair_id]
    assert (said.meeting_interval_days, said.meeting_minutes, said.touchpoint_interval_days) == (14, 30, 14)
    assert {said.mentor_institution_id, said.mentee_institution_id} == set(said.institution_ids)
    kinds = await pairing.rows("SELECT kind FROM timers WHERE subject_id = $1", couple.pair_id)
    assert {row["kind"] for row in kinds} == {"compact_drifts", "compact_term_over"}


async def test_a_signature_on_a_stale_version_is_refused_and_leaves_no_trace(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    await couple.compare()
    (await couple.offer("mentor")).raise_for_status()
    (await couple.sign("mentee", 1)).raise_for_status()
    looked_at = await couple.read("mentor")
    (await couple.offer("mentee", meeting_minutes=60)).raise_for_status()
    before, said = await couple.read("mentee"), await couple.said()
    assert code_of(await couple.post("mentor", "sign", looked_at, number=1)) == (412, "stale_revision")
    assert code_of(await couple.sign("mentor", 1)) == (409, "stale_compact_version")
    assert code_of(await couple.sign("mentor", 3)) == (409, "stale_compact_version")
    assert (await couple.read("mentee"), await couple.said()) == (before, said)
    assert await couple.state() == "accepted"
    (await couple.sign("mentor", 2)).raise_for_status()
    assert code_of(await couple.sign("mentor", 2)) == (409, "already_signed")
    assert await couple.state() == "accepted"
    (await couple.sign("mentee", 2)).raise_for_status()
    assert await couple.state() == "active"


async def test_an_amendment_waits_beside_the_old_version_and_old_ones_stay_readable(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    await couple.compare()
    await couple.put_in_force("learn to teach", "publish")
    teach, publish = (await couple.read("mentor"))["in_force"]["goals"]
    (await couple.post("mentee", "support", goal_id=teach["goal_id"], support="direct")).raise_for_status()
    kept = {"goal_id": teach["goal_id"], "text": "learn to teach well"}
    (await couple.offer("mentor", kept, "rest", meeting_minutes=60)).raise_for_status()
    (await couple.sign("mentor")).raise_for_status()
    seen = await couple.read("mentee")
    assert (seen["state"], seen["in_force"]["number"], seen["waiting"]["number"]) == ("amending", 1, 2)
    assert seen["in_force"]["terms"]["meeting_minutes"] == 30
    assert [goal["support"] for goal in seen["waiting"]["goals"]] == ["direct", "coach"]
    (await couple.post("mentor", "withdraw")).raise_for_status()
    assert (await couple.read("mentee"))["state"] == "in_force"
    await couple.put_in_force(kept, meeting_minutes=60)
    versions = await couple.versions()
    assert [(one["number"], one["state"]) for one in versions] == [
        (3, "in_force"),
        (2, "withdrawn"),
        (1, "superseded"),
    ]
    assert [goal["text"] for goal in versions[2]["goals"]] == ["learn to teach", "publish"]
    assert [goal["goal_id"] for goal in versions[0]["goals"]] == [teach["goal_id"]]
    assert publish["goal_id"] not in {goal["goal_id"] for goal in versions[1]["goals"]}
    async with couple.desk("mentee") as desk:
        path = f"/pairs/{couple.pair_id}/compact/versions"
        page = (await desk.http.get(path, params={"limit": 2})).json()
        rest = (await desk.http.get(path, params={"limit": 2, "after": page["next"]})).json()
    assert [one["number"] for one in (*page["items"], *rest["items"])] == [3, 2, 1]
    assert rest["next"] is None


async def test_support_is_the_mentees_to_change_at_any_time_without_signatures(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    await couple.compare()
    refused = await couple.offer("mentor", {"text": "publish", "support": "direct"})
    assert code_of(refused) == (403, "not_your_step")
    await couple.put_in_force({"text": "publish", "support": "on_request"})
    [goal] = (await couple.read("mentor"))["in_force"]["goals"]
    assert goal["support"] == "on_request"
    said = await couple.said()
    answer = await couple.post("mentor", "support", goal_id=goal["goal_id"], support="direct")
    assert code_of(answer) == (403, "forbidden")
    answer = await couple.post("mentee", "support", goal_id=str(uuid4()), support="direct")
    assert code_of(answer) == (404, "goal_not_found")
    (await couple.post("mentee", "support", goal_id=goal["goal_id"], support="direct")).raise_for_status()
    seen = await couple.read("mentor")
    assert (seen["state"], seen["in_force"]["goals"][0]["support"]) == ("in_force", "direct")
    assert await couple.said() == said


async def test_a_mentor_who_is_a_mentee_elsewhere_still_sets_no_support(pairing: Running) -> None:
    couple = await Couple.agreed(pairing)
    await couple.put_in_force("publish")
    [goal] = (await couple.read("mentor"))["in_force"]["goals"]
    seen = await couple.read("mentor")
    async with couple.mentors.signed_in(couple.person("mentor"), "mentor", "mentee") as desk:
        answer = await desk.http.post(
            f"/pairs/{couple.pair_id}/compact/support",
            headers={"If-Match": f'"{seen["revision"]}"'},
            json={"goal_id": goal["goal_id"], "support": "direct"},
        )
    assert code_of(answer) == (403, "not_your_step")


async def test_bad_offers_are_refused_and_leave_no_trace(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    assert code_of(await couple.offer("mentor")) == (409, "compact_not_possible_now")
    assert code_of(await couple.sign("mentor", 1)) == (409, "compact_not_possible_now")
    await couple.compare()
    await couple.put_in_force("publish")
    goal = (await couple.read("mentor"))["in_force"]["goals"][0]
    before, said = await couple.read("mentor"), await couple.said()
    again = {"goal_id": goal["goal_id"], "text": "again"}
    usual = await couple.terms()
    for answer, refusal in (
        (await couple.offer("mentor", {"goal_id": str(uuid4()), "text": "unknown"}), (404, "goal_not_found")),
        (await couple.offer("mentor", again, again), (422, "duplicate_goal")),
        (await couple.offer("mentor", ends_on=usual["starts_on"]), (422, "terms_do_not_fit")),
        (await couple.offer("mentor", meeting_minutes=5), (422, "malformed_request")),
        (await couple.offer("mentor", meeting_interval="never"), (422, "malformed_request")),
        (await couple.offer("mentor", *["goal"] * 11), (422, "malformed_request")),
        (await couple.expect("mentor"), (409, "compact_not_possible_now")),
        (await couple.post("mentor", "withdraw"), (409, "compact_not_possible_now")),
        (await couple.sign("mentor", 1), (409, "compact_not_possible_now")),
    ):
        assert code_of(answer) == refusal
    assert (await couple.read("mentor"), await couple.said()) == (before, said)


async def test_only_who_offered_takes_a_version_back(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    await couple.compare()
    (await couple.offer("mentee")).raise_for_status()
    assert code_of(await couple.post("mentor", "withdraw")) == (403, "not_your_step")
    withdrawn = (await couple.post("mentee", "withdraw")).raise_for_status().json()
    assert (withdrawn["state"], withdrawn["waiting_number"]) == ("compared", None)


async def test_nobody_but_the_two_reads_a_compact(pairing: Running) -> None:
    couple = await Couple.agreed(pairing, cross=True)
    path = f"/pairs/{couple.pair_id}/compact"
    for hospital in (couple.mentors, couple.mentees):
        async with hospital.administration() as desk:
            for address in (path, f"{path}/versions", f"{path}/wording"):
                assert code_of(await desk.http.get(address)) == (403, "forbidden")
        # Somebody who administers and is a mentor too: the role opens the door, and the pair is not theirs.
        async with hospital.signed_in(uuid4(), "administrator", "mentor", "mentee") as desk:
            for address in (path, f"{path}/versions", f"{path}/wording"):
                assert code_of(await desk.http.get(address)) == (404, "pair_not_found")


async def test_no_word_of_a_compact_is_in_an_event_or_a_kept_answer(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    word = f"w{uuid4().hex}"
    async with couple.desk("mentee") as desk:
        form = {"terms": await couple.terms(), "goals": [word], "words": word}
        key = {"Idempotency-Key": uuid4().hex}
        path = f"/pairs/{couple.pair_id}/compact/expectations"
        (await desk.http.post(path, json=form, headers=key)).raise_for_status()
    (await couple.expect("mentor", word, words=word)).raise_for_status()
    await couple.put_in_force(word)
    for sql in (
        "SELECT convert_from(payload, 'UTF8') AS text FROM outbox",
        "SELECT coalesce(convert_from(body, 'UTF8'), '') || headers::text AS text FROM idempotency_keys",
        "SELECT audit_records::text AS text FROM audit_records",
    ):
        assert not [row for row in await pairing.rows(sql) if word in row["text"]]


@pytest.mark.parametrize("erased", PARTS)
async def test_erasure_deletes_every_word_of_the_compact_and_keeps_its_numbers(pairing: Running, erased: Part) -> None:
    couple = await Couple.meet(pairing)
    for part in PARTS:
        (await couple.expect(part, f"goal of {part}", words=f"words of {part}")).raise_for_status()
    await couple.put_in_force("agreed goal")
    assert len(await words_of(couple)) == 3
    gone = couple.mentees.about(PersonErased, couple.person(erased))
    await pairing.deliver(gone)
    assert await words_of(couple) == []
    left: Part = "mentee" if erased == "mentor" else "mentor"
    seen = await couple.read(left)
    assert (seen["state"], seen["mine"], seen["theirs"]) == ("ended", None, None)
    assert [(one["number"], one["state"], one["goals"]) for one in await couple.versions(left)] == [(1, "ended", [])]


async def test_a_compact_ends_with_its_pair_and_stays_readable(pairing: Running) -> None:
    couple = await Couple.agreed(pairing)
    (await couple.offer("mentor", "one more")).raise_for_status()
    await couple.act("mentee", "end")
    for part in PARTS:
        seen = await couple.read(part)
        assert (seen["state"], seen["waiting"], seen["in_force"]) == ("ended", None, None)
        assert [one["state"] for one in await couple.versions(part)] == ["ended", "ended"]
    assert code_of(await couple.offer("mentor")) == (409, "not_possible_now")


async def test_what_stands_against_activating_refuses_the_second_signature_alone(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    await couple.compare()
    (await couple.offer("mentee")).raise_for_status()
    (await couple.sign("mentee")).raise_for_status()
    await pairing.deliver(couple.mentees.about(PersonWentOnLeave, couple.person("mentor"), since=SINCE))
    before = await couple.read("mentee")
    assert code_of(await couple.sign("mentor")) == (409, "someone_is_away")
    assert await couple.read("mentee") == before
    assert await couple.said() == ["compact_offered", "compact_signed"]


async def test_a_pair_that_nobody_has_said_yes_to_has_no_compact(pairing: Running) -> None:
    couple = await Couple.meet(pairing)
    other = await couple.mentees.propose(await couple.mentees.mentor(), couple.person("mentee"))
    proposed = Couple(couple.mentees, couple.mentees, other)
    assert (await proposed.read("mentee"))["state"] == "answering"
    assert code_of(await proposed.expect("mentee")) == (409, "not_possible_now")


async def test_the_second_signature_withdraws_a_request_that_still_asks_others(pairing: Running) -> None:
    couple = await Couple.meet(pairing, cross=True)
    await Mentee(couple.mentees, couple.person("mentee")).ask(await Mentor.join(couple.mentees))
    await couple.compare()
    (await couple.offer("mentee")).raise_for_status()
    (await couple.sign("mentee")).raise_for_status()
    (await couple.sign("mentor")).raise_for_status()
    withdrawn = [event for event in await pairing.bodies(RequestWithdrawn) if event.reason == "paired"]
    assert couple.person("mentee") in {event.mentee_id for event in withdrawn}


async def test_the_promise_reads_in_four_languages(pairing: Running) -> None:
    couple = await Couple.agreed(pairing)
    titles: set[str] = set()
    async with couple.desk("mentor") as desk:
        for locale in ("en", "de", "fr", "es"):
            found = await desk.http.get(f"/pairs/{couple.pair_id}/compact/wording", params={"locale": locale})
            assert (found.json()["version"], found.json()["locale"]) == (1, locale)
            titles.add(found.json()["title"])
        refused = await desk.http.get(f"/pairs/{couple.pair_id}/compact/wording", params={"locale": "xx"})
        named = await desk.http.get(f"/pairs/{couple.pair_id}/compact/wording", params={"wording": 1})
        missing = await desk.http.get(f"/pairs/{couple.pair_id}/compact/wording", params={"wording": 2})
    assert len(titles) == 4
    assert named.json()["version"] == 1
    assert code_of(refused) == code_of(missing) == (422, "malformed_request")
    assert (await couple.versions())[0]["wording"] == 1


async def test_the_database_holds_one_compact_in_force_of_a_pair(pairing: Running) -> None:
    couple = await Couple.agreed(pairing)
    await couple.put_in_force(meeting_minutes=60)
    with pytest.raises(asyncpg.UniqueViolationError):
        await pairing.rows(
            """
            UPDATE compact_versions SET state = 'in_force', closed_at = NULL WHERE pair_id = $1 AND number = 1
            RETURNING number
            """,
            couple.pair_id,
        )


async def test_a_pair_ended_without_a_reason_is_told_to_the_other_and_both_administrations_and_nobody_else(
    pairing: Running,
) -> None:
    couple = await Couple.agreed(pairing, cross=True)
    ended = await couple.act("mentee", "end")
    assert (ended["state"], ended["reason"]) == ("ended", "asked")
    stranger = await Couple.meet(pairing)
    [row] = await pairing.rows(
        "SELECT headers FROM outbox WHERE aggregate_id = $1 ORDER BY position DESC LIMIT 1", couple.pair_id
    )
    institutions = row["headers"][row["headers"].index("ce_institutions") + 1]
    both = {str(couple.mentors.institution_id), str(couple.mentees.institution_id)}
    assert {UUID(one.strip()) for one in institutions.split(",")} == {UUID(one) for one in both}
    for hospital in (couple.mentors, couple.mentees):
        async with hospital.administration() as desk:
            assert (await desk.show(couple.pair))["reason"] == "asked"
    async with couple.desk("mentor") as desk:
        assert (await desk.show(couple.pair))["state"] == "ended"
    async with stranger.desk("mentor") as desk:
        assert code_of(await desk.http.get(f"/pairs/{couple.pair_id}")) == (404, "pair_not_found")
