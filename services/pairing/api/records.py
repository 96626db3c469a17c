"""A mentor's portable record over HTTP, and what mentees let it show; refuses to hold a rule."""

from collections.abc import Sequence
from typing import Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.pairing.api.circles import CountsView
from services.pairing.domain import NotPossibleNow, NotYourStep, PairNotFound
from services.pairing.domain.record import Acknowledgement, Mentored, Record, Tally
from services.pairing.use_cases import records as use_cases
from shared.platform.http import Form, Me, Now, Routes, Text, Tx, problems
from shared.platform.members import Person as Member

routes = Routes("pairing")


class AcknowledgementForm(Form):
    """What your mentor's record may show: your name, and a thank-you note of yours. No patient information.

    What you leave out is taken back at once. Your mentor reads the note, whether or not the record may show it.
    """

    is_named: bool = False
    thanks: Text | None = None
    thanks_in_record: bool = False

    def said(self) -> Acknowledgement:
        """What the mentee says; without a note there is none to show."""
        return Acknowledgement(self.is_named, self.thanks, self.thanks_in_record and self.thanks is not None)


class AcknowledgementView(BaseModel):
    """What the mentee of a pair lets the mentor's record show."""

    pair_id: UUID
    is_named: bool
    thanks: str | None
    thanks_in_record: bool
    thanked_at: AwareDatetime | None

    @classmethod
    def of(cls, pair_id: UUID, said: Acknowledgement) -> Self:
        """The same for both of the two."""
        return cls(
            pair_id=pair_id,
            is_named=said.is_named,
            thanks=said.thanks,
            thanks_in_record=said.thanks_in_record,
            thanked_at=said.thanked_at,
        )


class TallyView(BaseModel):
    """What was done together. Minutes are verified of `meetings` that one of the two said took place.

    `unconfirmed_meetings` count as held because nobody said otherwise; touchpoints are as one of the two logged them.
    """

    meetings: int
    verified_minutes: int
    unconfirmed_meetings: int
    touchpoints: int
    touchpoint_minutes: int

    @classmethod
    def of(cls, tally: Tally) -> Self:
        """The numbers as they are kept."""
        return cls.model_validate(tally, from_attributes=True)


class ThanksView(BaseModel):
    """A thank-you note whose writer lets it stand here."""

    words: str
    written_at: AwareDatetime


class MentoredView(BaseModel):
    """One pair. By its id an administrator of one of its institutions finds it; to anybody else the id says nothing.

    `mentee_id` is there only as long as the mentee consents, and `thanks` only as long as its writer allows.
    """

    pair_id: UUID
    mentor_institution_id: UUID
    mentee_institution_id: UUID
    mentee_id: UUID | None
    level: str | None
    began_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    tally: TallyView
    thanks: ThanksView | None

    @classmethod
    def of(cls, mentored: Mentored) -> Self:
        """The pair as its mentor may show it to others."""
        pair, said = mentored.pair, mentored.acknowledgement
        note = said.shown
        return cls(
            pair_id=pair.pair_id,
            mentor_institution_id=pair.mentor_institution_id,
            mentee_institution_id=pair.mentee_institution_id,
            mentee_id=pair.mentee_id if said.is_named else None,
            level=mentored.level,
            began_at=pair.activated_at,
            ended_at=pair.closed_at,
            tally=TallyView.of(mentored.tally),
            thanks=None if note is None else ThanksView(words=note[0], written_at=note[1]),
        )


class LevelView(BaseModel):
    """How many different mentees were of this level when a pair with them began; null where none was known."""

    level: str | None
    mentees: int


class RecordView(BaseModel):
    """A mentor's portable record, for promotion. Within one `form` fields are only added.

    It holds pairs that were ever active, also those that are over, and `total` is their sum.
    """

    form: Literal["osler.mentor_record.v1"] = "osler.mentor_record.v1"
    as_of: AwareDatetime
    mentor_id: UUID
    counts: CountsView
    total: TallyView
    levels: Sequence[LevelView]
    pairs: Sequence[MentoredView]

    @classmethod
    def of(cls, record: Record, me: Member, now: AwareDatetime) -> Self:
        """The record of whoever asks."""
        return cls(
            as_of=now,
            mentor_id=me.person_id,
            counts=CountsView.of(record.counts, me.person_id),
            total=TallyView.of(record.total),
            levels=[LevelView(level=level, mentees=mentees) for level, mentees in record.levels.items()],
            pairs=[MentoredView.of(each) for each in record.pairs],
        )


@routes.get("/me/record")
async def show_record(me: Me, tx: Tx, now: Now) -> RecordView:
    """Your record as a mentor, for promotion: verified hours, counts, levels, and what your mentees let it show."""
    return RecordView.of(await use_cases.show_record(tx, me), me, now)


@routes.get("/pairs/{pair_id}/acknowledgement", responses=problems(PairNotFound))
async def show_acknowledgement(pair_id: UUID, me: Me, tx: Tx) -> AcknowledgementView:
    """What the mentee of your pair lets the mentor's record show, and the note to the mentor."""
    return AcknowledgementView.of(pair_id, await use_cases.show_acknowledgement(tx, me, pair_id))


@routes.put("/pairs/{pair_id}/acknowledgement", responses=problems(PairNotFound, NotYourStep, NotPossibleNow))
async def acknowledge(pair_id: UUID, form: AcknowledgementForm, me: Me, tx: Tx, now: Now) -> AcknowledgementView:
    """Say what your mentor's record may show, whole; what you do not say again is taken back at once."""
    return AcknowledgementView.of(pair_id, await use_cases.acknowledge(tx, me, pair_id, form.said(), now))
