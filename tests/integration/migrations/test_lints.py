"""Each rule of the catalogue finds the fault planted for it, and a table made as it should be passes them all."""

import pytest

from tests.integration.migrations.conftest import Connection
from tests.integration.migrations.lints import LINTS, finding, findings

_SCHEMA = "pairing"

_SOUND = """
SET LOCAL ROLE pairing_owner;
SET LOCAL search_path = pairing;
CREATE TABLE plants (
    institution_id uuid NOT NULL,
    plant_id uuid NOT NULL,
    watered_at timestamptz,
    PRIMARY KEY (institution_id, plant_id)
);
CALL wall_by('plants', 'institution_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON plants TO pairing_app, pairing_worker;
"""

FAULTS = [
    ("rls_off", "ALTER TABLE plants DISABLE ROW LEVEL SECURITY"),
    ("rls_not_forced", "ALTER TABLE plants NO FORCE ROW LEVEL SECURITY"),
    ("no_wall", "DROP POLICY tenant ON plants"),
    (
        "no_wall",
        (
            "DROP POLICY tenant ON plants; "
            "CREATE POLICY tenant ON plants TO pairing_app USING (institution_id = (SELECT ctx_institution()))"
        ),
    ),
    (
        "no_wall",
        (
            "DROP POLICY tenant ON plants; CREATE POLICY tenant ON plants AS RESTRICTIVE FOR SELECT TO pairing_app "
            "USING (institution_id = (SELECT ctx_institution()))"
        ),
    ),
    (
        "no_wall",
        (
            "DROP POLICY tenant ON plants; CREATE POLICY tenant ON plants AS RESTRICTIVE TO pairing_app "
            "USING (institution_id = (SELECT ctx_institution())) WITH CHECK (true)"
        ),
    ),
    (
        "insert_without_wall",
        (
            "CREATE TABLE seeds (institution_id uuid NOT NULL); GRANT INSERT ON seeds TO pairing_app; "
            "ALTER TABLE seeds ENABLE ROW LEVEL SECURITY; ALTER TABLE seeds FORCE ROW LEVEL SECURITY; "
            "CREATE POLICY within ON seeds FOR INSERT TO pairing_app WITH CHECK (true)"
        ),
    ),
    (
        "context_per_row",
        "CREATE POLICY slow ON plants AS RESTRICTIVE TO pairing_app USING (institution_id = ctx_institution())",
    ),
    (
        "context_per_row",
        (
            "CREATE POLICY slow ON plants AS RESTRICTIVE TO pairing_app "
            "USING (institution_id = current_setting('osler.institution_id')::uuid)"
        ),
    ),
    ("policy_for_everyone", "CREATE POLICY everyone ON plants USING (true)"),
    ("unique_without_institution", "ALTER TABLE plants ADD UNIQUE (plant_id)"),
    ("unique_without_institution", "CREATE UNIQUE INDEX ON plants (plant_id) WHERE institution_id IS NOT NULL"),
    (
        "reference_without_institution",
        (
            "ALTER TABLE plants ADD UNIQUE (plant_id); CREATE TABLE pots (institution_id uuid NOT NULL, "
            "plant_id uuid REFERENCES plants (plant_id), PRIMARY KEY (institution_id))"
        ),
    ),
    ("institution_may_be_null", "ALTER TABLE plants ADD COLUMN lender_institution_id uuid"),
    ("granted_to_public", "GRANT SELECT ON plants TO PUBLIC"),
    ("granted_to_public", "GRANT UPDATE (watered_at) ON plants TO PUBLIC"),
    (
        "granted_to_public",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1; GRANT EXECUTE ON FUNCTION one TO PUBLIC",
    ),
    ("granted_to_public", "GRANT USAGE ON SCHEMA pairing TO PUBLIC"),
    ("granted_to_public", "RESET ROLE; GRANT USAGE ON SCHEMA public TO PUBLIC"),
    ("granted_to_a_stranger", "GRANT SELECT ON plants TO meetings_app"),
    ("granted_to_a_stranger", "GRANT USAGE ON SCHEMA pairing TO meetings_worker"),
    ("beyond_rows", "GRANT TRUNCATE ON plants TO pairing_worker"),
    ("beyond_rows", "GRANT REFERENCES ON plants TO pairing_app"),
    ("beyond_rows", "GRANT MAINTAIN ON plants TO pairing_worker"),
    ("beyond_rows", "GRANT SELECT ON plants TO pairing_app WITH GRANT OPTION"),
    ("beyond_rows", "GRANT CREATE ON SCHEMA pairing TO pairing_app"),
    ("reads_the_platforms_tables", "GRANT SELECT ON outbox TO pairing_app"),
    ("reads_the_platforms_tables", "GRANT UPDATE ON inbox TO pairing_app"),
    ("reads_the_platforms_tables", "GRANT SELECT ON members TO pairing_app"),
    ("too_strong_a_login", "RESET ROLE; ALTER ROLE pairing_app BYPASSRLS"),
    ("too_strong_a_login", "RESET ROLE; ALTER ROLE pairing_worker SUPERUSER"),
    ("too_strong_a_login", "RESET ROLE; ALTER ROLE pairing_owner LOGIN"),
    ("too_strong_a_login", "RESET ROLE; ALTER ROLE pairing_app INHERIT"),
    ("too_strong_a_login", "RESET ROLE; GRANT pairing_owner TO pairing_app"),
    ("too_strong_a_login", "RESET ROLE; GRANT pairing_owner TO pairing_migrate WITH INHERIT TRUE"),
    ("too_strong_a_login", "RESET ROLE; GRANT meetings_owner TO pairing_migrate"),
    ("not_the_owners", "RESET ROLE; CREATE TABLE pairing.weeds (weed_id uuid)"),
    ("not_the_owners", "RESET ROLE; CREATE FUNCTION pairing.weed() RETURNS int LANGUAGE sql RETURN 1"),
    ("definer_without_path", "CREATE FUNCTION look() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1"),
    (
        "definer_without_path",
        "CREATE FUNCTION look() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pairing RETURN 1",
    ),
    ("leakproof", "RESET ROLE; CREATE FUNCTION pairing.leak() RETURNS int LANGUAGE sql LEAKPROOF RETURN 1"),
    ("type_without_index", "CREATE TYPE colour AS ENUM ('red'); ALTER TABLE plants ADD COLUMN colour colour"),
    ("type_without_index", "ALTER TABLE plants ADD COLUMN height numeric"),
    ("type_without_index", "ALTER TABLE plants ADD COLUMN name varchar(40)"),
    ("instant_without_zone", "ALTER TABLE plants ADD COLUMN sown timestamp"),
    ("instant_without_zone", "ALTER TABLE plants ADD COLUMN sown_at date"),
    ("view_around_the_wall", "CREATE VIEW flowers AS SELECT * FROM plants"),
    ("view_around_the_wall", "CREATE MATERIALIZED VIEW flowers AS SELECT 1 AS one"),
]


async def test_a_table_made_as_it_should_be_has_no_fault(catalogue_of: Connection) -> None:
    before = await findings(catalogue_of, _SCHEMA)
    await catalogue_of.execute(_SOUND)
    assert await findings(catalogue_of, _SCHEMA) == before


@pytest.mark.parametrize(("rule", "fault"), FAULTS)
async def test_a_planted_fault_is_found(rule: str, fault: str, catalogue_of: Connection) -> None:
    await catalogue_of.execute(_SOUND)
    before = await finding(catalogue_of, rule, _SCHEMA)
    await catalogue_of.execute(fault)
    assert await finding(catalogue_of, rule, _SCHEMA) > before


def test_every_rule_has_a_planted_fault() -> None:
    assert {rule for rule, _ in FAULTS} == LINTS.keys()
