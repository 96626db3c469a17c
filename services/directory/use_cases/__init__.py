"""What the directory can do, as functions that take `tx`: the table of contents."""

from services.directory.use_cases.consortium import (
    AgreementOver,
    NewInstitution,
    NewPerson,
    add_institution,
    add_programme,
    end_agreement,
    end_agreement_in_time,
    found_consortium,
    get_agreement,
    list_agreements,
    list_institutions,
    list_programmes,
    sign_agreement,
)
from services.directory.use_cases.contacts import begin_check, finish_check, get_check, order_check
from services.directory.use_cases.keys import Keys
from services.directory.use_cases.people import (
    PersonStatusDue,
    erase_person,
    follow_status_plan,
    get_person,
    list_people,
    readmit_person,
)
from services.directory.use_cases.rosters import (
    RosterExpires,
    apply_roster,
    forget_roster,
    get_roster_import,
    preview_roster,
)

__all__ = [
    "AgreementOver",
    "Keys",
    "NewInstitution",
    "NewPerson",
    "PersonStatusDue",
    "RosterExpires",
    "add_institution",
    "add_programme",
    "apply_roster",
    "begin_check",
    "end_agreement",
    "end_agreement_in_time",
    "erase_person",
    "finish_check",
    "follow_status_plan",
    "forget_roster",
    "found_consortium",
    "get_agreement",
    "get_check",
    "get_person",
    "get_roster_import",
    "list_agreements",
    "list_institutions",
    "list_people",
    "list_programmes",
    "order_check",
    "preview_roster",
    "readmit_person",
    "sign_agreement",
]
