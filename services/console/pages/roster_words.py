"""What the directory says of a roster, in words: columns, kinds of rows, and why a row cannot be taken."""

from collections.abc import Mapping
from typing import Final

COLUMNS: Final[Mapping[str, str]] = {
    "external_id": "Id in your hospital",
    "name": "Name",
    "email": "E-mail",
    "role": "Role",
    "programme": "Programme",
    "level": "Level",
    "specialty": "Specialty",
    "status": "Status",
    "status_from": "Status from",
    "time_zone": "Time zone",
    "places": "Places",
    "shared_places": "Shared places",
    "evaluator_of": "Evaluator of",
    "evaluator_until": "Evaluator until",
}

TAKEN: Final[Mapping[str, str]] = {
    "stated": "as you said",
    "remembered": "as in your last import",
    "guessed": "by its words",
}

KINDS: Final[Mapping[str, str]] = {
    "error": "Error",
    "unsure": "Same person?",
    "changed": "Changed",
    "new": "New",
    "same": "Same",
}
"""In the order in which they need somebody."""

STATES: Final[Mapping[str, str]] = {
    "previewed": "Checked, not applied",
    "applied": "Applied",
    "expired": "Not applied; its rows are deleted",
    "reverted": "Reverted",
    "partly_reverted": "Reverted, but for what had changed since",
}

REASONS: Final[Mapping[str, str]] = {
    "wrong_cell_count": "The row has not as many cells as the header.",
    "formula_cell": "A cell holds a formula, or begins as one does. Put its value there.",
    "bad_external_id": "This is no id: letters, digits and . _ = - only, at most 64.",
    "duplicate_external_id": "An earlier row is the same person. The first one stands.",
    "erased_person": "This person was erased, and no roster brings them back unless they are readmitted.",
    "other_external_id": "The address is that of somebody with another id, who has no row here.",
    "several_of_email": "The row has no id, and several people have its address.",
    "bad_name": "The name is empty or too long, or holds what no name does.",
    "bad_email": "This does not look like an address.",
    "bad_time_zone": "There is no such time zone. Write one such as America/Chicago.",
    "bad_role": "The role is none of mentor, mentee and administrator.",
    "unknown_programme": "Your hospital has no such programme. An import never adds one.",
    "bad_places": "Places are a number from 0 to 100.",
    "places_without_mentor": "Only mentors have places.",
    "shared_above_places": "There are more shared places than places.",
    "bad_level": "Levels are PGY-1 to PGY-10, fellow and faculty.",
    "bad_specialty": "The specialty is not a short word.",
    "bad_status": "The status is none of active, on_leave and left.",
    "bad_date": "This is no day written as 2027-01-31.",
    "absurd_date": "This day is too far away.",
    "half_evaluator": "An evaluator has both a programme and a last day. Fill both cells, or neither.",
    "own_programme": "The person directs, judges or coaches in this programme. End that duty first.",
    "own_administrator": "The row would shut you out yourself.",
    "last_administrator": "Nobody would be left to administer your hospital.",
    "same_person": "Somebody here has this name. Say whether it is the same person.",
    "several_people": "Several people here have this name. Say who it is.",
}

LEFT: Final[Mapping[str, str]] = {
    "own_programme": "Stays as is: they would be mentee of a programme in which they have a duty.",
    "erased": "Stays as is: this person was erased.",
    "own_administrator": "Stays as is: it would shut you out yourself.",
    "last_administrator": "Stays as is: nobody would be left to administer your hospital.",
}
"""Why a revert leaves somebody as they are."""

REFUSALS: Final[Mapping[str, str]] = {
    "missing_column": "Say below which header of your file stands for it, and choose the file again.",
    "duplicate_column": "Say below which header is meant, and choose the file again.",
    "header_not_found": "Write the header below as it stands in your file, and choose the file again.",
    "roster_has_errors": "Look at the rows below, and apply the good ones.",
}
"""What to press where the directory's own sentence cannot know it."""
