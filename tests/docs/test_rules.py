"""The rule book against the code: its tables are the code's own tables, and it names what the code names."""

import ast
import json
import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import product
from typing import Any, Final, get_args
from uuid import uuid4

import pytest

from services.console.commands import REASONS
from services.directory.domain.cells import RosterStatus
from services.directory.domain.headers import COLUMNS
from services.directory.domain.institutions import EndReason
from services.directory.domain.people import Status
from services.feedback import domain as feedback
from services.meetings import domain as meetings
from services.meetings.domain import CancelReason, PairReason
from services.notifications import domain as notifications
from services.notifications.domain import HOLDS, Category, Cause, CauseState, Message, PersonStatus
from services.pairing import domain as pairing
from services.pairing.api.pairs import Reason
from services.pairing.domain import Between, Lending, Limit, Offer, Who, refuse_new_pair, refuse_without_place
from services.pairing.domain.compact import COMPACT_STEPS
from shared.contracts import policy
from shared.contracts.meetings import MeetingProposed, TouchpointLogged
from shared.platform.errors import Refused
from shared.testing.policy_matrix import ROLES
from tests.docs.repository import ROOT, SERVICES, documents, files, headings, name_of, read, section, spans, table

RULES: Final = read(ROOT / "docs/guide/rules.md")
_STEP_HEADS: Final = ("from", "step", "to", "what it is")
_NOW: Final = datetime(2027, 1, 4, 9, tzinfo=UTC)
_REFERENCE: Final = re.compile(r"docs/guide/(\w+)\.md`?(?:,\s+([A-Z]\w+))?")
_UNITS: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


def test_the_steps_of_a_pair_are_those_of_the_code() -> None:
    said = [tuple(row) for row in table(section(RULES, "Pairs"), "from", "step", "to", "by")]
    words: tuple[Who, ...] = get_args(Who)
    steps = pairing.STEPS.items()
    assert said == [
        (state, act, step.to, ", ".join(who for who in words if who in step.by)) for (state, act), step in steps
    ]


def test_the_steps_of_a_request_are_those_of_the_code() -> None:
    said = [tuple(row) for row in table(section(RULES, "Requests"), "from", "step", "to", "by")]
    words: tuple[Who, ...] = get_args(Who)
    steps = pairing.CHOICE_STEPS.items()
    assert said == [
        (state, act, step.to, ", ".join(who for who in words if who in step.by)) for (state, act), step in steps
    ]


def test_the_steps_of_a_compact_are_those_of_the_code() -> None:
    said = [tuple(row) for row in table(section(RULES, "Compact"), "from", "step", "to", "once both have", "by")]
    words: tuple[Who, ...] = get_args(Who)
    assert said == [
        (state, act, step.to, step.both or "-", ", ".join(who for who in words if who in step.by))
        for (state, act), step in COMPACT_STEPS.items()
    ]


def test_the_steps_of_an_introduction_are_those_of_the_code() -> None:
    said = [tuple(row) for row in table(section(RULES, "Introductions"), "from", "step", "to", "by")]
    words: tuple[pairing.Party, ...] = get_args(pairing.Party)
    steps = pairing.INTRODUCTION_STEPS.items()
    assert said == [
        (state, act, step.to, ", ".join(who for who in words if who in step.by)) for (state, act), step in steps
    ]


def test_the_steps_in_a_circle_are_those_of_the_code() -> None:
    said = [tuple(row) for row in table(section(RULES, "Circles"), "from", "step", "to", "by")]
    words: tuple[pairing.CircleWho, ...] = get_args(pairing.CircleWho)
    steps = pairing.MEMBER_STEPS.items()
    assert said == [
        (state, act, step.to, ", ".join(who for who in words if who in step.by)) for (state, act), step in steps
    ]


def test_the_steps_of_an_opportunity_are_those_of_the_code() -> None:
    said = [tuple(row) for row in table(section(RULES, "Opportunities"), "from", "step", "to")]
    assert said == [(state, act, to) for (state, act), to in pairing.FOLLOW_STEPS.items()]


def test_the_steps_of_the_offer_of_a_first_year_are_those_of_the_code() -> None:
    said = [tuple(row) for row in table(section(RULES, "First years"), "from", "step", "to")]
    assert said == [(state, act, to) for (state, act), to in pairing.FIRST_YEAR_STEPS.items()]


