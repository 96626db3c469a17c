"""Two hospitals on one morning: enough people, scripts and waiting things to fill a page."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from shared.contracts.directory import AgreementSigned
from shared.contracts.event import Event
from shared.contracts.meetings import Slot
from tests.integration.console.consortium import Hospital, Pair, Person

MORNING = datetime(2027, 1, 4, 14, 5, tzinfo=UTC)
"""A Monday, five past nine in New York."""


@dataclass
class Scene:
    """Who is there, and every event that led to this morning."""

    brigid: Hospital
    mesa: Hospital
    quiet_hospital: Hospital
    rosa: Person
    sam: Person
    calm: Person
    office: Person
    mentor: Person
    mentee: Person
    free_mentor: Person
    quiet_mentee: Person
    pairs: list[Pair]

    @property
    def events(self) -> list[Event]:
        """Everything that was said, the directory first."""
        said = [*self.brigid.said, *self.mesa.said, *self.quiet_hospital.said]
        return said + [event for pair in self.pairs for event in pair.said]

    @property
    def personas(self) -> list[dict[str, str]]:
        """The people whom one may sign in as."""
        people = {
            "rosa": (self.rosa, "Administrator"),
            "sam": (self.sam, "Administrator"),
            "calm": (self.calm, "Administrator"),
            "office": (self.office, "Coordinator of the consortium"),
            "mentor": (self.mentor, "Mentor"),
            "mentee": (self.mentee, "Mentee"),
            "free-mentor": (self.free_mentor, "Mentor"),
            "quiet": (self.quiet_mentee, "Mentee"),
        }
        listed = [
            {
                "key": key,
                "name": person.name,
                "role": role,
                "institution": person.hospital.name,
                "subject": person.subject,
            }
            for key, (person, role) in people.items()
        ]
        stranger = {"key": "stranger", "name": "Nobody Known", "role": "Visitor", "institution": "Elsewhere"}
        return [*listed, {**stranger, "subject": "p1@elsewhere.example"}]


def build() -> Scene:
    """The scene; ids are fresh each time."""
    days = timedelta(days=1)
    brigid = Hospital("St Brigid's Hospital")
    mesa = Hospital("Mesa Verde Medical Center", time_zone="America/Chicago")
    rosa = brigid.person("Rosa Almeida", "administrator", locale="pt-BR")
    sam = mesa.person("Sam Whitfield", "administrator")
    northfield = Hospital("Northfield Clinic", time_zone="Europe/Warsaw")
    calm = northfield.person("Agnieszka Wójcik", "administrator", locale="pl")
    office = mesa.person("Ingrid Solheim", "consortium_administrator", locale="nb")
    okafor = brigid.person("Dr Amara Okafor", "mentor", places=4, shared_places=2)
    zolkowski = brigid.person("Dr Łukasz Żółkowski", "mentor", locale="pl", places=3)
    sharma = brigid.person("डॉ. अनन्या शर्मा", "mentor", locale="hi", places=2, shared_places=1)
    bhriain = brigid.person("Dr Siobhán Ní Bhriain", "mentor", locale="ga", places=2)
    begay = mesa.person("Dr Margaret Begay-Featherstonehaugh", "mentor", places=3, shared_places=2)
    lan = brigid.person("Nguyễn Thị Lan", "mentee", locale="vi")
    layla = brigid.person("ليلى حدّاد", "mentee", locale="ar")
    kim = brigid.person("김서연", "mentee", locale="en")
    olena = brigid.person("Олена Шевченко", "mentee", locale="uk")
    noa = mesa.person("נועה בן־דוד", "mentee", locale="he")
    quiet = brigid.person("María José Carreño Quiñones", "mentee", locale="es")
    brigid.say(
        AgreementSigned,
        mesa.institution_id,
        agreement_id=uuid4(),
        lender_institution_id=mesa.institution_id,
        borrower_institution_id=brigid.institution_id,
        starts_at=MORNING - 90 * days,
        ends_at=MORNING + 40 * days,
        notice_days=30,
    )
    pairs = [
        Pair(begay, layla).proposed(MORNING - 6 * days - timedelta(hours=3)),
        Pair(zolkowski, olena).proposed(MORNING - 2 * days),
        Pair(sharma, quiet).accepted(MORNING - 9 * days),
        Pair(bhriain, kim).active(MORNING - 120 * days).met(MORNING - 94 * days),
        Pair(sharma, olena).active(MORNING - 50 * days),
        Pair(okafor, lan).active(MORNING - 60 * days).met(MORNING - 20 * days).touched(MORNING - 4 * days),
        Pair(okafor, noa).active(MORNING - 30 * days).met(MORNING - 9 * days),
        Pair(zolkowski, kim).paused(MORNING - 12 * days, review_at=MORNING + 18 * days),
    ]
    pairs[5].meets(MORNING + timedelta(hours=31))
    pairs[6].meets(MORNING + 3 * days, minutes=45)
    pairs[3].meets(MORNING + 9 * days)
    pairs[5].asked_for_feedback(MORNING - 3 * days, okafor)
    pairs[6].asked_for_feedback(MORNING - 1 * days)
    starts_at = MORNING + 5 * days
    pairs[4].offers(uuid4(), MORNING - 1 * days, Slot(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30)))
    return Scene(brigid, mesa, northfield, rosa, sam, calm, office, okafor, lan, bhriain, quiet, pairs)
