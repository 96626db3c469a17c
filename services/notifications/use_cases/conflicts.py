"""From a conflict of interest to mails: to the two of a pair and to who administers their institutions, nobody else."""

from datetime import datetime
from uuid import UUID, uuid5

from services.notifications import store
from services.notifications.domain import LIFE, Category, Cause
from services.notifications.domain.categories import TO_ADMINISTRATORS
from services.notifications.use_cases.administrators import list_administrators_then
from services.notifications.use_cases.causes import of_two, write
from shared.contracts.pairing import ConflictRaised, ConflictResolved, PairCutOff, PairPaused
from shared.platform.database import Transaction

UNRESOLVED = "conflict_unresolved"
"""Why a pair rests whose conflict nobody resolved in time."""


async def raise_conflict(tx: Transaction, event: ConflictRaised) -> None:
    """All concerned are told that it came up, and until when it can be resolved."""
    cause = of_two(event, conflict_id(event.pair_id), "conflict", "open", event.review_by)
    await store.follow_cause(tx, cause)
    await _tell(tx, cause, "conflict_raised", event, ends_at=event.review_by)


async def resolve_conflict(tx: Transaction, event: ConflictResolved) -> None:
    """All concerned are told that nothing stands between the two any more."""
    cause = await store.get_cause_for_update(tx, conflict_id(event.pair_id))
    cause.state = "over"
    await store.save_cause(tx, cause)
    await _tell(tx, cause, "conflict_resolved", event, ends_at=event.occurred_at + LIFE)


async def rest_in_conflict(tx: Transaction, event: PairPaused) -> None:
    """All concerned are told that the pair rests because nobody resolved the conflict; other pauses are not mailed."""
    if event.reason == UNRESOLVED:
        cause = await store.get_cause_for_update(tx, conflict_id(event.pair_id))
        await _tell(tx, cause, "conflict_unresolved", event, ends_at=event.occurred_at + LIFE)


async def cut_administrators_off(tx: Transaction, event: PairCutOff) -> None:
    """A notice is over under which the two go on: from now on nobody but they is told of what stands between them."""
    await store.add_cut_off(tx, event.pair_id, event.mentor_institution_id, event.mentee_institution_id)


def conflict_id(pair_id: UUID) -> UUID:
    """The cause that stands for whatever conflict a pair has."""
    return uuid5(pair_id, "conflict")


async def _tell(
    tx: Transaction,
    cause: Cause,
    category: Category,
    event: ConflictRaised | ConflictResolved | PairPaused,
    *,
    ends_at: datetime,
) -> None:
    two = (cause.mentor_id, cause.mentee_id)
    for person_id in two:
        await write(tx, cause, person_id, category, event, ends_at=ends_at)
    if await store.is_cut_off(tx, event.pair_id):
        return
    theirs = TO_ADMINISTRATORS[category]
    institutions = {cause.mentor_institution_id, cause.mentee_institution_id}
    for person_id, institution_id in await list_administrators_then(tx, theirs, event, institutions):
        if person_id not in two:
            await write(tx, cause, person_id, theirs, event, ends_at=ends_at, institution_id=institution_id)
