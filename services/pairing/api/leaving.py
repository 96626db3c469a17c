"""Pairs under an agreement that ends, over HTTP: the two say whether they go on, administrators see who waits first."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.pairing import use_cases
from services.pairing.domain import CLOSED, NotPossibleNow, NotYourStep, Pair, PairNotFound
from services.pairing.domain.leaving import DecidedAlready, FirstWaiting, Leaving, LeavingNotFound, NoticeOver
from shared.platform.http import Listing, Me, Now, Page, Routes, Tx, problems
from shared.platform.members import Person

routes = Routes("pairing")

Outlook = Literal["asked", "goes_on", "re_match", "ended"]


class LeavingView(BaseModel):
    """What becomes of a pair after notice: it is `asked` until both said yes (`goes_on`) or one did not (`re_match`).

    `decide_by` is the end of the notice; without two yeses the pair ends then. `goes_on_until` is the end that was
    agreed before; null where none was. `agreed` is whether you said yes; what the other said alone is not shown.
    """

    pair_id: UUID
    agreement_id: UUID
    state: Outlook
    decide_by: AwareDatetime
    goes_on_until: AwareDatetime | None
    agreed: bool

    @classmethod
    def of(cls, leaving: Leaving, pair: Pair, me: Person) -> Self:
        """The question as one of the two, or an administrator, sees it."""
        half = leaving.stand == "half_agreed"
        stand: Outlook = "asked" if leaving.stand == "half_agreed" else leaving.stand
        return cls(
            pair_id=leaving.pair_id,
            agreement_id=leaving.agreement_id,
            state="ended" if pair.state in CLOSED else stand,
            decide_by=leaving.decide_by,
            goes_on_until=leaving.goes_on_until,
            agreed=leaving.stand == "goes_on" or (half and leaving.agreed_by == me.person_id),
        )


class FirstWaitingView(BaseModel):
    """A mentee of your institution who waits first, because a notice ended their pair, and since when."""

    mentee_id: UUID
    since: AwareDatetime
    pair_id: UUID

    @classmethod
    def of(cls, waiting: FirstWaiting) -> Self:
        """The mentee as administrators see them."""
        return cls.model_validate(waiting, from_attributes=True)


_REFUSED = problems(PairNotFound, LeavingNotFound, NotYourStep, NotPossibleNow, NoticeOver, DecidedAlready)


@routes.get("/leavings")
async def list_leavings(page: Page, me: Me, tx: Tx) -> Listing[LeavingView]:
    """Your pairs, or for an administrator the institution's, under an agreement to which notice was given."""
    found = await use_cases.list_leavings(tx, me, page.position(datetime, UUID), page.limit + 1)
    views = [LeavingView.of(leaving, pair, me) for leaving, pair in found]
    return page.listing(views, lambda view: (view.decide_by, view.pair_id))


@routes.post("/pairs/{pair_id}/go-on", responses=_REFUSED)
async def go_on(pair_id: UUID, me: Me, tx: Tx, now: Now) -> LeavingView:
    """Say that you want to go on until the end that was agreed; it needs both of you before the notice is over."""
    return LeavingView.of(*await use_cases.say_whether_to_go_on(tx, me, pair_id, "go_on", now), me)


@routes.post("/pairs/{pair_id}/re-match", responses=_REFUSED)
async def re_match(pair_id: UUID, me: Me, tx: Tx, now: Now) -> LeavingView:
    """Say that the mentee is to be matched anew; the pair ends with the notice, as it does by silence."""
    return LeavingView.of(*await use_cases.say_whether_to_go_on(tx, me, pair_id, "re_match", now), me)


@routes.get("/first-waiting")
async def list_first_waiting(page: Page, me: Me, tx: Tx) -> Listing[FirstWaitingView]:
    """Mentees of your institution whose pair a notice ended and who have no yes since, the longest waiting first."""
    found = await use_cases.list_first_waiting(tx, me, page.position(datetime, UUID), page.limit + 1)
    return page.listing([FirstWaitingView.of(one) for one in found], lambda one: (one.since, one.mentee_id))
