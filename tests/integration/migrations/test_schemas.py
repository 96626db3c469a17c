"""Every service's schema: the same both ways, and without the known faults of row-level security."""

import re
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from shared.contracts.topics import services
from shared.platform.migrations import describe
from shared.testing.stage import Stage
from tests.integration.migrations.conftest import Connection
from tests.integration.migrations.lints import findings

_ROOT = Path(__file__).parents[3]

_PLATFORM = {
    "unique_without_institution audit_records_pkey": "an audit record's id is random, and the app cannot read one",
    "unique_without_institution members_pkey": "a person's id is random, and the app cannot read the table",
}
_TWO = "it belongs to two institutions; its id is random, and nobody can guess another's"
_BY_TWO = "what it refers to belongs to two institutions and is named by a random id"

ACCEPTED: dict[str, dict[str, str]] = {
    "console": {
        "rls_off institutions": "the consortium's members are known to all of them",
        "rls_not_forced institutions": "the consortium's members are known to all of them",
        "no_wall institutions": "the consortium's members are known to all of them",
        "unique_without_institution agreements_pkey": _TWO,
        "unique_without_institution choices_pkey": _TWO,
        "unique_without_institution feedback_requests_pkey": _TWO,
        "unique_without_institution meetings_pkey": _TWO,
        "unique_without_institution pairs_pkey": _TWO,
        "reference_without_institution feedback_requests feedback_requests_pair_id_fkey by pairs_pkey": _BY_TWO,
        "reference_without_institution meetings meetings_pair_id_fkey by pairs_pkey": _BY_TWO,
    },
    "directory": {
        "unique_without_institution agreements_pkey": _TWO,
        "unique_without_institution institutions_mail_domain_key": "one institution per mail domain is the rule itself",
    },
    "feedback": {
        "unique_without_institution cut_offs_pkey": _TWO,
        "no_wall answers": "answers are their author's, and later their reader's: the policies name persons",
        "unique_without_institution feedback_requests_one_of_a_pair": _TWO,
        "unique_without_institution feedback_requests_pkey": _TWO,
        "unique_without_institution pairs_pkey": _TWO,
        "reference_without_institution answers answers_request_id_fkey by feedback_requests_pkey": _BY_TWO,
        "reference_without_institution feedback_requests feedback_requests_pair_id_fkey by pairs_pkey": _BY_TWO,
    },
    "meetings": {
        "unique_without_institution cut_offs_pkey": _TWO,
        "unique_without_institution busy_times_pkey": _TWO,
        "unique_without_institution meetings_pkey": _TWO,
        "unique_without_institution one_meeting_at_a_time": "a person is in one place, whichever institutions ask",
        "unique_without_institution pairs_pkey": _TWO,
        "unique_without_institution touchpoints_pkey": _TWO,
        "reference_without_institution busy_times busy_times_meeting_id_fkey by meetings_pkey": _BY_TWO,
        "reference_without_institution meetings meetings_pair_id_fkey by pairs_pkey": _BY_TWO,
        "reference_without_institution touchpoints touchpoints_pair_id_fkey by pairs_pkey": _BY_TWO,
    },
    "notifications": {
        "unique_without_institution cut_offs_pkey": _TWO,
        "unique_without_institution causes_pkey": _TWO,
        "unique_without_institution contacts_pkey": "the app has no right on contacts, and the id is random",
        "reference_without_institution messages messages_cause_id_fkey by causes_pkey": _BY_TWO,
        "institution_may_be_null contacts.institution_id": "an erased person keeps an empty row; no request reads it",
    },
    "pairing": {
        "unique_without_institution agreements_pkey": _TWO,
        "institution_may_be_null introduction_sides.other_institution_id": "the other one is named at the second yes",
        "unique_without_institution conflicts_pkey": _TWO,
        "unique_without_institution leavings_pkey": _TWO,
        "unique_without_institution pairs_pkey": _TWO,
        "unique_without_institution recusals_pkey": "a pair is of the two institutions that its recusals name",
    },
}
"""What a rule finds and is right nevertheless, with the reason."""


@pytest.mark.parametrize("service", services())
async def test_a_migrated_schema_and_one_built_whole_are_the_same(
    service: str, migrated: Stage, built_whole: Stage
) -> None:
    facts: list[list[str]] = []
    for stage in (migrated, built_whole):
        connection: Connection = await asyncpg.connect(stage.admin_url)
        facts.append(await describe(connection, service))
        await connection.close()
    assert facts[0] == facts[1]
    assert len(facts[0]) > 100


