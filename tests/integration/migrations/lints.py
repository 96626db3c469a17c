"""What the catalogue of a service's schema must not hold; each rule finds its planted fault in `test_lints`.

Every statement gives one line of text per fault; `$1` is the schema. A tenant table is one with `institution_id` or a
column that ends in `_institution_id`.
"""

from collections.abc import Mapping
from typing import Final, LiteralString

import asyncpg

_TENANTS: Final = """
    WITH tables AS (
        SELECT c.relname AS name, c.* FROM pg_class c
        WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p')
    ), columns AS (
        SELECT t.oid AS relid, t.name AS tbl, a.attname AS name, a.attnum, a.attnotnull, a.atttypid,
            a.attname = 'institution_id' OR a.attname LIKE '%\\_institution\\_id' AS names_institution
        FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    ), tenants AS (
        SELECT * FROM tables t WHERE EXISTS (SELECT FROM columns WHERE relid = t.oid AND names_institution)
    ), uniques AS (
        SELECT i.indexrelid, i.indrelid, x.relname AS name,
            split_part(pg_get_indexdef(i.indexrelid), ' WHERE ', 1) LIKE '%institution\\_id%' AS names_institution
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indisunique OR i.indisexclusion
    ), policies AS (
        SELECT p.*, pg_get_expr(polqual, polrelid) AS shown, pg_get_expr(polwithcheck, polrelid) AS taken
        FROM pg_policy p JOIN tables t ON t.oid = p.polrelid
    ), doors AS (
        SELECT oid, rolname FROM pg_roles WHERE rolname IN ($1 || '_app', $1 || '_worker')
    ), app AS (
        SELECT oid, rolname FROM pg_roles WHERE rolname = $1 || '_app'
    )
"""

