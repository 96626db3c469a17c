"""What pairing does, function by function; each changes nothing but the database, in the transaction it was given.

Locks are taken in one order, so that commands, timers and events do not wait for each other in a circle: institutions,
agreements, people, mentor cards, pairs, timers; several rows of one kind by id. A mentor's row is the lock under which
places are counted. Whoever ends a pair changes that pair alone: the
count of taken places only falls, so nobody need wait.
"""

from services.pairing.use_cases.aftermath import ActivationLapses, CardsOutdated, ProposalLapses
from services.pairing.use_cases.pairs import (
    accept_pair,
    activate_pair,
    decline_pair,
    end_pair,
    end_unactivated,
    lapse_proposal,
    list_ledger,
    list_mentors,
    list_pairs,
    pause_pair,
    propose_pair,
    recall_pair,
    resume_pair,
    show_pair,
)
from services.pairing.use_cases.roster import (
    assign_mentee,
    assign_mentor,
    bring_back,
    end_agreement,
    part_with,
    remove_role,
    send_on_leave,
    set_caps,
    sign_agreement,
    take_in_institution,
    take_in_notice,
    take_in_person,
    write_cards,
)

__all__ = [
    "ActivationLapses",
    "CardsOutdated",
    "ProposalLapses",
    "accept_pair",
    "activate_pair",
    "assign_mentee",
    "assign_mentor",
    "bring_back",
    "decline_pair",
    "end_agreement",
    "end_pair",
    "end_unactivated",
    "lapse_proposal",
    "list_ledger",
    "list_mentors",
    "list_pairs",
    "part_with",
    "pause_pair",
    "propose_pair",
    "recall_pair",
    "remove_role",
    "resume_pair",
    "send_on_leave",
    "set_caps",
    "show_pair",
    "sign_agreement",
    "take_in_institution",
    "take_in_notice",
    "take_in_person",
    "write_cards",
]
