"""What forms of the directory have in common; a value that a roster would refuse is refused here too."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from services.directory import use_cases
from services.directory.domain import cells
from services.directory.domain.cells import BadCell
from shared.platform.http import Form


def _checked(read: Callable[[str], str], sentence: str) -> AfterValidator:
    def check(text: str) -> str:
        try:
            return read(text)
        except BadCell:
            raise ValueError(sentence) from None

    return AfterValidator(check)


Name = Annotated[
    str, _checked(cells.read_name, "This must be a name of at most 200 characters, without control characters.")
]
ExternalId = Annotated[
    str, _checked(cells.read_external_id, "This may hold letters, digits and . _ = -, at most 64 characters.")
]
Email = Annotated[str, _checked(cells.read_email, "This does not look like an e-mail address.")]
TimeZone = Annotated[
    str, _checked(cells.read_time_zone, "This must be the name of a time zone, such as Europe/Warsaw.")
]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
MailDomain = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])$", max_length=253
    ),
]

ReadKeys = Callable[[], use_cases.Keys]
"""Where operations that make people known to other services get the keys for it; asked when they are called."""


class PersonForm(Form):
    """Somebody who shall be known before there is a roster."""

    external_id: ExternalId
    name: Name
    email: Email

    def wanted(self) -> use_cases.NewPerson:
        """The same for a use case."""
        return use_cases.NewPerson(self.external_id, self.name, self.email)
