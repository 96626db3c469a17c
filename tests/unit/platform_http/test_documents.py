"""The OpenAPI document says what the edge really does, and the policy names every operation."""

import json
from typing import Any

import pytest
from openapi_spec_validator import validate

from shared.contracts import policy
from shared.contracts.policy import Policy
from shared.platform.http import OperationWithoutPolicy, Routes, build_app, openapi, operations
from shared.testing.policy_matrix import cells, unused_rows
from tests.unit.platform_http.making import A_SERVICE, NO_DATABASE, POLICY, SETTINGS, AService, Knows, routes


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(json.dumps(openapi("pairing", [routes])))


def codes(operation: dict[str, Any], status: str) -> list[str]:
    schema = operation["responses"][status]["content"]["application/problem+json"]["schema"]
    return schema["allOf"][1]["properties"]["code"]["enum"]


def test_the_document_is_valid_openapi(document: dict[str, Any]):
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_operation_is_named_like_its_policy_row(document: dict[str, Any]):
    found = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    assert found == {operation.id for operation in operations(A_SERVICE)}
    assert found == set(POLICY.operation_ids())


def test_every_operation_asks_for_a_bearer_token(document: dict[str, Any]):
    assert document["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert not any("security" in operation for path in document["paths"].values() for operation in path.values())


def test_refusals_are_listed_by_status_with_their_codes_and_no_shape_but_problem_json(document: dict[str, Any]):
    end = document["paths"]["/pairs/{pair_id}/end"]["post"]
    assert codes(end, "404") == ["pair_not_found"]
    assert codes(end, "401") == ["unauthenticated", "unknown_person"]
    assert codes(end, "422") == [
        "body_cut_short",
        "idempotency_key_reused",
        "malformed_idempotency_key",
        "malformed_if_match",
        "malformed_request",
    ]
    assert codes(end, "412") == ["stale_revision"]
    assert codes(end, "428") == ["precondition_required"]
    assert codes(end, "503") == ["outcome_unknown", "sign_in_unavailable", "unavailable"]
    assert codes(document["paths"]["/pairs"]["get"], "422") == ["malformed_cursor", "malformed_request"]
    assert "ValidationError" not in json.dumps(document)


def test_headers_that_the_edge_reads_are_in_the_document(document: dict[str, Any]):
    end = document["paths"]["/pairs/{pair_id}/end"]["post"]["parameters"]
    assert {each["name"]: each["required"] for each in end} == {
        "pair_id": True,
        "If-Match": True,
        "Idempotency-Key": False,
    }
    assert [each["name"] for each in document["paths"]["/pairs"]["get"]["parameters"]] == ["after", "limit"]


def test_a_file_is_taken_as_what_it_is(document: dict[str, Any]):
    assert list(document["paths"]["/rosters"]["post"]["requestBody"]["content"]) == ["text/csv"]


def test_an_operation_without_a_policy_row_is_not_built():
    lonely = Routes("pairing")

    @lonely.get("/secrets")
    async def list_secrets() -> None:
        """Nobody decided who may."""

    with pytest.raises(OperationWithoutPolicy, match=r"\[pairing.list_secrets\]"):
        build_app(
            "pairing", [routes, lonely], database=NO_DATABASE, authenticator=Knows(), settings=SETTINGS, policy=POLICY
        )


def test_two_operations_of_one_name_are_not_built():
    with pytest.raises(ValueError, match="two operations of one name"):
        build_app(
            "pairing", [routes, routes], database=NO_DATABASE, authenticator=Knows(), settings=SETTINGS, policy=POLICY
        )


def test_an_operation_that_would_run_in_a_thread_is_not_taken():
    lazy = Routes("pairing")
    with pytest.raises(TypeError, match="must be async"):

        @lazy.get("/x")  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator] - what the test is about
        def list_x() -> None:
            """Runs in a thread."""


def test_a_row_that_no_operation_needs_is_found():
    more = Policy.model_validate({"services": {"pairing": {**POLICY.services["pairing"], "gone": {"mentor": "any"}}}})
    assert unused_rows([A_SERVICE], more) == ["pairing.gone"]
    assert unused_rows([A_SERVICE], POLICY) == []
    assert unused_rows([AService()], POLICY) == POLICY.operation_ids()


def test_the_matrix_has_a_cell_for_every_operation_and_role():
    found = {(cell.operation.name, cell.role): cell.relation for cell in cells([A_SERVICE], POLICY)}
    assert len(found) == 3 * 4
    assert found["end_pair", "mentor"] == "party"
    assert found["end_pair", "mentee"] is None


def test_the_committed_policy_can_be_read():
    assert policy.load().find_row("nobody.nothing") is None


@pytest.mark.parametrize("row", [{}, {"king": "any"}, {"mentor": "friend"}])
def test_a_row_without_roles_or_with_unknown_words_is_refused(row: dict[str, str]):
    with pytest.raises(ValueError, match="validation error"):
        Policy.model_validate({"services": {"pairing": {"x": row}}})
