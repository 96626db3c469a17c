"""What the two of a pair do with their compact; refuses everybody else, and administrators too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from services.pairing import store
from services.pairing.domain import CLOCK, HOLDS_A_PLACE, PAIRED, NotPossibleNow, NotYourStep, Pair, PairNotFound, Who
from services.pairing.domain.compact import Compact, Part, Version
from services.pairing.domain.compact_refusals import CompactNotPossibleNow, DuplicateGoal, GoalNotFound
from services.pairing.domain.leaving import TERM_OVER
from services.pairing.domain.terms import NEW_GOALS_SUPPORT, Expectation, Goal, Support, Terms, differing
from services.pairing.store import compacts
from services.pairing.use_cases.aftermath import record
from services.pairing.use_cases.cascade import BY_MENTEE, standing_in, tell
from services.pairing.use_cases.compact_ends import set_term
from services.pairing.use_cases.drift import set_timer
from services.pairing.use_cases.pairs import show_pair
from services.pairing.use_cases.wording import LATEST_WORDING
from shared.platform import outbox
from shared.platform.database import Transaction
from shared.platform.http import Revision
from shared.platform.members import Person as Member

_BY_COMPACT: Final = frozenset[Who]({"compact"})


@dataclass(frozen=True)
class Wish:
    """A goal as somebody offers it: a new one, or one that the compact has had; support is the mentee's to say."""

    text: str
    goal_id: UUID | None = None
    support: Support | None = None


@dataclass(frozen=True)
class Reading:
    """A compact as one of the two may read it: the other's expectation only after both have stated theirs."""

    compact: Compact
    mine: Expectation | None
    theirs: Expectation | None
    goals: dict[int, list[Goal]]

    @property
    def differing(self) -> list[str]:
        """The terms on which the two do not agree, once both have stated theirs."""
        return differing(self.mine.terms, self.theirs.terms) if self.mine and self.theirs else []


async def show_compact(tx: Transaction, me: Member, pair_id: UUID) -> Reading:
    """The compact of one's own pair, as far as it has come. Raises PairNotFound."""
    pair = await show_pair(tx, me, pair_id)
    _part_of(pair, me)
    compact = await compacts.find_compact(tx, pair_id) or Compact.of(pair)
    stated = await compacts.list_expectations(tx, pair_id)
    mine = stated.pop(me.person_id, None)
    open_versions = [version.number for version in (compact.waiting, compact.standing) if version is not None]
    goals = await compacts.list_goals(tx, pair_id, open_versions)
    return Reading(compact, mine, next(iter(stated.values()), None), goals)


async def list_versions(
    tx: Transaction, me: Member, pair_id: UUID, before: int | None, limit: int | None
) -> list[tuple[Version, list[Goal]]]:
    """Every version that was ever offered, the latest first, with its goals. Raises PairNotFound."""
    _part_of(await show_pair(tx, me, pair_id), me)
    versions = await compacts.list_versions(tx, pair_id, before, limit)
    goals = await compacts.list_goals(tx, pair_id, [version.number for version in versions])
    return [(version, goals[version.number]) for version in versions]


async def state_expectation(
    tx: Transaction, me: Member, pair_id: UUID, expected: Expectation, now: datetime
) -> Compact:
    """One of the two states what they expect, or states it anew while the other has not.

    Raises PairNotFound, NotPossibleNow, CompactNotPossibleNow, TermsDoNotFit.
    """
    pair, part = await _lock(tx, me, pair_id)
    compact = await compacts.find_compact(tx, pair_id)
    if compact is None:
        compact = Compact.of(pair)
        await compacts.add_compact(tx, compact)
    if compact.answer(part, expected.terms, now):
        await compacts.add_expectation(tx, compact, me.person_id, expected, now)
    else:
        await compacts.save_expectation(tx, pair_id, me.person_id, expected, now)
    await compacts.save_compact(tx, compact)
    return compact


async def offer_version(
    tx: Transaction, me: Member, pair_id: UUID, seen: Revision, terms: Terms, wishes: Sequence[Wish], *, now: datetime
) -> Compact:
    """One of the two offers the next version; a goal that the compact has had keeps its id and its support.

    Raises PairNotFound, NotPossibleNow, StaleRevision, GoalNotFound, DuplicateGoal, NotYourStep, and what
    `Compact.offer` raises.
    """
    _, part, compact = await _change(tx, me, pair_id, seen)
    goals = _goals(wishes, await compacts.list_known_goals(tx, pair_id), part)
    said, replaced = compact.offer(part, terms, LATEST_WORDING, now)
    await _save_versions(tx, compact, replaced)
    if compact.waiting is not None:
        await compacts.add_version(tx, compact, compact.waiting)
        await compacts.add_goals(tx, compact, compact.waiting.number, me.person_id, goals)
    await compacts.save_compact(tx, compact)
    await outbox.publish(tx, said)
    return compact


