"""The directory's part of what a person takes with them: their own data and nobody else's."""

from collections.abc import Sequence

from pydantic import AwareDatetime, BaseModel

from services.directory import use_cases
from services.directory.api.duties import DutyView
from services.directory.api.people import PersonView
from services.directory.domain.people import PersonNotFound
from shared.platform.http import Me, Now, Routes, Tx, problems

routes = Routes("directory")


class ExportView(BaseModel):
    """Who you are here, what is known of you, and your duties in programmes."""

    as_of: AwareDatetime
    person: PersonView
    duties: Sequence[DutyView]


@routes.get("/me/export", responses=problems(PersonNotFound))
async def export_me(me: Me, tx: Tx, now: Now) -> ExportView:
    """Everything of you that the directory keeps; it holds names and addresses, so keep it as you keep letters."""
    held = await use_cases.get_held(tx, me.institution_id, me.person_id, to_the_person=True)
    person = PersonView.of(*await use_cases.get_person(tx, me.institution_id, me.person_id), held=held)
    duties = await use_cases.list_duties_of(tx, me.institution_id, me.person_id)
    return ExportView(as_of=now, person=person, duties=[DutyView.of(one) for one in duties])