@pytest.mark.parametrize("service", services())
async def test_a_schema_has_none_of_the_known_faults(service: str, catalogue_of: Connection) -> None:
    found = await findings(catalogue_of, service)
    accepted = _PLATFORM | ACCEPTED.get(service, {})
    assert found - accepted.keys() == set()
    assert accepted.keys() - found == set(), "no rule finds these any more: take them off the list"


@pytest.mark.parametrize("service", services())
async def test_no_request_writes_over_a_row_whose_key_lacks_the_institution(
    service: str, catalogue_of: Connection
) -> None:
    """ON CONFLICT DO UPDATE shows the hidden row to its WHERE on PostgreSQL before 18.7 (CVE-2026-120154)."""
    rows = await catalogue_of.fetch(
        """
        SELECT DISTINCT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = to_regnamespace($1) AND i.indisunique AND c.relrowsecurity
            AND split_part(pg_get_indexdef(i.indexrelid), ' WHERE ', 1) NOT LIKE '%institution_id%'
            AND has_any_column_privilege($1 || '_app', c.oid, 'INSERT')
            AND has_any_column_privilege($1 || '_app', c.oid, 'UPDATE')
        """,
        service,
    )
    exposed = {row["relname"] for row in rows}
    assert exposed & set(_overwritten(service)) == set()


def _overwritten(service: str) -> Iterator[str]:
    """The tables that the service's statements insert into or else update."""
    for file in (_ROOT / "services" / service).rglob("*.py"):
        for statement in re.findall(r'"""(.*?)"""|"([^"\n]*)"', file.read_text(encoding="utf-8"), re.DOTALL):
            text = "".join(statement)
            if "DO UPDATE" in text:
                yield from re.findall(r"INSERT INTO (\w+)", text)


@pytest.mark.parametrize(
    "difference",
    [
        "CREATE TABLE pairing.weeds (weed_id uuid)",
        "ALTER TABLE pairing.timers ADD COLUMN colour text",
        "ALTER TABLE pairing.timers ALTER COLUMN reason TYPE varchar",
        "ALTER TABLE pairing.timers ALTER COLUMN reason SET NOT NULL",
        "ALTER TABLE pairing.timers ALTER COLUMN attempts SET DEFAULT 1",
        "ALTER TABLE pairing.timers ALTER COLUMN reason SET DEFAULT 'none'",
        "ALTER TABLE pairing.timers ADD CHECK (attempts >= 0)",
        "ALTER TABLE pairing.inbox DROP CONSTRAINT inbox_waiting_check",
        "CREATE INDEX ON pairing.timers (reason)",
        "ALTER TABLE pairing.timers ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE pairing.members NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE pairing.inbox RESET (fillfactor)",
        "DROP POLICY worker ON pairing.members",
        "ALTER POLICY worker ON pairing.members USING (false)",
        "GRANT SELECT ON pairing.outbox TO pairing_app",
        "GRANT SELECT (reason) ON pairing.parked TO pairing_app",
        "REVOKE DELETE ON pairing.timers FROM pairing_app",
        "GRANT EXECUTE ON FUNCTION pairing.find_member TO PUBLIC",
        "GRANT USAGE ON SCHEMA pairing TO meetings_app",
        "ALTER FUNCTION pairing.find_member SECURITY INVOKER",
        "ALTER FUNCTION pairing.find_member OWNER TO pairing_migrate",
        "CREATE OR REPLACE FUNCTION pairing.ctx_person() RETURNS uuid LANGUAGE sql STABLE RETURN NULL::uuid",
        "CREATE VIEW pairing.seen AS SELECT 1 AS one",
        "CREATE TYPE pairing.colour AS ENUM ('red')",
        "CREATE SEQUENCE pairing.numbers",
        "ALTER SEQUENCE pairing.outbox_position_seq INCREMENT BY 2",
        "ALTER TABLE pairing.timers OWNER TO pairing_migrate",
    ],
)
async def test_no_difference_between_two_schemas_goes_unseen(difference: str, catalogue_of: Connection) -> None:
    before = await describe(catalogue_of, "pairing")
    await catalogue_of.execute("GRANT CREATE ON SCHEMA pairing TO pairing_migrate")
    granted = await describe(catalogue_of, "pairing")
    assert before != granted
    await catalogue_of.execute(difference)
    assert await describe(catalogue_of, "pairing") != granted
