"""What the clock does to pairs, requests and introductions; each handler calls one use case, and none expires."""

from collections.abc import Sequence

from services.pairing import use_cases
from services.pairing.use_cases import (
    ActivationLapses,
    CardsOutdated,
    ChoiceLapses,
    ConflictReviewOver,
    IntakeClosed,
    IntroductionLapses,
    NoticeRunsOut,
    ProposalLapses,
    TermReached,
)
from services.pairing.use_cases.compact_ends import CompactTermOver, CompactWordsOver, forget_words_of_pair
from services.pairing.use_cases.compacts import end_term
from services.pairing.use_cases.drift import CompactDrifts, raise_drift
from shared.platform.database import Transaction
from shared.platform.timers import Timers

clock = Timers("pairing")


@clock.on(ProposalLapses)
async def on_proposal_lapses(tx: Transaction, timer: ProposalLapses) -> None:
    """Nobody answered within seven days."""
    await use_cases.lapse_proposal(tx, timer.subject_id, tx.now)


@clock.on(ActivationLapses)
async def on_activation_lapses(tx: Transaction, timer: ActivationLapses) -> None:
    """The two did not both sign one version of a compact within twenty-one days."""
    await use_cases.end_unactivated(tx, timer.subject_id, tx.now)


@clock.on(ConflictReviewOver)
async def on_conflict_review_over(tx: Transaction, timer: ConflictReviewOver) -> None:
    """Nobody resolved a conflict of interest within fourteen days."""
    await use_cases.rest_for_conflict(tx, timer.subject_id, tx.now)


@clock.on(CompactTermOver)
async def on_compact_term_over(tx: Transaction, timer: CompactTermOver) -> None:
    """The last day that the two agreed is over."""
    await end_term(tx, timer.subject_id, tx.now)


@clock.on(CompactWordsOver)
async def on_compact_words_over(tx: Transaction, timer: CompactWordsOver) -> None:
    """Twelve months passed since a pair's end."""
    await forget_words_of_pair(tx, timer.subject_id)


@clock.on(CompactDrifts)
async def on_compact_drifts(tx: Transaction, timer: CompactDrifts) -> None:
    """The two have been silent for one and a half meeting intervals."""
    await raise_drift(tx, timer.subject_id, tx.now)


@clock.on(ChoiceLapses)
async def on_choice_lapses(tx: Transaction, timer: ChoiceLapses) -> None:
    """The mentor who was asked did not answer within 72 hours."""
    await use_cases.lapse_choice(tx, timer.subject_id, tx.now)


@clock.on(IntakeClosed)
async def on_intake_closed(tx: Transaction, timer: IntakeClosed) -> None:
    """A mentor takes nobody new."""
    await use_cases.pass_on_from(tx, timer.institution_id, timer.subject_id, tx.now)


@clock.on(NoticeRunsOut)
async def on_notice_runs_out(tx: Transaction, timer: NoticeRunsOut) -> None:
    """The notice is over, whether or not the agreement's end was heard."""
    await use_cases.end_with_notice(tx, timer.subject_id, tx.now)


@clock.on(TermReached)
async def on_term_reached(tx: Transaction, timer: TermReached) -> None:
    """The agreed end has come for a pair that went on after a notice."""
    await use_cases.end_with_term(tx, timer.subject_id, tx.now)


@clock.on(IntroductionLapses)
async def on_introduction_lapses(tx: Transaction, timer: IntroductionLapses) -> None:
    """Two people were asked fourteen days ago, and did not both say yes."""
    await use_cases.lapse_introduction(tx, timer.subject_id, tx.now)


@clock.on_many(CardsOutdated)
async def on_cards_outdated(tx: Transaction, timers: Sequence[CardsOutdated]) -> None:
    """Places of these mentors changed hands."""
    await use_cases.write_cards(tx, [timer.subject_id for timer in timers])