async def withdraw_version(tx: Transaction, me: Member, pair_id: UUID, seen: Revision, now: datetime) -> Compact:
    """Who offered the version that waits takes it back. Raises PairNotFound, and what `Compact.withdraw` raises."""
    _, part, compact = await _change(tx, me, pair_id, seen)
    await _save_versions(tx, compact, compact.withdraw(part, now))
    await compacts.save_compact(tx, compact)
    return compact


async def sign_version(
    tx: Transaction, me: Member, pair_id: UUID, seen: Revision, number: int, now: datetime
) -> Compact:
    """One of the two signs the version that waits; the second signature puts it in force and activates the pair.

    A request of the mentee's that was still asking others is withdrawn then.
    Raises PairNotFound, NotPossibleNow, StaleRevision, and what `Compact.sign` and `Pair.activate` raise.
    """
    unlocked = await show_pair(tx, me, pair_id)
    _part_of(unlocked, me)
    async with standing_in(tx, unlocked.mentee_institution_id):  # requests are locked before pairs
        request = await store.find_open_request_for_update(tx, unlocked.mentee_id)
    pair, part, compact = await _change(tx, me, pair_id, seen)
    said, changed = compact.sign(part, number, now)
    await _save_versions(tx, compact, changed)
    await compacts.save_compact(tx, compact)
    for event in said:
        await outbox.publish(tx, event)
    if compact.state == "in_force" and pair.state == "accepted":
        await record(tx, pair, pair.activate(_BY_COMPACT, now))
        if request is not None:
            async with standing_in(tx, pair.mentee_institution_id):
                await tell(tx, request, [request.withdraw(BY_MENTEE, PAIRED, now)])
    await set_timer(tx, compact, is_active=pair.state == "active")
    if compact.state == "in_force" and compact.standing is not None:
        await set_term(tx, pair_id, compact.standing.terms.ends_at)
    return compact


async def set_support(
    tx: Transaction, me: Member, pair_id: UUID, seen: Revision, goal_id: UUID, support: Support
) -> Compact:
    """The mentee says how a goal is supported, in the version in force and in one that waits, without signatures.

    Raises PairNotFound, NotYourStep, NotPossibleNow, StaleRevision, CompactNotPossibleNow, GoalNotFound.
    """
    _, part, compact = await _change(tx, me, pair_id, seen)
    compact.set_support(part)
    numbers = [version.number for version in (compact.waiting, compact.standing) if version is not None]
    if not await compacts.save_support(tx, pair_id, numbers, goal_id, support):
        raise GoalNotFound
    await compacts.save_compact(tx, compact)
    return compact


async def end_term(tx: Transaction, pair_id: UUID, now: datetime) -> None:
    """The last day of the compact in force is over, and so is the pair; the timer pass holds the pair's lock."""
    pair = await store.get_pair(tx, pair_id)
    await record(tx, pair, pair.end(CLOCK, TERM_OVER, now))


async def forget_words_of(tx: Transaction, person_id: UUID) -> None:
    """A person was erased: every word in their compacts goes, also the other's, which may be about them."""
    await compacts.delete_expectations_of(tx, person_id)
    await compacts.delete_goals_of(tx, person_id)


async def _change(tx: Transaction, me: Member, pair_id: UUID, seen: Revision) -> tuple[Pair, Part, Compact]:
    pair, part = await _lock(tx, me, pair_id)
    compact = await compacts.find_compact(tx, pair_id)
    seen.check(0 if compact is None else compact.revision)
    if compact is None:
        raise CompactNotPossibleNow
    return pair, part, compact


async def _lock(tx: Transaction, me: Member, pair_id: UUID) -> tuple[Pair, Part]:
    pair = await store.get_pair_for_update(tx, pair_id)
    part = _part_of(pair, me)
    if pair.state not in HOLDS_A_PLACE:
        raise NotPossibleNow
    return pair, part


def _part_of(pair: Pair, me: Member) -> Part:
    """Which of the two somebody is; administrators are neither. Raises PairNotFound."""
    if me.person_id == pair.mentor_id:
        return "mentor"
    if me.person_id == pair.mentee_id:
        return "mentee"
    raise PairNotFound


def _goals(wishes: Sequence[Wish], known: dict[UUID, Support], part: Part) -> list[Goal]:
    """What is offered as goals. Raises GoalNotFound, DuplicateGoal, NotYourStep for a mentor who sets support."""
    named = [wish.goal_id for wish in wishes if wish.goal_id is not None]
    if len(set(named)) < len(named):
        raise DuplicateGoal
    if not known.keys() >= set(named):
        raise GoalNotFound
    if part != "mentee" and any(wish.support is not None for wish in wishes):
        raise NotYourStep
    return [
        Goal(
            wish.goal_id or uuid4(),
            wish.text,
            wish.support or (known[wish.goal_id] if wish.goal_id else NEW_GOALS_SUPPORT),
        )
        for wish in wishes
    ]


async def _save_versions(tx: Transaction, compact: Compact, versions: Sequence[Version]) -> None:
    for version in versions:
        await compacts.save_version(tx, compact.pair_id, version)