LINTS: Final[Mapping[str, LiteralString]] = {
    "rls_off": _TENANTS + "SELECT name FROM tenants WHERE NOT relrowsecurity",
    "rls_not_forced": _TENANTS + "SELECT name FROM tenants WHERE NOT relforcerowsecurity",
    # A permissive wall would be opened by the next permissive policy: they are joined by OR.
    "no_wall": _TENANTS
    + """
    SELECT t.name FROM tenants t, app
    WHERE has_any_column_privilege(app.oid, t.oid, 'SELECT, UPDATE') OR has_table_privilege(app.oid, t.oid, 'DELETE')
    EXCEPT
    SELECT t.name FROM tenants t JOIN policies p ON p.polrelid = t.oid, app
    WHERE NOT p.polpermissive AND p.polcmd = '*' AND app.oid = ANY (p.polroles)
        AND p.shown LIKE '%institution\\_id = ( SELECT %ctx\\_institution()%'
        AND coalesce(p.taken, p.shown) ~ '(ctx_institution|acts_for_consortium)\\(\\)'
    """,
    "insert_without_wall": _TENANTS
    + """
    SELECT t.name FROM tenants t, app
    WHERE has_any_column_privilege(app.oid, t.oid, 'INSERT') AND EXISTS (
        SELECT FROM policies p
        WHERE p.polrelid = t.oid AND p.polpermissive AND p.polcmd IN ('*', 'a') AND app.oid = ANY (p.polroles)
            AND coalesce(p.taken, p.shown) NOT LIKE '%ctx\\_institution()%'
    ) AND NOT EXISTS (
        SELECT FROM policies p
        WHERE p.polrelid = t.oid AND NOT p.polpermissive AND p.polcmd IN ('*', 'a') AND app.oid = ANY (p.polroles)
            AND coalesce(p.taken, p.shown) ~ '(ctx_institution|acts_for_consortium)\\(\\)'
    )
    """,
    "context_per_row": _TENANTS
    + """
    SELECT t.name || ' ' || p.polname FROM policies p JOIN tables t ON t.oid = p.polrelid
    WHERE regexp_replace(concat(p.shown, p.taken), '\\( SELECT [^()]*\\(\\)', '', 'g')
        ~ '(ctx_[a-z]+\\(|current_setting)'
    """,
    "policy_for_everyone": _TENANTS
    + """
    SELECT t.name || ' ' || p.polname FROM policies p JOIN tables t ON t.oid = p.polrelid WHERE 0 = ANY (p.polroles)
    """,
    "unique_without_institution": _TENANTS
    + """
    SELECT u.name FROM uniques u JOIN tenants t ON t.oid = u.indrelid WHERE NOT u.names_institution
    """,
    "reference_without_institution": _TENANTS
    + """
    SELECT t.name || ' ' || k.conname || ' by ' || u.name
    FROM pg_constraint k JOIN tenants t ON t.oid = k.conrelid JOIN tenants f ON f.oid = k.confrelid
        JOIN uniques u ON u.indexrelid = k.conindid
    WHERE k.contype = 'f' AND NOT EXISTS
        (SELECT FROM columns WHERE relid = k.conrelid AND names_institution AND attnum = ANY (k.conkey))
    """,
    "institution_may_be_null": _TENANTS
    + "SELECT tbl || '.' || name FROM columns WHERE names_institution AND NOT attnotnull",
    "granted_to_public": """
    SELECT c.relname FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.relnamespace = to_regnamespace($1) AND a.grantee = 0
    UNION ALL
    SELECT c.relname || '.' || t.attname
    FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
    WHERE c.relnamespace = to_regnamespace($1) AND a.grantee = 0
    UNION ALL
    SELECT p.oid::regprocedure::text FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    WHERE p.pronamespace = to_regnamespace($1) AND a.grantee = 0
    UNION ALL
    SELECT 'schema ' || a.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) a
    WHERE n.nspname = $1 AND a.grantee = 0
    UNION ALL
    SELECT 'schema public ' || a.privilege_type
    FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
    WHERE n.nspname = 'public' AND a.grantee = 0
    UNION ALL
    SELECT 'database ' || a.privilege_type
    FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
    WHERE d.datname = current_database() AND a.grantee = 0
    """,
    "granted_to_a_stranger": """
    SELECT r.rolname || ' ' || a.privilege_type || ' on ' || c.relname
    FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.relnamespace = to_regnamespace($1)
        AND r.rolname NOT IN ($1 || '_owner', $1 || '_app', $1 || '_worker')
    UNION ALL
    SELECT r.rolname || ' ' || a.privilege_type || ' on the schema'
    FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
    WHERE n.nspname = $1 AND r.rolname NOT IN ($1 || '_owner', $1 || '_app', $1 || '_worker')
    """,
    "beyond_rows": _TENANTS
    + """
    SELECT d.rolname || ' ' || t.name FROM tables t, doors d
    WHERE has_table_privilege(d.oid, t.oid, 'TRUNCATE, REFERENCES, TRIGGER, MAINTAIN')
    UNION ALL
    SELECT d.rolname || ' may pass on ' || t.name
    FROM tables t, aclexplode(t.relacl) a JOIN doors d ON d.oid = a.grantee
    WHERE a.is_grantable
    UNION ALL
    SELECT d.rolname || ' makes things here' FROM doors d WHERE has_schema_privilege(d.oid, $1, 'CREATE')
        OR has_database_privilege(d.oid, current_database(), 'CREATE, TEMPORARY')
    """,
    # The platform's own tables hold every institution's rows and no institution column: the app may add, and no more.
    "reads_the_platforms_tables": _TENANTS
    + """
    SELECT t.name || ' ' || p.privilege
    FROM tables t, app, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p (privilege)
    WHERE t.name IN ('outbox', 'relay_leases', 'inbox', 'parked', 'unreadable', 'parked_decisions', 'partition_starts',
            'members', 'audit_records', 'migrations')
        AND has_table_privilege(app.oid, t.oid, p.privilege)
        AND (t.name, p.privilege) NOT IN (('outbox', 'INSERT'), ('audit_records', 'INSERT'))
    """,
    "too_strong_a_login": """
    SELECT rolname FROM pg_roles
    WHERE rolname IN ($1 || '_owner', $1 || '_migrate', $1 || '_app', $1 || '_worker')
        AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
    UNION ALL
    SELECT rolname || ' logs in' FROM pg_roles WHERE rolname = $1 || '_owner' AND rolcanlogin
    UNION ALL
    SELECT rolname || ' inherits' FROM pg_roles
    WHERE rolname IN ($1 || '_migrate', $1 || '_app', $1 || '_worker') AND rolinherit
    UNION ALL
    SELECT m.rolname || ' is ' || r.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
        JOIN pg_roles r ON r.oid = a.roleid
    WHERE m.rolname IN ($1 || '_app', $1 || '_worker') OR (m.rolname = $1 || '_migrate' AND r.rolname <> $1 || '_owner')
    UNION ALL
    SELECT m.rolname || ' inherits ' || r.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
        JOIN pg_roles r ON r.oid = a.roleid
    WHERE r.rolname = $1 || '_owner' AND (a.inherit_option OR m.rolname <> $1 || '_migrate') AND NOT m.rolsuper
    """,
    "not_the_owners": """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = to_regnamespace($1) AND pg_get_userbyid(c.relowner) <> $1 || '_owner'
    UNION ALL
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = to_regnamespace($1) AND pg_get_userbyid(p.proowner) <> $1 || '_owner'
    """,
    "definer_without_path": """
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = to_regnamespace($1) AND p.prosecdef AND NOT EXISTS (
        SELECT FROM unnest(p.proconfig) setting
        WHERE setting IN ('search_path=pg_catalog, ' || $1 || ', pg_temp', 'search_path=pg_catalog, pg_temp')
    )
    """,
    "leakproof": """
    SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = to_regnamespace($1) AND p.proleakproof
    """,
    # Their operators are not leakproof, so under row-level security no index serves them.
    "type_without_index": _TENANTS
    + """
    SELECT c.tbl || '.' || c.name || ' ' || format_type(c.atttypid, NULL)
    FROM columns c JOIN pg_type y ON y.oid = c.atttypid
    WHERE y.typtype = 'e' OR y.typname IN ('numeric', 'money', 'citext', 'bpchar', 'varchar')
    """,
    "instant_without_zone": _TENANTS
    + """
    SELECT tbl || '.' || name || ' ' || format_type(atttypid, NULL) FROM columns
    WHERE atttypid IN ('timestamp'::regtype, 'timetz'::regtype)
        OR (name LIKE '%\\_at' AND atttypid NOT IN ('timestamptz'::regtype, '_timestamptz'::regtype))
    """,
    "view_around_the_wall": """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = to_regnamespace($1)
        AND (c.relkind = 'm' OR (c.relkind = 'v' AND NOT coalesce(c.reloptions @> '{security_invoker=true}', false)))
    """,
}  # fmt: skip - each rule stands under its name


async def finding(connection: "asyncpg.Connection[asyncpg.Record]", rule: str, schema: str) -> set[str]:
    """What one rule finds in a schema."""
    return {str(row[0]) for row in await connection.fetch(LINTS[rule], schema)}


async def findings(connection: "asyncpg.Connection[asyncpg.Record]", schema: str) -> set[str]:
    """What every rule finds in a schema, as rule and line."""
    return {f"{rule} {line}" for rule in LINTS for line in await finding(connection, rule, schema)}
