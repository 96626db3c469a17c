"""Who does what and when in the twelve weeks, as one list of acts; the same list every time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from deploy.story import couples as cast
from deploy.story.acts import (
    Act,
    LogTouchpoint,
    LookAtPair,
    MoveMeeting,
    ProposeMeeting,
    ProposePair,
    Refused,
    SendRoster,
)
from deploy.story.calendar import BEATS_A_WEEK, END, LAST_BEAT, at, slot
from deploy.story.couples import Couple, couples
from deploy.story.hospitals import HOSPITALS, Hospital, hospital_of
from deploy.story.life import Diary, live
from deploy.story.people import ROSTERS

# What the hospitals send after the first rosters: the beat, and the file; who is absent from it stays as they are.
_LATER_ROSTERS: Final = (
    (6, "2027-01-07-st-brigids.csv"),
    (7, "2027-01-07-harbor.csv"),
    (3 * BEATS_A_WEEK + 8, "2027-01-29-st-brigids.csv"),
    (5 * BEATS_A_WEEK, "2027-02-08-mesa-verde.csv"),
    (7 * BEATS_A_WEEK, "2027-02-22-st-brigids.csv"),
    (10 * BEATS_A_WEEK, "2027-03-15-lakeshore.csv"),
)


def plot() -> list[Act]:
    """Every act up to the last day, in the order of time."""
    diary = Diary()
    told = couples()
    acts = [act for couple in told for act in live(couple, diary)]
    acts += [*_rosters(), *_refusals(told), *_clash(told, diary), *_last_week(told, diary)]
    return sorted((act for act in acts if act.at < END), key=_when)


def _when(act: Act) -> tuple[datetime, bool]:
    return act.at, not act.comes_first


def _rosters() -> Iterator[Act]:
    for beat, name in _LATER_ROSTERS:
        hospital = next(hospital for hospital in HOSPITALS if name.endswith(f"-{hospital.key}.csv"))
        yield SendRoster(
            at(beat, hospital.time_zone), hospital.administrator_subject, ROSTERS / name, hospital.mail_domain
        )


def _pair_of(told: list[Couple], mentor: str, mentee: str) -> str:
    return next(couple.key for couple in told if (couple.mentor, couple.mentee) == (mentor, mentee))


def _refusals(told: list[Couple]) -> Iterator[Act]:
    """What people try that a rule forbids."""

    def proposed(beat: int, hospital: Hospital, mentor: str, mentee: str, code: str) -> Act:
        instant, by = at(beat, hospital.time_zone), hospital.administrator_subject
        return Refused(instant, by, ProposePair(instant, by, code, mentor, mentee, looks_first=False), code)

    harbor, st_brigids = hospital_of(cast.JIHOON), hospital_of(cast.LAN)
    mesa_verde, lakeshore = hospital_of(cast.BEGAY), hospital_of(cast.SHARMA)
    late = 3 * BEATS_A_WEEK
    yield proposed(late, lakeshore, cast.ANGSTROM, "LU4020@lakeshore.example", "agreement_cap")
    yield proposed(late, harbor, cast.SHARMA, "H-2020@harbor.example", "no_agreement")
    yield proposed(late, st_brigids, cast.ZOLKOWSKI, "p10030@stbrigids.example", "capacity_exhausted")
    yield proposed(late, st_brigids, cast.SHARMA, "p10031@stbrigids.example", "shared_capacity_exhausted")
    yield proposed(late, st_brigids, cast.OKAFOR, cast.LAN, "already_paired")
    away = 10 * BEATS_A_WEEK + 3
    yield proposed(away, lakeshore, cast.LINDQVIST_SOLVEIG, "LU4020@lakeshore.example", "not_accepting")
    noon = at(late + 1, st_brigids.time_zone)
    own, foreign = _pair_of(told, cast.OKAFOR, cast.LAN), _pair_of(told, cast.HUERTA, cast.VILLASENOR)
    yield Refused(
        noon, cast.LAN, ProposePair(noon, cast.LAN, "own", cast.AAS, cast.LAN, looks_first=False), "forbidden"
    )
    yield Refused(noon, cast.LAN, LookAtPair(noon, cast.LAN, foreign), "pair_not_found")
    by = mesa_verde.administrator_subject
    yield Refused(noon, by, LookAtPair(noon, by, own), "pair_not_found")
    stranger = st_brigids.subject("p99999")
    yield Refused(noon, stranger, LookAtPair(noon, stranger, own), "unknown_person")
    old = LogTouchpoint(noon, cast.LAN, own, noon - timedelta(days=40), 10)
    yield Refused(noon, cast.LAN, old, "touchpoint_too_old")
    past = ProposeMeeting(noon, cast.LAN, own, "in the past", (slot(late, st_brigids.time_zone, 30),))
    yield Refused(noon, cast.LAN, past, "slot_in_the_past")


def _clash(told: list[Couple], diary: Diary) -> Iterator[Act]:
    """A mentee offers a time at which the mentor meets another one by then; choosing it is refused."""
    zone = hospital_of(cast.JIHOON).time_zone
    pair, other = _pair_of(told, cast.OKAFOR, cast.JIHOON), diary.booked[cast.JIHOON]
    beat, since = next(
        (beat, since)
        for beat, since in sorted(diary.booked[cast.OKAFOR].items())
        if beat - since > 4 and since > 2 * BEATS_A_WEEK and beat not in other  # noqa: PLR2004 - room for three acts
    )
    meeting = f"{pair}, clash"
    yield ProposeMeeting(at(since + 1, zone), cast.JIHOON, pair, meeting, (slot(beat, zone, 30),))
    instant = at(since + 2, zone)
    accept = MoveMeeting(instant, cast.OKAFOR, meeting, "accept", {"slot": 0})
    yield Refused(instant, cast.OKAFOR, accept, "not_free")
    yield MoveMeeting(at(since + 3, zone), cast.OKAFOR, meeting, "cancel", {"reason": "schedule_changed"})


def _last_week(told: list[Couple], diary: Diary) -> Iterator[Act]:
    """What the people of the sign-in page find on the last day: a meeting to come, and one to be answered."""
    zone = hospital_of(cast.LAN).time_zone
    pair = next(couple for couple in told if (couple.mentor, couple.mentee) == (cast.OKAFOR, cast.LAN))
    offered, accepted = LAST_BEAT - 4, LAST_BEAT - 2
    soon = diary.free(pair, LAST_BEAT + 4)
    later = [diary.free(pair, LAST_BEAT + ahead) for ahead in (6, 8, 10)]
    meeting = f"{pair.key}, next"
    yield ProposeMeeting(at(offered, zone), cast.OKAFOR, pair.key, meeting, (slot(soon, zone, 30),))
    yield MoveMeeting(at(accepted, zone), cast.LAN, meeting, "accept", {"slot": 0})
    slots = tuple(slot(beat, zone, 30) for beat in later)
    yield ProposeMeeting(at(LAST_BEAT - 1, zone), cast.LAN, pair.key, f"{pair.key}, after next", slots)
