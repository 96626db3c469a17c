"""What mails there are: about what, while which states of it they hold, and who is shown that one went; no I/O."""

from collections.abc import Mapping
from typing import Final, Literal

Category = Literal[
    "pair_proposed",
    "pair_accepted",
    "meeting_proposed",
    "meeting_scheduled",
    "meeting_reminder",
    "feedback_requested",
    "request_sent",
    "request_reminder",
    "conflict_raised",
    "conflict_resolved",
    "conflict_unresolved",
    "pair_conflict_raised",
    "pair_conflict_resolved",
    "pair_conflict_unresolved",
    "opportunity_week",
    "opportunity_day",
    "drift_raised",
    "leaving_asked",
    "leaving_reminder",
    "leaving_goes_on",
    "leaving_ended",
    "notice_given",
    "request_passed_over",
    "request_exhausted",
    "concern_reached",
    "introduction_asked",
    "introduction_over",
    "introduction_connected",
    "introduction_wished",
    "circle_invited",
    "compact_offered",
    "compact_in_force",
    "first_year_offered",
    "first_year_accepted",
    "erasure_delayed",
]
Why = Literal["not_accepting", "paired", "conflict", "agreement", "full", "other"]
"""What a mentee is told of why a mentor of their request was passed over."""
CauseKind = Literal[
    "pair",
    "meeting",
    "feedback_request",
    "choice",
    "conflict",
    "opportunity",
    "drift",
    "leaving",
    "notice",
    "passed_over",
    "request",
    "concern",
    "introduction",
    "circle",
    "compact",
    "first_year",
    "hold",
]
CauseState = Literal["proposed", "accepted", "scheduled", "open", "over"]

HOLDS: Final[Mapping[Category, frozenset[CauseState]]] = {
    "pair_proposed": frozenset({"proposed", "accepted"}),
    "pair_accepted": frozenset({"accepted"}),
    "meeting_proposed": frozenset({"proposed", "scheduled"}),
    "meeting_scheduled": frozenset({"scheduled"}),
    "meeting_reminder": frozenset({"scheduled"}),
    "feedback_requested": frozenset({"open"}),
    "request_sent": frozenset({"open"}),
    "request_reminder": frozenset({"open"}),
    "conflict_raised": frozenset({"open"}),
    "conflict_resolved": frozenset({"over"}),
    "conflict_unresolved": frozenset({"open"}),
    "pair_conflict_raised": frozenset({"open"}),
    "pair_conflict_resolved": frozenset({"over"}),
    "pair_conflict_unresolved": frozenset({"open"}),
    "opportunity_week": frozenset({"open"}),
    "opportunity_day": frozenset({"open"}),
    "drift_raised": frozenset({"open"}),
    "leaving_asked": frozenset({"open"}),
    "leaving_reminder": frozenset({"open"}),
    "leaving_goes_on": frozenset({"accepted"}),
    "leaving_ended": frozenset({"over"}),
    "notice_given": frozenset({"open"}),
    "request_passed_over": frozenset({"open"}),
    "request_exhausted": frozenset({"open"}),
    "concern_reached": frozenset({"open"}),
    "introduction_asked": frozenset({"open"}),
    "introduction_over": frozenset({"over"}),
    "introduction_connected": frozenset({"accepted"}),
    "introduction_wished": frozenset({"open"}),
    "circle_invited": frozenset({"open"}),
    "compact_offered": frozenset({"open"}),
    "compact_in_force": frozenset({"accepted"}),
    "first_year_offered": frozenset({"open"}),
    "first_year_accepted": frozenset({"open"}),
    "erasure_delayed": frozenset({"open"}),
}
"""The states of its cause in which what a mail says is still so; in any other it is not sent."""

TO_ADMINISTRATORS: Final[Mapping[Category, Category]] = {
    "conflict_raised": "pair_conflict_raised",
    "conflict_resolved": "pair_conflict_resolved",
    "conflict_unresolved": "pair_conflict_unresolved",
}
"""What the administrators of the institutions concerned are mailed where the two of a pair are: it names nobody."""

WHY: Final[Mapping[str, Why]] = {
    "not_accepting": "not_accepting",
    "reverse_pair": "paired",
    "already_paired": "paired",
    "conflict_of_interest": "conflict",
    "no_agreement": "agreement",
    "agreement_ending": "agreement",
    "capacity_exhausted": "full",
    "shared_capacity_exhausted": "full",
    "agreement_cap": "full",
    "lend_cap": "full",
    "borrow_cap": "full",
}
"""What the codes with which a mentor is passed over come down to; one that is not here is `other`."""

REMINDERS: Final[frozenset[Category]] = frozenset(
    {"meeting_reminder", "request_reminder", "opportunity_week", "opportunity_day", "drift_raised", "leaving_reminder"}
)
"""What someone on leave is spared."""

PRIVATE: Final[frozenset[Category]] = frozenset(
    {
        "drift_raised",
        "concern_reached",
        "introduction_asked",
        "introduction_over",
        "introduction_connected",
        "introduction_wished",
        "circle_invited",
        "compact_offered",
        "compact_in_force",
    }
)
"""What no administrator is shown, nor that it went: events name such a mail `private`."""
