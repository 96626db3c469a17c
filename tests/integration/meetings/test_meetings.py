"""A meeting's life through the doors of the service, on real PostgreSQL."""

from datetime import timedelta
from uuid import uuid4

from tests.integration.meetings.ward import Ward, half_an_hour, times

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


async def test_a_meeting_is_proposed_accepted_moved_and_held(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    proposed = await ward.propose(couple, half_an_hour(now + DAY), half_an_hour(now + 2 * DAY))
    assert proposed.status_code == 201
    assert proposed.headers["ETag"] == '"1"'
    meeting = proposed.json()
    assert await ward.timers_of(meeting) == {"meeting_expires": now + 2 * DAY}
    assert not await ward.busy([couple.mentor, couple.mentee])

    meeting = (await ward.accept(couple, meeting, 1)).json()
    assert meeting["state"] == "scheduled"
    assert await ward.timers_of(meeting) == {"meeting_silence": now + 2 * DAY + HOUR / 2 + 72 * HOUR}
    assert len(await ward.busy([couple.mentor, couple.mentee])) == 2

    moved_to = half_an_hour(now + 3 * DAY)
    meeting = (await ward.act(couple.mentor, meeting, "move", times(moved_to))).json()
    assert await ward.timers_of(meeting) == {"meeting_silence": moved_to[1] + 72 * HOUR}
    assert {row["starts_at"] for row in await ward.busy([couple.mentor, couple.mentee])} == {moved_to[0]}

    await ward.step(to=moved_to[0])
    held = await ward.act(couple.mentee, meeting, "held")
    assert held.status_code == 200
    assert held.json()["details"]["confirmed"] is True
    assert await ward.timers_of(meeting) == {}
    assert await ward.said(meeting) == ["meeting_proposed", "meeting_scheduled", "meeting_moved", "meeting_held"]


async def test_a_proposal_that_nobody_answers_expires_when_its_last_slot_begins(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    meeting = (await ward.propose(couple, half_an_hour(now + DAY), half_an_hour(now + HOUR))).json()
    await ward.step(to=now + DAY - timedelta(microseconds=1))
    assert (await ward.show(couple.mentee, meeting))["state"] == "proposed"
    await ward.step(to=now + DAY)
    assert (await ward.show(couple.mentee, meeting))["state"] == "expired"
    assert await ward.said(meeting) == ["meeting_proposed", "meeting_expired"]


async def test_72_silent_hours_make_a_meeting_held_and_a_reported_miss_missed(ward: Ward) -> None:
    now = await ward.now()
    silent, reported, denied = await ward.pair(), await ward.pair(), await ward.pair()
    slot = half_an_hour(now + DAY)
    quiet, missed, kept = [await ward.schedule(couple, slot) for couple in (silent, reported, denied)]
    await ward.step(to=slot[1])
    missed = (await ward.act(reported.mentor, missed, "missed")).json()
    assert (missed["state"], await ward.said(missed)) == ("scheduled", ["meeting_proposed", "meeting_scheduled"])
    kept = (await ward.act(denied.mentor, kept, "missed")).json()
    assert (await ward.act(denied.mentee, kept, "held")).json()["state"] == "held"
    await ward.step(to=slot[1] + 72 * HOUR)
    assert (await ward.show(silent.mentor, quiet))["details"]["confirmed"] is False
    assert (await ward.show(reported.mentor, missed))["state"] == "missed"
    assert (await ward.said(kept))[-1] == "meeting_held"


async def test_a_cancelled_meeting_gives_its_time_back(ward: Ward) -> None:
    couple, slot = await ward.pair(), half_an_hour(await ward.now() + DAY)
    meeting = await ward.schedule(couple, slot)
    cancelled = await ward.act(couple.mentee, meeting, "cancel", {"reason": "clinical_duty"})
    assert cancelled.json()["state"] == "cancelled"
    assert await ward.timers_of(meeting) == {}
    assert not await ward.busy([couple.mentor, couple.mentee])
    await ward.schedule(couple, slot)


async def test_either_declines_a_proposal_without_saying_why(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    meeting = (await ward.propose(couple, half_an_hour(now + DAY))).json()
    declined = (await ward.act(couple.mentee, meeting, "cancel")).json()
    assert declined["details"]["cancel_reason"] == "not_stated"
    assert await ward.timers_of(meeting) == {}


async def test_a_pause_cancels_proposals_and_coming_meetings_and_leaves_what_has_begun(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    begun = await ward.schedule(couple, half_an_hour(now + HOUR))
    coming = await ward.schedule(couple, half_an_hour(now + DAY))
    proposed = (await ward.propose(couple, half_an_hour(now + 2 * DAY))).json()
    await ward.step(to=now + HOUR)
    couple = await ward.pause(couple)
    states = [(await ward.show(couple.mentor, each))["state"] for each in (begun, coming, proposed)]
    assert states == ["scheduled", "cancelled", "cancelled"]
    assert await ward.timers_of(coming) == await ward.timers_of(proposed) == {}
    assert len(await ward.busy([couple.mentor])) == 1
    refused = await ward.propose(couple, half_an_hour(now + 2 * DAY))
    assert (refused.status_code, refused.json()["code"]) == (409, "pair_not_active")
    couple = await ward.resume(couple)
    assert (await ward.propose(couple, half_an_hour(now + 2 * DAY))).status_code == 201


async def test_pairs_that_end_in_one_batch_lose_their_coming_meetings(ward: Ward) -> None:
    couples, now = [await ward.pair(), await ward.pair()], await ward.now()
    meetings = [await ward.schedule(couple, half_an_hour(now + DAY)) for couple in couples]
    await ward.hear(*[await ward.ended(couple) for couple in couples])
    for couple, meeting in zip(couples, meetings, strict=True):
        shown = await ward.show(couple.mentor, meeting)
        assert (shown["state"], shown["details"]["cancel_reason"]) == ("cancelled", "pair_ended")


async def test_a_change_needs_the_revision_that_was_looked_at(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    meeting = (await ward.propose(couple, half_an_hour(now + DAY))).json()
    path = f"/meetings/{meeting['meeting_id']}/cancel"
    without = await ward.ask(couple.mentor, "POST", path)
    stale = await ward.ask(couple.mentor, "POST", path, seen=7)
    assert (without.status_code, stale.status_code) == (428, 412)
    assert (await ward.show(couple.mentor, meeting))["revision"] == 1


async def test_a_sixth_proposal_of_a_pair_is_refused(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    for day in range(5):
        assert (await ward.propose(couple, half_an_hour(now + (day + 1) * DAY))).status_code == 201
    refused = await ward.propose(couple, half_an_hour(now + DAY))
    assert refused.json()["code"] == "too_many_proposals"


async def test_strangers_and_other_institutions_get_the_answer_of_a_missing_meeting(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    meeting = (await ward.propose(couple, half_an_hour(now + DAY))).json()
    colleague = await ward.join("mentor", institution_id=couple.mentor.institution_id)
    strangers = [colleague, await ward.join("mentor"), await ward.join("administrator")]
    path = f"/meetings/{meeting['meeting_id']}"
    missing = await ward.ask(couple.mentor, "GET", f"/meetings/{uuid4()}")
    for stranger in strangers:
        answer = await ward.ask(stranger, "GET", path)
        assert (answer.status_code, answer.content) == (404, missing.content)
        assert (await ward.ask(stranger, "GET", "/meetings")).json()["items"] == []
        touchpoints = await ward.ask(stranger, "GET", f"/pairs/{couple.pair_id}/touchpoints")
        assert touchpoints.json()["code"] == "pair_not_found"
    for act, body in (("accept", {"slot": 0}), ("move", times(half_an_hour(now + DAY))), ("cancel", None)):
        assert (await ward.act(colleague, meeting, act, body)).status_code == 404
    assert (await ward.propose(couple, half_an_hour(now + DAY), by=colleague)).json()["code"] == "pair_not_found"


async def test_administrators_of_both_institutions_see_dates_and_states_and_change_nothing(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    meeting = await ward.schedule(couple, half_an_hour(now + DAY))
    for institution_id in (couple.mentor.institution_id, couple.mentee.institution_id):
        administrator = await ward.join("administrator", institution_id=institution_id)
        shown = await ward.show(administrator, meeting)
        assert (shown["state"], shown["starts_at"], shown["details"]) == ("scheduled", meeting["starts_at"], None)
        listed = (await ward.ask(administrator, "GET", "/meetings")).json()["items"]
        assert [each["meeting_id"] for each in listed] == [meeting["meeting_id"]]
        assert (await ward.act(administrator, meeting, "cancel")).json()["code"] == "forbidden"


async def test_a_list_comes_in_pages_and_by_state(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    made = [(await ward.propose(couple, half_an_hour(now + (day + 1) * DAY))).json() for day in range(5)]
    await ward.accept(couple, made[2])
    seen: list[str] = []
    path = "/meetings?limit=2"
    while path:
        page = (await ward.ask(couple.mentee, "GET", path)).json()
        seen += [each["meeting_id"] for each in page["items"]]
        path = f"/meetings?limit=2&after={page['next']}" if page["next"] else ""
    assert sorted(seen) == sorted(each["meeting_id"] for each in made)
    scheduled = (await ward.ask(couple.mentor, "GET", "/meetings?state=scheduled")).json()["items"]
    assert [each["meeting_id"] for each in scheduled] == [made[2]["meeting_id"]]
    assert (await ward.ask(couple.mentor, "GET", f"/meetings?pair_id={uuid4()}")).json()["items"] == []


async def test_a_touchpoint_is_logged_and_listed_for_the_two(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    path = f"/pairs/{couple.pair_id}/touchpoints"
    for minutes, days in ((5, 1), (20, 2), (10, 0)):
        body = {"happened_at": (now - days * DAY).isoformat(), "minutes": minutes}
        assert (await ward.ask(couple.mentee, "POST", path, body)).status_code == 201
    listed = (await ward.ask(couple.mentor, "GET", f"{path}?limit=2")).json()
    assert [each["minutes"] for each in listed["items"]] == [10, 5]
    rest = (await ward.ask(couple.mentor, "GET", f"{path}?after={listed['next']}")).json()
    assert [each["minutes"] for each in rest["items"]] == [20]


async def test_absurd_times_are_refused_and_nothing_is_written(ward: Ward) -> None:
    couple, now = await ward.pair(), await ward.now()
    path, slot = f"/pairs/{couple.pair_id}/meetings", times(half_an_hour(now + DAY))
    absurd: list[tuple[object, str]] = [
        ({"slots": []}, "malformed_request"),
        ({"slots": [slot] * 4}, "malformed_request"),
        ({"slots": [{"starts_at": "0001-01-01T00:00:00+14:00", "ends_at": slot["ends_at"]}]}, "malformed_request"),
        ({"slots": [{**slot, "title": "Dr"}]}, "malformed_request"),
        ({"slots": [{"starts_at": slot["starts_at"][:-6], "ends_at": slot["ends_at"]}]}, "malformed_request"),
        ({"slots": [times((now - DAY, now + DAY))]}, "slot_in_the_past"),
        ({"slots": [times(half_an_hour(now + 366 * DAY))]}, "slot_too_far_ahead"),
        ({"slots": [{"starts_at": slot["ends_at"], "ends_at": slot["starts_at"]}]}, "slot_length_refused"),
        ({"slots": [slot, slot]}, "slots_overlap"),
    ]
    for body, code in absurd:
        answer = await ward.ask(couple.mentor, "POST", path, body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), body
    assert (await ward.ask(couple.mentor, "GET", "/meetings")).json()["items"] == []
