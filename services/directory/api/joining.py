"""How an institution joins over HTTP; only the consortium opens this door."""

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from services.directory import use_cases
from services.directory.api.consortium import InstitutionView
from services.directory.api.fields import Locale, MailDomain, Name, PersonForm, ReadKeys, TimeZone
from services.directory.domain.institutions import MailDomainTaken
from shared.platform.http import Form, Routes, Tx, problems


class InstitutionForm(Form):
    """A hospital that joins. Its people sign in as `<external id>@<mail_domain>`; `locale` is theirs to begin with."""

    name: Annotated[Name, StringConstraints(max_length=120)]
    mail_domain: MailDomain
    time_zone: TimeZone
    locale: Locale = "en"
    administrator: PersonForm


class JoinedView(InstitutionView):
    """An institution that has just joined, and the id of its first administrator."""

    administrator_id: UUID


def make_routes(keys: ReadKeys) -> Routes:
    """The operation, with the keys of its process."""
    routes = Routes("directory")

    @routes.post("/institutions", status_code=201, responses=problems(MailDomainTaken))
    async def add_institution(form: InstitutionForm, tx: Tx) -> JoinedView:
        """Let an institution join the consortium, with its first administrator."""
        wanted = use_cases.NewInstitution(form.name, form.mail_domain, form.time_zone, form.locale)
        administrator = form.administrator.wanted()
        institution, administrator_id = await use_cases.add_institution(tx, wanted, administrator, keys())
        shown = InstitutionView.model_validate(institution, from_attributes=True)
        return JoinedView(**shown.model_dump(), administrator_id=administrator_id)

    return routes
