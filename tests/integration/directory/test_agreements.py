"""Who lends mentors to whom, from when until when."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.contracts.directory import AgreementEnded
from shared.testing.running import Running
from shared.testing.stage import START
from tests.integration.directory.consortium import Consortium, Hospital


def a_form(lender: Hospital, borrower: Hospital, **more: Any) -> dict[str, Any]:
    return {
        "lender_institution_id": str(lender.institution_id),
        "borrower_institution_id": str(borrower.institution_id),
        "cap": 3,
        "starts_at": START.isoformat(),
        "notice_days": 30,
        **more,
    }


async def two_hospitals(consortium: Consortium) -> tuple[Hospital, Hospital]:
    return await consortium.add_hospital(), await consortium.add_hospital()


async def test_both_parties_see_an_agreement_and_others_do_not(directory: Running, consortium: Consortium) -> None:
    lender, borrower = await two_hospitals(consortium)
    stranger = await consortium.add_hospital()
    signed = await consortium.post("/agreements", json=a_form(lender, borrower))
    assert (signed.status_code, signed.headers["etag"]) == (201, '"1"')
    agreement_id = signed.json()["agreement_id"]
    assert await directory.said(UUID(agreement_id)) == ["osler.directory.agreement_signed.v1"]
    for party in (lender, borrower):
        assert [one["agreement_id"] for one in (await party.get("/agreements"))["items"]] == [agreement_id]
    assert (await stranger.get("/agreements"))["items"] == []
    async with stranger.client() as http:
        assert (await http.get(f"/agreements/{agreement_id}")).status_code == 404


async def test_an_agreement_that_cannot_be_is_refused(consortium: Consortium) -> None:
    lender, borrower = await two_hospitals(consortium)
    nobody = {"borrower_institution_id": str(uuid4())}
    for form, status, code in (
        (a_form(lender, lender), 422, "agreement_with_oneself"),
        (a_form(lender, borrower, **nobody), 404, "institution_not_found"),
        (a_form(lender, borrower, ends_at=START.isoformat()), 422, "absurd_dates"),
        (a_form(lender, borrower, starts_at="2099-01-01T00:00:00Z"), 422, "absurd_dates"),
        (a_form(lender, borrower, starts_at="9999-12-31T00:00:00Z"), 422, "malformed_request"),
        (a_form(lender, borrower, cap=-1), 422, "malformed_request"),
    ):
        refused = await consortium.post("/agreements", json=form)
        assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_of_two_overlapping_agreements_signed_at_once_one_stands(consortium: Consortium) -> None:
    lender, borrower = await two_hospitals(consortium)
    answers = await asyncio.gather(
        *(consortium.post("/agreements", json=a_form(lender, borrower)) for _ in range(3)),
        consortium.post("/agreements", json=a_form(borrower, lender)),
    )
    assert sorted(answer.status_code for answer in answers[:3]) == [201, 409, 409]
    assert {answer.json()["code"] for answer in answers[:3] if answer.status_code == 409} == {"agreements_overlap"}
    assert answers[3].status_code == 201


async def test_an_end_by_both_is_at_once_and_needs_the_revision(directory: Running, consortium: Consortium) -> None:
    lender, borrower = await two_hospitals(consortium)
    agreement_id = (await consortium.post("/agreements", json=a_form(lender, borrower))).json()["agreement_id"]
    path, form = f"/agreements/{agreement_id}/end", {"reason": "mutual"}
    assert (await consortium.post(path, json=form)).status_code == 428
    assert (await consortium.post(path, json=form, headers={"If-Match": '"7"'})).status_code == 412
    ended = await consortium.post(path, json=form, headers={"If-Match": '"1"'})
    assert (ended.status_code, ended.json()["end_reason"]) == (200, "mutual")
    assert len(await directory.said(UUID(agreement_id))) == 2
    again = await consortium.post(path, json=form, headers={"If-Match": ended.headers["etag"]})
    assert (again.status_code, again.json()["code"]) == (409, "agreement_ending")
    assert (await consortium.post("/agreements", json=a_form(lender, borrower))).status_code == 201


async def test_notice_and_term_end_an_agreement_when_their_time_has_come(
    directory: Running, consortium: Consortium
) -> None:
    lender, borrower = await two_hospitals(consortium)
    noticed = (await consortium.post("/agreements", json=a_form(lender, borrower, notice_days=2))).json()
    term_ends = START + timedelta(days=1)
    termed = (await consortium.post("/agreements", json=a_form(borrower, lender, ends_at=term_ends.isoformat()))).json()
    path = f"/agreements/{noticed['agreement_id']}/end"
    given = await consortium.post(path, json={"reason": "notice"}, headers={"If-Match": '"1"'})
    assert given.json()["ends_at"] == "2027-01-07T00:00:00Z"
    assert (await directory.said(UUID(noticed["agreement_id"])))[1:] == ["osler.directory.agreement_notice_given.v1"]
    try:
        await directory.stage.step_to(START + timedelta(days=5))
        await directory.fire()
    finally:
        await directory.stage.step_to(START)
    said = {str(event.agreement_id): event.reason for event in await directory.bodies(AgreementEnded)}
    assert (said[noticed["agreement_id"]], said[termed["agreement_id"]]) == ("notice", "term_over")
