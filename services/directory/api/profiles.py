"""Profiles over HTTP: everybody's own, and without the text for administrators; a text is never in an event."""

from collections.abc import Sequence
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from services.directory import use_cases
from services.directory.api.fields import TimeZone
from services.directory.domain.people import PersonAlreadyErased, PersonNotFound
from services.directory.domain.profiles import Facts, OverlappingAvailability, Profile, UnknownGoal, goals
from shared.contracts.directory import CareerStage, WeeklySpan
from shared.contracts.event import Code
from shared.platform.errors import StaleRevision
from shared.platform.http import Form, IfMatch, Me, Routes, Text, Tx, problems

routes = Routes("directory")


def _as_written(tag: str) -> str:
    """A language tag in the letters that BCP 47 recommends: pt-BR, zh-Hant."""
    language, *more = tag.split("-")
    return "-".join([language.lower(), *(part.title() if len(part) == 4 else part.upper() for part in more)])  # noqa: PLR2004 - a script has four letters


Language = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$", max_length=11),
    AfterValidator(_as_written),
]


class SpanForm(Form):
    """From one minute of a day to another, which is not in it: 1440 is the day's end. Monday is 1."""

    weekday: Annotated[int, Field(ge=1, le=7)]
    from_minute: Annotated[int, Field(ge=0, le=1439)]
    to_minute: Annotated[int, Field(ge=1, le=1440)]


class ProfileForm(Form):
    """What is so now; what is left out is not so any more.

    `goals` are codes from the list of goals; `goals_text` is for your own eyes, and holds no patient information.
    `availability` is in `time_zone`, or in your own where it is left out.
    """

    stage: CareerStage | None = None
    languages: Annotated[tuple[Language, ...], Field(max_length=10)] = ()
    goals: Annotated[tuple[Code, ...], Field(max_length=10)] = ()
    goals_text: Text | None = None
    time_zone: TimeZone | None = None
    availability: Annotated[tuple[SpanForm, ...], Field(max_length=42)] = ()

    def facts(self) -> Facts:
        """The same for a use case; what is said twice is said once."""
        spans = tuple(WeeklySpan(**span.model_dump()) for span in self.availability)
        languages, goals = tuple(dict.fromkeys(self.languages)), tuple(dict.fromkeys(self.goals))
        return Facts(self.stage, languages, goals, self.time_zone, spans)


class SharedProfileView(BaseModel):
    """What somebody said of themselves, as administrators of their institution see it."""

    person_id: UUID
    stage: CareerStage | None
    languages: Sequence[str]
    goals: Sequence[str]
    time_zone: str | None
    availability: Sequence[WeeklySpan]
    revision: int

    @classmethod
    def of(cls, profile: Profile) -> Self:
        """A profile, with as much of it as this view shows."""
        said = {**vars(profile.facts), "goals_text": profile.goals_text}
        return cls.model_validate({"person_id": profile.person_id, "revision": profile.revision, **said})


class GoalView(BaseModel):
    """A goal that people may choose."""

    code: str
    meaning: str


class ProfileView(SharedProfileView):
    """What you said of yourself, and the goals to choose from; nobody else is shown `goals_text`."""

    goals_text: str | None
    goal_choices: Sequence[GoalView] = Field(
        default_factory=lambda: [GoalView(code=code, meaning=meaning) for code, meaning in goals().items()]
    )


@routes.get("/profile", responses=problems(PersonNotFound))
async def show_profile(me: Me, tx: Tx) -> ProfileView:
    """What you said of yourself; empty, with the revision 0, before you said anything."""
    return ProfileView.of(await use_cases.get_profile(tx, me.institution_id, me.person_id))


@routes.put(
    "/profile",
    responses=problems(PersonNotFound, PersonAlreadyErased, StaleRevision, UnknownGoal, OverlappingAvailability),
)
async def set_profile(form: ProfileForm, if_match: IfMatch, me: Me, tx: Tx) -> ProfileView:
    """Say of yourself what is so now; other services hear all of it but the text."""
    return ProfileView.of(await use_cases.set_profile(tx, me, form.facts(), form.goals_text, if_match))


@routes.get("/people/{person_id}/profile", responses=problems(PersonNotFound))
async def show_profile_of_person(person_id: UUID, me: Me, tx: Tx) -> SharedProfileView:
    """What somebody of your institution said of themselves, without their text."""
    return SharedProfileView.of(await use_cases.get_profile(tx, me.institution_id, person_id))
