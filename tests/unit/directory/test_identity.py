"""Whom a row of a roster means: by id, by address, and by name only when somebody says so."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.directory.domain.identity import fold_name
from tests.unit.directory.rosters import Hospital, a_roster, kinds, reasons

Rows = list[dict[str, str]]
ADA = {"external_id": "E-1"}
NAMESAKE = {"name": "Ada Nowak", "email": "ada2@north.example"}


def with_ada(*more: dict[str, str]) -> Hospital:
    """A hospital that knows Ada Nowak, E-1, and others."""
    hospital = Hospital()
    hospital.apply(a_roster(ADA, *more))
    return hospital


@pytest.mark.parametrize("name", ["ada nowak", " Ada   Nowak ", "ADA\u00a0NOWAK", "A\u0301da Nowak", "Àda Nowak"])
def test_a_name_is_the_same_in_other_capitals_accents_and_blanks(name: str) -> None:
    assert fold_name(name) == fold_name("Ada Nowak")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Łucja Żak", "Lucja Zak", True),
        ("Bjørn Straße", "BJORN STRASSE", True),
        ("İpek Çığ", "ipek cig", True),
        ("Ada Nowak", "Ada Nowakowa", False),
        ("田中 美咲", "田中 美子", False),
        ("สมชาย", "สมชัย", False),
    ],
)
def test_names_of_many_scripts_are_folded_and_told_apart(one: str, other: str, *, same: bool) -> None:
    assert (fold_name(one) == fold_name(other)) is same


def test_an_id_comes_before_an_address_and_an_address_before_a_name() -> None:
    hospital = with_ada({"external_id": "B", "name": "Bo Boss", "email": "bo@north.example"})
    [by_id] = hospital.preview(a_roster({"external_id": "E-1", "name": "Bo Boss", "email": "bo@north.example"}))
    assert (by_id.kind, by_id.external_id) == ("changed", "E-1")
    content = a_roster({"external_id": "", "name": "Ada Nowak", "email": "BO@north.example "})
    [by_email] = hospital.preview(content)
    assert (by_email.kind, by_email.external_id) == ("changed", "B")


def test_a_row_without_an_id_is_whoever_has_its_address() -> None:
    hospital = with_ada()
    ada = hospital.person("E-1").person_id
    content = a_roster({"external_id": "", "places": "5"})
    [verdict] = hospital.preview(content)
    assert (verdict.kind, verdict.external_id, verdict.changes) == ("changed", "E-1", ("places",))
    hospital.apply(content)
    assert (len(hospital.people), hospital.person("E-1").person_id) == (1, ada)
    assert kinds(hospital.preview(content)) == ["same"]


def test_an_address_of_somebody_with_another_id_is_an_error() -> None:
    [verdict] = with_ada().preview(a_roster({"external_id": "E-9", "email": "Ada.Nowak@north.example"}))
    assert (verdict.kind, verdict.reason, verdict.external_id) == ("error", "other_external_id", "E-9")


def test_an_address_that_several_have_tells_nobody_apart() -> None:
    hospital = with_ada({"external_id": "B", "email": "ada.nowak@north.example"})
    assert reasons(hospital.preview(a_roster({"external_id": ""}))) == ["several_of_email"]


def test_a_row_without_an_id_and_of_a_person_who_has_another_row_is_an_error_now_and_the_next_time() -> None:
    for hospital in (with_ada(), Hospital()):
        for _ in range(2):
            assert reasons(hospital.preview(a_roster({"external_id": ""}, ADA))) == ["duplicate_external_id", None]
            hospital.apply(a_roster({"external_id": ""}, ADA))
    assert reasons(with_ada().preview(a_roster({"external_id": ""}, {"external_id": ""}))) == [
        None,
        "duplicate_external_id",
    ]


def test_an_address_that_is_handed_over_in_one_file_is_its_new_owners() -> None:
    hospital = with_ada()
    handed_over = {"external_id": "E-9", "email": "ada.nowak@north.example"}
    content = a_roster(handed_over, {**ADA, "email": "other@north.example"})
    assert kinds(hospital.preview(content)) == ["new", "changed"]
    hospital.apply(content)
    assert kinds(hospital.preview(content)) == ["same", "same"]


def test_two_who_each_have_a_row_may_share_an_address_whichever_of_them_is_known() -> None:
    shared = {"external_id": "E-9", "name": "Bo Boss", "email": "ada.nowak@north.example"}
    for hospital in (Hospital(), with_ada()):
        assert reasons(hospital.preview(a_roster(shared, ADA))) == [None, None]
        hospital.apply(a_roster(shared, ADA))
        assert kinds(hospital.preview(a_roster(shared, ADA))) == ["same", "same"]


def test_somebody_new_needs_an_id() -> None:
    content = a_roster({"external_id": "", "name": "Bo Boss", "email": "bo@north.example"})
    assert reasons(with_ada().preview(content)) == ["bad_external_id"]


def test_a_new_id_with_a_known_name_is_asked_about_and_not_imported_without_an_answer() -> None:
    hospital = with_ada()
    content = a_roster({**NAMESAKE, "external_id": "E-9", "name": "ADA  Nówak"})
    [verdict] = hospital.preview(content)
    ada = hospital.person("E-1").person_id
    assert (verdict.kind, verdict.reason, verdict.candidates) == ("unsure", "same_person", (ada,))
    assert hospital.apply(content) == []
    assert kinds(hospital.preview(content, answers={2: None})) == ["new"]
    hospital.apply(content, answers={2: None})
    assert set(hospital.people) == {"e-1", "e-9"}
    assert kinds(hospital.preview(content)) == ["same"]


def test_whoever_has_another_id_is_not_given_this_one_by_an_answer() -> None:
    hospital = with_ada()
    content = a_roster({**NAMESAKE, "external_id": "E-9"})
    said = hospital.preview(content, answers={2: hospital.person("E-1").person_id})
    assert reasons(said) == ["other_external_id"]


def test_a_row_without_an_id_and_with_a_known_name_is_whom_the_answer_says() -> None:
    hospital = with_ada()
    content = a_roster({**NAMESAKE, "external_id": ""})
    ada = hospital.person("E-1")
    [verdict] = hospital.preview(content)
    assert (verdict.kind, verdict.candidates) == ("unsure", (ada.person_id,))
    assert reasons(hospital.preview(content, answers={2: None})) == ["bad_external_id"]
    hospital.apply(content, answers={2: ada.person_id})
    assert (len(hospital.people), ada.known().email) == (1, "ada2@north.example")


def test_of_several_with_one_name_the_answer_says_which() -> None:
    hospital = with_ada({"external_id": "B", "name": "Ada Nowak"})
    both = {hospital.person(key).person_id for key in ("E-1", "B")}
    content = a_roster({**NAMESAKE, "external_id": ""})
    [verdict] = hospital.preview(content)
    assert (verdict.kind, verdict.reason, set(verdict.candidates)) == ("unsure", "several_people", both)
    [verdict] = hospital.preview(content, answers={2: hospital.person("B").person_id})
    assert (verdict.kind, verdict.external_id) == ("changed", "B")


def test_an_answer_that_fits_no_question_leaves_the_row_unsure() -> None:
    hospital = with_ada({"external_id": "B", "name": "Bo Boss"})
    content = a_roster({**NAMESAKE, "external_id": ""}, {"external_id": "B", "name": "Bo Boss"})
    ada, bo = (hospital.person(key).person_id for key in ("E-1", "B"))
    assert kinds(hospital.preview(content, answers={2: bo, 7: ada})) == ["unsure", "same"]
    assert kinds(hospital.preview(content, answers={2: ada, 3: ada})) == ["changed", "same"]


def test_whoever_has_a_row_of_their_own_is_not_asked_about() -> None:
    content = a_roster({**NAMESAKE, "external_id": "E-9"}, ADA)
    assert kinds(with_ada().preview(content)) == ["new", "same"]


def test_a_row_with_errors_is_an_error_before_it_is_a_question() -> None:
    content = a_roster({**NAMESAKE, "external_id": "E-9", "level": "pgy_11"})
    assert reasons(with_ada().preview(content)) == ["bad_level"]


def test_two_answers_do_not_make_one_person_of_two_rows() -> None:
    hospital = with_ada()
    ada = hospital.person("E-1").person_id
    content = a_roster({**NAMESAKE, "external_id": ""}, {**NAMESAKE, "external_id": ""})
    assert reasons(hospital.preview(content, answers={2: ada, 3: ada})) == [None, "duplicate_external_id"]


_rows: st.SearchStrategy[Rows] = st.lists(
    st.fixed_dictionaries(
        {
            "external_id": st.sampled_from(["", "A", "B", "C"]),
            "name": st.sampled_from(["Ada Nowak", "ada nowak", "Bo Boss"]),
            "email": st.sampled_from(["a@b.example", "b@b.example", "c@b.example"]),
        }
    ),
    max_size=4,
)


@settings(deadline=None)  # the first row reads all time zones
@example(
    [{"external_id": "C", "name": "Ada Nowak", "email": "a@b.example"}],
    [
        {"external_id": "A", "name": "Bo Boss", "email": "b@b.example"},
        {"external_id": "B", "name": "Ada Nowak", "email": "b@b.example"},
    ],
)
@given(_rows, _rows)
def test_nobody_is_taken_for_another_and_the_same_file_says_the_same_again(first: Rows, second: Rows) -> None:
    hospital = Hospital()
    hospital.apply(a_roster(*first))
    before = {person.person_id: person.known() for person in hospital.people.values()}
    verdicts = hospital.preview(a_roster(*second))
    ids = [verdict.external_id.lower() for verdict in verdicts if verdict.kind in {"new", "changed", "same"}]
    assert len(set(ids)) == len(ids)
    in_file = {row["external_id"].lower() for row in second} | set(ids)
    for row, verdict in zip(second, verdicts, strict=True):
        if verdict.kind == "new":
            namesakes = [one for one in before.values() if fold_name(one.name) == fold_name(row["name"])]
            assert all(one.external_id.lower() in in_file for one in namesakes)
        if verdict.kind in {"changed", "same"} and row["external_id"] == "":
            of_email = {one.external_id for one in before.values() if one.email == row["email"]}
            moved = {each["external_id"] for each in second if each["email"] != row["email"]}
            assert of_email - moved == {verdict.external_id}
    hospital.apply(a_roster(*second))
    for person_id, known in before.items():
        assert hospital.person(known.external_id).person_id == person_id
    again = hospital.preview(a_roster(*second))
    assert [(each.reason, each.candidates) for each in again] == [(each.reason, each.candidates) for each in verdicts]
    assert hospital.apply(a_roster(*second)) == []
