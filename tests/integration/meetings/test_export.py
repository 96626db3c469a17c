"""What a person takes with them from meetings: their own, and for an administrator not the institution's."""

from datetime import timedelta
from uuid import uuid4

from tests.integration.meetings.ward import Ward, half_an_hour


async def test_an_export_holds_ones_own_meetings_and_touchpoints_alone(ward: Ward) -> None:
    institution_id = uuid4()
    mentor, mentee, other, administrator = [
        await ward.join(role, institution_id=institution_id) for role in ("mentor", "mentee", "mentor", "administrator")
    ]
    couple = await ward.pair(mentor, mentee)
    now = await ward.now()
    meeting = (await ward.propose(couple, half_an_hour(now + timedelta(days=3)))).raise_for_status().json()
    touchpoint = {"happened_at": now.isoformat(), "minutes": 10}
    (await ward.ask(mentor, "POST", f"/pairs/{couple.pair_id}/touchpoints", touchpoint)).raise_for_status()
    for one in (mentor, mentee):
        own = (await ward.ask(one, "GET", "/me/export")).raise_for_status().json()
        assert [each["meeting_id"] for each in own["meetings"]] == [meeting["meeting_id"]]
        assert own["meetings"][0]["details"] is not None
        assert [each["minutes"] for each in own["touchpoints"]] == [10]
    for one in (other, administrator):
        own = (await ward.ask(one, "GET", "/me/export")).raise_for_status().json()
        assert (own["meetings"], own["touchpoints"]) == ([], [])
