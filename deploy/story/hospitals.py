"""The five hospitals of the story and who lends to whom; everybody in it is invented, and nothing here is at random."""

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Someone:
    """A person who is known before any roster is sent."""

    external_id: str
    name: str
    email: str


@dataclass(frozen=True)
class Hospital:
    """A hospital: its people sign in as `<external id>@<mail_domain>`, its rosters are named `<date>-<key>.csv`."""

    key: str
    name: str
    mail_domain: str
    time_zone: str
    administrator: Someone
    programmes: tuple[str, ...]
    locale: str = "en"
    wrong_rows: dict[int, str] = field(default_factory=dict[int, str])
    """What the first roster got wrong on purpose: the spreadsheet's row and the code that the preview gives."""

    def subject(self, external_id: str) -> str:
        """The name with which somebody of this hospital signs in."""
        return f"{external_id}@{self.mail_domain}"

    @property
    def administrator_subject(self) -> str:
        """The name with which the first administrator signs in."""
        return self.subject(self.administrator.external_id)


@dataclass(frozen=True)
class Lending:
    """An agreement: `lender` lends mentors to `borrower`, `cap` pairs at most (None is no cap)."""

    lender: str
    borrower: str
    cap: int | None


ST_BRIGIDS: Final = Hospital(
    key="st-brigids",
    name="St Brigid's Hospital",
    mail_domain="stbrigids.example",
    time_zone="America/New_York",
    administrator=Someone("p10001", "Rosa Almeida", "rosa.almeida@stbrigids.example"),
    programmes=("internal_medicine", "surgery", "paediatrics", "emergency_medicine"),
    wrong_rows={11: "unknown_programme", 23: "shared_above_places", 35: "formula_cell", 51: "duplicate_external_id"},
)
HARBOR: Final = Hospital(
    key="harbor",
    name="Harbor Teaching Hospital",
    mail_domain="harbor.example",
    time_zone="America/New_York",
    administrator=Someone("H-2001", "Pieter van der Heijden", "pieter.vanderheijden@harbor.example"),
    programmes=("internal_medicine", "surgery", "anesthesiology"),
    wrong_rows={16: "bad_name", 27: "bad_email", 32: "absurd_date"},
)
MESA_VERDE: Final = Hospital(
    key="mesa-verde",
    name="Mesa Verde Medical Center",
    mail_domain="mesaverde.example",
    time_zone="America/Phoenix",  # no daylight saving time: from the second Sunday in March the hours move apart
    administrator=Someone("mv.3001", "Sam Whitfield", "sam.whitfield@mesaverde.example"),
    programmes=("family_medicine", "internal_medicine", "emergency_medicine"),
    locale="es",
    wrong_rows={14: "bad_time_zone", 21: "wrong_cell_count"},
)
LAKESHORE: Final = Hospital(
    key="lakeshore",
    name="Lakeshore University Hospital",
    mail_domain="lakeshore.example",
    time_zone="America/Chicago",
    administrator=Someone("LU4001", "Katarzyna Wójcik-Lis", "katarzyna.wojcik@lakeshore.example"),
    programmes=("internal_medicine", "surgery", "psychiatry", "neurology"),
    wrong_rows={9: "bad_role", 24: "places_without_mentor"},
)
NORTHFIELD: Final = Hospital(
    key="northfield",
    name="Northfield General Hospital",
    mail_domain="northfield.example",
    time_zone="America/Chicago",
    administrator=Someone("500101", "Eleanor Abernathy", "eleanor.abernathy@northfield.example"),
    programmes=("family_medicine", "surgery", "paediatrics"),
    wrong_rows={13: "bad_level", 20: "bad_external_id", 29: "bad_status"},
)
HOSPITALS: Final = (ST_BRIGIDS, HARBOR, MESA_VERDE, LAKESHORE, NORTHFIELD)

OFFICE: Final = LAKESHORE
"""The hospital that houses the consortium's office."""
CHIEF: Final = Someone("LU-0001", "Ingrid Solheim", "ingrid.solheim@lakeshore.example")
"""The consortium's administrator, in no roster."""

AGREEMENTS: Final = (
    Lending("lakeshore", "st-brigids", 4),
    Lending("lakeshore", "northfield", 2),
    Lending("st-brigids", "mesa-verde", 3),
    Lending("st-brigids", "harbor", None),
    Lending("mesa-verde", "st-brigids", 3),
    Lending("harbor", "st-brigids", 2),
    Lending("northfield", "lakeshore", 1),
)


def hospital_of(subject: str) -> Hospital:
    """The hospital of a person by the name with which they sign in."""
    domain = subject.rpartition("@")[2]
    return next(hospital for hospital in HOSPITALS if hospital.mail_domain == domain)