@pytest.mark.parametrize(
    ("title", "steps"),
    [("Meetings", meetings.STEPS), ("Feedback", feedback.STEPS), ("Notifications", notifications.STEPS)],
)
def test_the_steps_of_everything_else_are_those_of_the_code(title: str, steps: dict[tuple[str, str], str]) -> None:
    said = [tuple(row[:3]) for row in table(section(RULES, title), *_STEP_HEADS)]
    assert said == [(state, act, to) for (state, act), to in steps.items()]


def test_who_may_do_what_is_the_policy() -> None:
    said = table(section(RULES, "Who may do what"), "operation", *(role.replace("_", " ") for role in ROLES))
    expected = [
        [operation, *((policy.load().find_row(operation) or {}).get(role, "-") for role in ROLES)]
        for operation in policy.load().operation_ids()
    ]
    assert sorted(said) == expected


def test_every_number_is_the_constant_that_stands_beside_it() -> None:
    for how_much, of_what, where in table(section(RULES, "Numbers"), "how much", "of what", "where"):
        module, _, constant = where.rpartition(".")
        assert _quantity(how_much) == getattr(import_module(f"services.{module}"), constant), of_what


def _quantity(text: str) -> int | timedelta:
    count, _, unit = text.partition(" ")
    number = int(count.replace(",", ""))
    return number * _UNITS[unit.removesuffix("s")] if unit else number


def test_the_lengths_that_the_contract_holds_are_those_of_the_rules() -> None:
    touchpoint = TouchpointLogged.model_json_schema()["properties"]["minutes"]
    assert (touchpoint["minimum"], touchpoint["maximum"]) == (5, 20)
    assert MeetingProposed.model_json_schema()["properties"]["slots"]["maxItems"] == 3
    said = " ".join(section(RULES, "Meetings").split())
    assert "touchpoint of 5 to 20 minutes" in said
    assert "up to three slots" in said


def test_a_new_pair_is_refused_in_the_order_of_the_rules() -> None:
    """Everything that stands against a pair is taken away one after the other, and each time the next code is heard."""
    nobody, full = Offer(accepting=False, free=0, free_shared=0), Offer(accepting=True, free=0, free_shared=0)
    none_shared, free = Offer(accepting=True, free=1, free_shared=0), Offer(accepting=True, free=1, free_shared=1)
    full_cap, no_cap = Limit(0, 0), Limit(None, 0)
    none, at_cap = Lending((), full_cap, full_cap), Lending((full_cap,), full_cap, full_cap)
    lender_full, borrower_full = Lending((no_cap,), full_cap, full_cap), Lending((no_cap,), no_cap, full_cap)
    less_and_less: list[tuple[Offer, Between, bool, Lending]] = [
        (nobody, "reverse", True, none),
        (full, "reverse", True, none),
        (full, "same", True, none),
        (full, "nothing", True, none),
        (full, "nothing", False, none),
        (full, "nothing", False, Lending((), full_cap, full_cap, is_ending=True)),
        (full, "nothing", False, at_cap),
        (none_shared, "nothing", False, at_cap),
        (free, "nothing", False, at_cap),
        (free, "nothing", False, lender_full),
        (free, "nothing", False, borrower_full),
    ]
    proposals = [
        _code(refuse_new_pair, offer, between, lending, conflicted=conflicted)
        for offer, between, conflicted, lending in less_and_less
    ]
    answers = dict.fromkeys(
        _code(refuse_without_place, offer, lending, conflicted=conflicted)
        for offer, _, conflicted, lending in less_and_less
    )
    said = table(section(RULES, "Places"), "code", "when", "at the yes too")
    assert [code for code, _, _ in said] == proposals
    assert [code for code, _, at_the_yes in said if at_the_yes == "yes"] == list(answers)
    refuse_new_pair(free, "nothing", Lending((no_cap,), no_cap, no_cap))


def _code(refuse: Any, *what: object, **more: object) -> str:
    with pytest.raises(Refused) as refused:
        refuse(*what, **more)
    return refused.value.code()


def test_the_reasons_of_administrators_are_those_that_pairing_takes() -> None:
    text = section(RULES, "Pairs")
    assert set(spans(text)) >= set(get_args(Reason))
    assert set(REASONS) == set(get_args(Reason))


def test_the_reasons_of_a_cancelled_meeting_are_those_of_the_code() -> None:
    assert set(spans(section(RULES, "Meetings"))) >= {*get_args(CancelReason), *get_args(PairReason)}


def test_an_agreement_ends_for_the_reasons_of_the_code() -> None:
    said = table(section(RULES, "Institutions and agreements"), "reason", "when")
    assert [reason for reason, _ in said] == list(get_args(EndReason))


