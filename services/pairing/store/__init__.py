"""Every SQL statement of pairing; one function, one statement; refuses to hold a rule.

Rows are locked in the order that schema.sql states: institutions, agreements, people, mentor_cards, pairs, timers.
"""

from services.pairing.store.lending import (
    add_agreement,
    delete_cards,
    delete_cards_of_agreement,
    end_agreement,
    find_card_for_share,
    get_lending,
    get_lending_for_update,
    list_mentors,
    save_cards,
)
from services.pairing.store.pairs import (
    add_pair,
    find_between,
    get_pair,
    get_pair_for_update,
    list_ledger,
    list_open_pairs_of_for_update,
    list_pairs,
    list_taken_seats,
    save_pair,
)
from services.pairing.store.people import (
    add_institution,
    add_person,
    find_institution_for_share,
    find_institution_for_update,
    find_person_for_update,
    list_mentors_of_for_update,
    list_people_for_share,
    save_caps,
    save_mentee,
    save_mentor,
    save_no_mentor,
    save_status,
)

__all__ = [
    "add_agreement",
    "add_institution",
    "add_pair",
    "add_person",
    "delete_cards",
    "delete_cards_of_agreement",
    "end_agreement",
    "find_between",
    "find_card_for_share",
    "find_institution_for_share",
    "find_institution_for_update",
    "find_person_for_update",
    "get_lending",
    "get_lending_for_update",
    "get_pair",
    "get_pair_for_update",
    "list_ledger",
    "list_mentors",
    "list_mentors_of_for_update",
    "list_open_pairs_of_for_update",
    "list_pairs",
    "list_people_for_share",
    "list_taken_seats",
    "save_caps",
    "save_cards",
    "save_mentee",
    "save_mentor",
    "save_no_mentor",
    "save_pair",
    "save_status",
]
