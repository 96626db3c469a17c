"""What pairing says of requests, in words: how a choice stands, why it was passed over, and what stands in the way."""

from collections.abc import Mapping
from typing import Final

CHOICES: Final[Mapping[str, tuple[str, str]]] = {
    "not_asked": ("pause", "Not asked yet"),
    "asked": ("wait", "Is asked now"),
    "accepted": ("done", "Said yes"),
    "declined": ("end", "Not now"),
    "lapsed": ("end", "Did not answer in time"),
    "passed_over": ("end", "Was passed over"),
    "withdrawn": ("end", "Withdrawn"),
}
"""The tone and the words of each state."""

OVER: Final[Mapping[str, str]] = {
    "accepted": "A mentor said yes",
    "withdrawn": "It was withdrawn",
    "exhausted": "Nobody is left to ask",
}

PASSED_OVER: Final[Mapping[str, str]] = {
    "not_accepting": "takes nobody new now",
    "reverse_pair": "you are their mentor in another pair",
    "already_paired": "the two of you have a pair or a proposal already",
    "conflict_of_interest": "a conflict of interest stands between you",
    "no_agreement": "no agreement between the two hospitals is in force",
    "agreement_ending": "the agreement between the two hospitals is ending",
    "capacity_exhausted": "all their places are taken",
    "shared_capacity_exhausted": "all their places for other hospitals are taken",
    "agreement_cap": "the two hospitals share as many pairs as they agreed",
    "lend_cap": "their hospital lends as many mentors as it wants to",
    "borrow_cap": "your hospital borrows as many mentors as it wants to",
}

NOT_NOW: Final[Mapping[str, str]] = {
    "workload": "Too much work at present",
    "rotation": "A rotation stands in the way",
    "other_field": "My field is another one",
    "conflict_of_interest": "A conflict of interest",
    "personal": "A personal reason",
}

_GONE: Final = "Choose again below."
REFUSALS: Final[Mapping[str, str]] = {
    **{
        code: f"One of these mentors cannot be asked: {why}. Nothing was sent. {_GONE}"
        for code, why in PASSED_OVER.items()
    },
    "duplicate_choice": f"The same mentor is named twice. Nothing was sent. {_GONE}",
    "same_person": f"You cannot ask yourself. Nothing was sent. {_GONE}",
    "mentee_not_found": "You are no mentee of your hospital yet. Nothing was sent. Ask your administrator.",
    "mentee_away": "You are on leave. Nothing was sent. Ask when you are back.",
    "request_open": "You have an open request already. Nothing was sent. Below is where it stands.",
    "request_closed": "This was answered, withdrawn or passed over meanwhile. Nothing was changed. "
    "Below is how it stands.",
    "request_lapsed": "The 72 hours to answer are over, and the request goes on without you. Nothing was changed.",
    "stale_revision": "Something changed in the same moment. You changed nothing. Look again, then press.",
    "intake_not_found": "You are no mentor of your hospital, so there is nothing to open or close.",
}
"""For mentees who ask; a mentor who says yes is told of places as with a proposal."""