def test_people_have_the_statuses_of_the_code() -> None:
    said = [row[0] for row in table(section(RULES, "People"), "status", "may sign in", "pairs", "places", "mail")]
    assert said == list(get_args(Status))
    assert set(get_args(RosterStatus)) < set(said)


def test_a_roster_has_the_columns_of_the_code_in_their_order() -> None:
    said = table(section(RULES, "Rosters"), "column", "holds", "when empty")
    assert tuple(column for column, _, _ in said) == COLUMNS


@pytest.mark.parametrize("document", ["docs/guide/rules.md", "services/directory/README.md"])
def test_a_row_carries_one_of_the_reasons_that_are_written_down(document: str) -> None:
    if document == "docs/guide/rules.md":
        said = {reason for reason, _ in table(section(RULES, "Rosters"), "reason", "what it says")}
    else:
        sentence = re.search(r"A row's error is one of (.*?)\.\s", read(ROOT / document), re.DOTALL)
        assert sentence is not None
        said = set(spans(sentence[1]))
    assert said == _row_reasons()


def _row_reasons() -> set[str]:
    """The codes in the calls that refuse a cell or a row."""
    folder = ROOT / "services/directory/domain"
    named = {"BadCell", "_matching", "read_code"}
    return {
        word
        for file in ("cells.py", "identity.py", "roster.py")
        for word in _words_in_calls(read(folder / file), named)
    }


def _words_in_calls(source: str, functions: set[str]) -> set[str]:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {
        str(argument.value)
        for call in calls
        if (getattr(call.func, "attr", "") or getattr(call.func, "id", "")) in functions
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_each_mail_goes_while_its_cause_is_in_a_state_of_the_code() -> None:
    said = table(section(RULES, "Notifications"), "mail", "goes to", "when", "only while its cause is")
    assert [(mail, states) for mail, _, _, states in said] == [
        (category, ", ".join(sorted(states))) for category, states in HOLDS.items()
    ]
    assert {mail for mail, *_ in said} == set(get_args(Category))


def test_a_mail_is_not_sent_for_the_reasons_of_the_code() -> None:
    said = {reason for reason, _ in table(section(RULES, "Notifications"), "not sent because", "what it means")}
    at_once = _words_in_calls(read(ROOT / "services/notifications/use_cases/causes.py"), {"_keep"})
    assert said == _stops() | at_once


def _stops() -> set[str]:
    """Every reason that is ever given just before sending."""
    found: set[str | None] = set()
    statuses: tuple[PersonStatus, ...] = get_args(PersonStatus)
    states: tuple[CauseState, ...] = get_args(CauseState)
    for status, state, hours, reachable in product(statuses, states, (0, 100), (True, False)):
        cause = Cause(uuid4(), "meeting", uuid4(), uuid4(), uuid4(), uuid4(), state, starts_at=_NOW)
        message = Message.about(
            cause, cause.mentor_id, "meeting_reminder", event_id=uuid4(), caused_at=_NOW, ends_at=_NOW + _UNITS["hour"]
        )
        found.add(message.stopped_by(cause, status, _NOW + hours * _UNITS["hour"], can_be_reached=reachable))
    return {reason for reason in found if reason is not None}


@pytest.mark.parametrize("service", SERVICES)
def test_each_section_names_what_its_service_says_and_how_it_refuses(service: str) -> None:
    text = section(RULES, service.capitalize())
    says = {event.type.split(".")[2] for event in import_module(f"services.{service}.app").build().says}
    assert says <= set(spans(text))
    refused = re.search(r"^\*\*Refused with\*\* (.*?)\.?\n\n", text, re.MULTILINE | re.DOTALL)
    assert refused is not None
    golden = json.loads(read(ROOT / "tests/contract/error_codes.json"))
    assert spans(refused[1]) == sorted(golden[service])


def test_every_section_of_the_guide_that_the_code_points_to_is_there() -> None:
    pointed = {
        (page, title) for file in files() if file.suffix == ".py" for page, title in _REFERENCE.findall(read(file))
    }
    assert {("rules", title) for title in ("Places", "Meetings", "Feedback", "Notifications")} <= pointed
    for page, title in pointed:
        document = ROOT / f"docs/guide/{page}.md"
        assert document in documents(), f"{page} is no page of the guide"
        assert not title or title in headings(read(document)), f"{name_of(document)} has no section {title}"
