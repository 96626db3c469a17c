"""The life of one couple as acts, from the proposal to the last day; the same every time, whatever else is told."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Literal

from deploy.story.acts import Act, AnswerFeedback, LogTouchpoint, MoveMeeting, MovePair, ProposeMeeting, ProposePair
from deploy.story.calendar import BEATS_A_WEEK, END, LAST_BEAT, at, next_beat_after, slot
from deploy.story.compacts import AgreeOnCompact
from deploy.story.couples import Couple
from deploy.story.hospitals import hospital_of

_Course = Literal[
    "held", "silent", "missed", "missed, then held", "moved", "cancelled", "expired", "declined", "booked late"
]
_COURSES: Final[dict[_Course, int]] = {
    "held": 58,
    "silent": 13,
    "missed": 5,
    "missed, then held": 3,
    "moved": 7,
    "cancelled": 4,
    "expired": 4,
    "declined": 3,
    "booked late": 3,
}
_ANSWERING: Final = {"both": 45, "both, one twice": 10, "one": 25, "nobody": 20}
_SILENCE: Final = timedelta(hours=72)
_STILL_SAID_WITHIN: Final = timedelta(hours=60)
_AHEAD: Final = 12
"""Beats beyond the last day for which meetings are booked."""
_FOR_EVER: Final = 10**6
_REASON: Final = {"is recalled": "mistake", "ended by the administrator": "rotation"}
_WORDS: Final = (
    "Two questions in advance would help me to prepare.",
    "Keep the half hour. I would like to talk about fellowships next time.",
    "The walk after rounds was the best meeting so far; more of that.",
    "",
)


@dataclass
class Diary:
    """Which beats each person has given away, so that no plan overlaps another; `booked` says from which beat on."""

    booked: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict[str, dict[int, int]](dict))

    def free(self, couple: Couple, beat: int) -> int:
        """The first beat from this one on that both have free."""
        while beat in self.booked[couple.mentor] or beat in self.booked[couple.mentee]:
            beat += 1
        return beat

    def book(self, couple: Couple, beat: int, since: int) -> None:
        """Both give this beat away."""
        self.booked[couple.mentor][beat] = self.booked[couple.mentee][beat] = since


@dataclass
class _Life:
    """One couple being told: `acts` grow, `held` are the instants at which a meeting was said to be held."""

    couple: Couple
    diary: Diary
    rng: Random
    zone: str
    acts: list[Act] = field(default_factory=list[Act])
    held: list[datetime] = field(default_factory=list[datetime])
    meetings: int = 0

    def at(self, beat: int) -> datetime:
        return at(beat, self.zone)

    def either(self) -> tuple[str, str]:
        """The two, in either order."""
        two = [self.couple.mentor, self.couple.mentee]
        self.rng.shuffle(two)
        return two[0], two[1]

    def pair(self, beat: int, by: str, verb: str, body: dict[str, Any] | None = None) -> None:
        self.acts.append(MovePair(self.at(beat), by, self.couple.key, verb, body))


def live(couple: Couple, diary: Diary) -> list[Act]:
    """Everything that the two, and their administrator about them, do."""
    # The generator's name is the couple's, so that a couple more or less changes no other one's life.
    rng = Random(couple.key)  # noqa: S311 - a story, not a secret
    hospital = hospital_of(couple.mentee)
    life = _Life(couple, diary, rng, hospital.time_zone)
    administrator = hospital.administrator_subject
    life.acts.append(ProposePair(life.at(couple.proposed), administrator, couple.key, couple.mentor, couple.mentee))
    since = _answer(life, administrator)
    if since is not None:
        for beats in _windows(life, administrator, since):
            _meet(life, beats)
            _touch(life, beats)
        _give_feedback(life)
    return life.acts


def _answer(life: _Life, administrator: str) -> int | None:
    """What becomes of the proposal; the beat from which the pair is at work, if it comes to that."""
    couple, beat = life.couple, life.couple.proposed
    match couple.fate:
        case "lapses" | "waits for the mentor":
            return None
        case "declined by the mentor":
            life.pair(beat + 2, couple.mentor, "decline")
            return None
        case "declined by the mentee":
            life.pair(beat + 1, couple.mentee, "decline")
            return None
        case "is recalled":
            life.pair(beat + 2, administrator, "recall", {"reason": _REASON[couple.fate]})
            return None
        case _:
            accepted = beat + life.rng.randint(1, 2 if couple.fate == "waits for the compact" else 4)
    life.pair(accepted, couple.mentor, "accept")
    if couple.fate in {"is never signed", "waits for the compact"}:
        return None
    signed = accepted + life.rng.randint(1, 3)
    life.acts.append(AgreeOnCompact(life.at(signed), couple.mentee, couple))
    return signed


def _windows(life: _Life, administrator: str, since: int) -> Iterator[range]:
    """The beats at which the pair is at work, and the acts that interrupt it."""
    couple = life.couple
    until = _FOR_EVER if couple.until is None else couple.until
    yield range(since + 1, until)
    match couple.fate:
        case "pauses" if couple.again is not None:
            review_at = life.at(couple.again) + timedelta(days=7)
            life.pair(until, couple.mentee, "pause", {"review_at": review_at.isoformat()})
            life.pair(couple.again, couple.mentor, "resume")
        case "ended by the mentee":
            life.pair(until, couple.mentee, "end")
        case "ended by the administrator":
            life.pair(until, administrator, "end", {"reason": _REASON[couple.fate]})
        case _:
            pass
    if couple.again is not None:
        yield range(couple.again + 1, _FOR_EVER)


def _meet(life: _Life, beats: range) -> None:
    """Meeting after meeting, as long as these beats last."""
    if life.couple.days is None:
        return
    beat = beats.start + life.rng.randint(4, 9)
    while True:
        beat = life.diary.free(life.couple, beat)
        proposed = max(beats.start, beat - life.rng.randint(6, 14))
        if beat > LAST_BEAT + _AHEAD or proposed > LAST_BEAT or proposed >= beats.stop:
            return
        _arrange(life, beats, proposed, beat)
        beat += life.couple.days * BEATS_A_WEEK // 7 + life.rng.randint(-2, 3)


def _arrange(life: _Life, beats: range, proposed: int, beat: int) -> None:
    """One meeting: offered at `proposed`, taking place at `beat` if nothing comes between."""
    life.meetings += 1
    course: _Course = life.rng.choices(list(_COURSES), list(_COURSES.values()))[0]
    first, second = life.either()
    accepted = beat - 1 if course == "booked late" else min(proposed + life.rng.randint(1, 3), beat - 1)
    if accepted <= proposed:
        course = "expired"
    meeting = f"{life.couple.key}, meeting {life.meetings}"
    minutes = life.rng.choice((20, 25, 30, 30, 30))
    others = [beat + 3, beat + 5][: life.rng.randint(0, 2)]
    offered = [beat, *others]
    life.rng.shuffle(offered)
    slots = tuple(slot(each, life.zone, minutes) for each in offered)
    steps: list[tuple[int, Act]] = [
        (proposed, ProposeMeeting(life.at(proposed), first, life.couple.key, meeting, slots))
    ]
    following = _Following(life, meeting, minutes, beats)
    if course == "declined":
        steps.append(following.step(proposed + 2, second, "cancel", {"reason": "schedule_changed"}))
    elif course != "expired":
        steps.append(following.step(accepted, second, "accept", {"slot": offered.index(beat)}))
        life.diary.book(life.couple, beat, accepted)
        steps += following.course(course, first, second, accepted, beat)
    life.acts += [act for step, act in steps if step < beats.stop]


@dataclass(frozen=True)
class _Following:
    """What follows a proposal that was accepted."""

    life: _Life
    meeting: str
    minutes: int
    beats: range

    def step(self, beat: int, by: str, verb: str, body: dict[str, Any] | None = None) -> tuple[int, Act]:
        """One act of the meeting, with its beat."""
        return beat, MoveMeeting(self.life.at(beat), by, self.meeting, verb, body)

    def course(self, course: _Course, first: str, second: str, accepted: int, beat: int) -> list[tuple[int, Act]]:
        """The acts after the acceptance."""
        may_change = beat - 1 > accepted
        match course:
            case "cancelled" if may_change:
                return [self.step(beat - 1, first, "cancel", {"reason": "clinical_duty"})]
            case "moved" if may_change:
                later = self.life.diary.free(self.life.couple, beat + 2)
                self.life.diary.book(self.life.couple, later, beat - 1)
                moved = self.step(beat - 1, second, "move", slot(later, self.life.zone, self.minutes))
                return [moved, *self._held(second, later)]
            case "silent":
                self._remember(beat, self.life.at(beat) - timedelta(minutes=30 - self.minutes) + _SILENCE)
                return []
            case "missed":
                return [self.step(beat, first, "missed")]
            case "missed, then held" if self._soon(beat, beat + 1):
                self._remember(beat, self.life.at(beat + 1))
                return [self.step(beat, second, "missed"), self.step(beat + 1, first, "held")]
            case _:
                return self._held(first, beat)

    def _held(self, by: str, beat: int) -> list[tuple[int, Act]]:
        said = beat + self.life.rng.choice((0, 0, 0, 1, 2))
        said = said if self._soon(beat, said) else beat
        self._remember(beat, self.life.at(said))
        return [self.step(said, by, "held")]

    def _soon(self, beat: int, said: int) -> bool:
        """Whether what is said then still counts, and the pair is still at work."""
        return said < self.beats.stop and self.life.at(said) - self.life.at(beat) < _STILL_SAID_WITHIN

    def _remember(self, beat: int, said_at: datetime) -> None:
        if beat < self.beats.stop:  # else the pause or the end cancels it
            self.life.held.append(said_at)


def _touch(life: _Life, beats: range) -> None:
    """A short contact now and then."""
    beat = beats.start + life.rng.randint(3, 12)
    while beat < min(beats.stop, LAST_BEAT + 1) and life.couple.days is not None:
        by, _ = life.either()
        happened_at = life.at(beat) - timedelta(minutes=life.rng.randint(30, 30 * 60))
        life.acts.append(LogTouchpoint(life.at(beat), by, life.couple.key, happened_at, life.rng.randint(5, 20)))
        beat += life.rng.randint(16, 40)


def _give_feedback(life: _Life) -> None:
    """After the third meeting that was held both are asked; both answer, or one, or nobody."""
    held = sorted(life.held)
    over = life.at(life.couple.until) if life.couple.ends and life.couple.until is not None else END
    if len(held) < 3 or held[2] >= over:  # noqa: PLR2004 - the third meeting
        return
    beat = next_beat_after(held[2], life.zone)
    first, second = life.either()
    answering = life.rng.choices(list(_ANSWERING), list(_ANSWERING.values()))[0]
    saying = {"both": [first, second], "both, one twice": [first, first, second], "one": [first], "nobody": []}
    for author in saying[answering]:
        beat += life.rng.randint(1, 3)
        if life.at(beat) < over:
            life.acts.append(AnswerFeedback(life.at(beat), author, life.couple.key, _answers(life.rng)))


def _answers(rng: Random) -> dict[str, int | str]:
    return {"useful": rng.randint(2, 5), "open": rng.randint(2, 5), "keep_and_change": rng.choice(_WORDS)}
