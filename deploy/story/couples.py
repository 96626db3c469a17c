"""Whom the administrators bring together, when, and what becomes of it; no mentor gets more than the places."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from deploy.story.calendar import BEATS_A_WEEK
from deploy.story.hospitals import HOSPITALS, hospital_of
from deploy.story.people import Member, members

Fate = Literal[
    "goes on",
    "declined by the mentor",
    "declined by the mentee",
    "lapses",
    "is recalled",
    "is never signed",
    "pauses",
    "ended by the mentee",
    "ended by the administrator",
    "waits for the mentor",
    "waits for the compact",
]


@dataclass(frozen=True)
class Couple:
    """A mentor and a mentee, proposed at beat `proposed`; `days` are between their meetings, and None is never.

    `until` and `again` are the beats at which something interrupts them: a pause or the end, and the return.
    """

    mentor: str
    mentee: str
    proposed: int
    fate: Fate = "goes on"
    days: int | None = 21
    until: int | None = None
    again: int | None = None

    @property
    def ends(self) -> bool:
        """Whether what happens at `until` is the end."""
        return self.fate in {"ended by the mentee", "ended by the administrator"} or self.mentor in LEFT

    @property
    def key(self) -> str:
        """What the story calls this pair."""
        return f"{self.mentor} with {self.mentee}, {self.proposed}"


# Those who have a name in the story; everybody else follows below.
OKAFOR: Final = "p10003@stbrigids.example"
NI_BHRIAIN: Final = "p10004@stbrigids.example"
ZOLKOWSKI: Final = "p10005@stbrigids.example"
AAS: Final = "p10006@stbrigids.example"
LAN: Final = "p10017@stbrigids.example"
LAYLA: Final = "p10018@stbrigids.example"
KIM: Final = "p10019@stbrigids.example"
OLENA: Final = "p10020@stbrigids.example"
CARRENO: Final = "p10021@stbrigids.example"
HANAKO: Final = "p10022@stbrigids.example"
SARA: Final = "p10023@stbrigids.example"
MINH_ANH: Final = "p10024@stbrigids.example"
EOIN: Final = "p10025@stbrigids.example"
MENSAH: Final = "H-2002@harbor.example"
HADDAD: Final = "H-2003@harbor.example"
JIHOON: Final = "H-2014@harbor.example"
NOA: Final = "H-2015@harbor.example"
AMELIE: Final = "H-2016@harbor.example"
BEGAY: Final = "mv.3002@mesaverde.example"
RUIZ: Final = "mv.3003@mesaverde.example"
HUERTA: Final = "mv.3005@mesaverde.example"
YELLOWHAIR: Final = "mv.3006@mesaverde.example"
YUTONG: Final = "mv.3013@mesaverde.example"
NEZ: Final = "mv.3014@mesaverde.example"
VILLASENOR: Final = "mv.3015@mesaverde.example"
SHARMA: Final = "LU4002@lakeshore.example"
LINDQVIST_SOLVEIG: Final = "LU4008@lakeshore.example"
SARIC: Final = "LU4004@lakeshore.example"
LINDQVIST: Final = "LU4015@lakeshore.example"
CWIKLINSKA: Final = "LU4016@lakeshore.example"
HUANG: Final = "LU4017@lakeshore.example"
DECLAN: Final = "LU4018@lakeshore.example"
MORENO: Final = "500102@northfield.example"
BAO: Final = "500105@northfield.example"
ANGSTROM: Final = "500109@northfield.example"
SUNDGARD: Final = "500106@northfield.example"
ELITSA: Final = "500112@northfield.example"
CAGLA: Final = "500113@northfield.example"
SEAN: Final = "500114@northfield.example"


def _week(week: int, beat: int = 0) -> int:
    return week * BEATS_A_WEEK + beat


NAMED: Final = (
    # One mentor, three hospitals: at home, and shared with two others.
    Couple(SHARMA, LINDQVIST, _week(0, 2), days=14),
    Couple(SHARMA, OLENA, _week(0, 2), days=21),
    Couple(SHARMA, ELITSA, _week(0, 3), days=21),
    Couple(OKAFOR, LAN, _week(0, 2), days=14),
    Couple(OKAFOR, JIHOON, _week(0, 3), days=14),
    Couple(OKAFOR, YUTONG, _week(0, 4), days=21),
    Couple(BEGAY, LAYLA, _week(0, 4), days=21),
    Couple(MENSAH, HANAKO, _week(0, 3), days=21),
    Couple(BAO, HUANG, _week(0, 2), days=21),
    # Somebody says no, somebody says nothing, somebody changes their mind.
    Couple(HADDAD, NOA, _week(0, 2), "declined by the mentor"),
    Couple(MENSAH, NOA, _week(0, 8), days=21),
    Couple(RUIZ, NEZ, _week(0, 3), "declined by the mentee"),
    Couple(YELLOWHAIR, NEZ, _week(1, 3), days=21),
    Couple(ZOLKOWSKI, SARA, _week(0, 3), days=28),
    Couple(AAS, EOIN, _week(0, 4), "lapses"),
    Couple(AAS, MINH_ANH, _week(0, 4), "is recalled"),
    Couple(MORENO, CAGLA, _week(0, 5), "is never signed"),
    Couple(AAS, EOIN, _week(2, 2), days=21),
    # Kim goes on leave in February and comes back; Huerta-Peñaloza leaves, and her mentee goes on with another mentor.
    Couple(NI_BHRIAIN, KIM, _week(0, 2), days=14),
    Couple(NI_BHRIAIN, CARRENO, _week(0, 6), days=None),
    Couple(HUERTA, VILLASENOR, _week(0, 4), days=14),
    Couple(YELLOWHAIR, VILLASENOR, _week(5, 4), days=14),
    Couple(SARIC, CWIKLINSKA, _week(0, 4), "pauses", days=14, until=_week(4, 3), again=_week(6, 3)),
    Couple(SARIC, DECLAN, _week(0, 5), "ended by the mentee", days=14, until=_week(7, 4)),
    Couple(SUNDGARD, SEAN, _week(0, 5), "ended by the administrator", days=14, until=_week(8, 3)),
    # What waits on the last day.
    Couple(MORENO, CAGLA, _week(11, 6), "waits for the mentor"),
    Couple(HADDAD, AMELIE, _week(11, 5), "waits for the mentor"),
    Couple(HADDAD, "H-2017@harbor.example", _week(11, 3), "waits for the compact"),
    Couple(AAS, MINH_ANH, _week(11, 4), "waits for the mentor"),
    Couple("mv.3004@mesaverde.example", "mv.3016@mesaverde.example", _week(11, 4), "waits for the mentor"),
    Couple("LU4012@lakeshore.example", "LU4019@lakeshore.example", _week(11, 6), "waits for the compact"),
)

ABSENCES: Final = {KIM: (_week(4), _week(7)), HUERTA: (_week(5), None), LINDQVIST_SOLVEIG: (_week(10), None)}
"""Who is away from which beat on, and until which; the rosters of these days say so."""
LEFT: Final = frozenset({HUERTA})
"""Whose absence is for good: their pairs end, those of the others pause."""

_WAVES: Final = (_week(0, 4), _week(0, 8), _week(1, 4), _week(2, 6), _week(3, 4))
_RHYTHMS: Final = (28, 21, 28, 21, 28)
_WITHOUT_MENTOR: Final = 2
"""Every so manieth mentee finds nobody."""
_HOLDS_NO_PLACE: Final = frozenset[Fate](
    {"declined by the mentor", "declined by the mentee", "lapses", "is recalled", "is never signed"}
)


def couples() -> list[Couple]:
    """Every couple of the story, those with a name first."""
    found = list(NAMED)
    taken = Counter(couple.mentor for couple in NAMED if couple.fate not in _HOLDS_NO_PLACE)
    matched = {couple.mentee for couple in NAMED}
    for hospital in HOSPITALS:
        here = [member for member in members().values() if hospital_of(member.subject) is hospital]
        seekers = [member.subject for member in here if member.role == "mentee" and member.subject not in matched]
        seats = _free_seats(here, taken)
        for number, mentee in enumerate(seekers):
            mentor = None if number % _WITHOUT_MENTOR == _WITHOUT_MENTOR - 1 else next(seats, None)
            if mentor is not None:
                wave, rhythm = _WAVES[number % len(_WAVES)], _RHYTHMS[number % len(_RHYTHMS)]
                found.append(Couple(mentor, mentee, wave + number % 2, days=rhythm))
    return [_with_absence(couple) for couple in found]


def _with_absence(couple: Couple) -> Couple:
    for person in (couple.mentor, couple.mentee):
        if person in ABSENCES:
            until, again = ABSENCES[person]
            return replace(couple, until=until, again=again)
    return couple


def _free_seats(here: list[Member], taken: Counter[str]) -> Iterator[str]:
    """The mentors' free places one after the other: each mentor's first, then each one's second."""
    mentors = [member for member in here if member.role == "mentor"]
    for number in range(max(mentor.places for mentor in mentors)):
        for mentor in mentors:
            if taken[mentor.subject] <= number < mentor.places:
                yield mentor.subject
