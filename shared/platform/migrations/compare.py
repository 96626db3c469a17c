"""What a schema is, as sorted lines, so that two ways of building it can be compared; refuses to change anything."""

from typing import Final, Protocol

import asyncpg

# One query per kind of fact; each gives lines of text, `$1` is the schema. The order of columns in a table is left out:
# a column that a migration added stands last, and no statement of ours depends on it.
_QUERIES: Final = (
    """
    SELECT format('schema owner=%s', nspowner::regrole) FROM pg_namespace WHERE nspname = $1
    UNION ALL
    SELECT format('grant schema %s to %s%s', a.privilege_type, coalesce(r.rolname, 'PUBLIC'),
                  CASE WHEN a.is_grantable THEN ' with grant option' END)
    FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
        LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE n.nspname = $1
    """,
    """
    SELECT format('%s %s owner=%s persistence=%s rls=%s forced=%s options=%s',
                  CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                               WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE relkind::text END,
                  relname, relowner::regrole, relpersistence, relrowsecurity, relforcerowsecurity,
                  (SELECT string_agg(o, ' ' ORDER BY o) FROM unnest(reloptions) o))
           || CASE WHEN relkind IN ('v', 'm') THEN ' as ' || pg_get_viewdef(c.oid) ELSE '' END
    FROM pg_class c WHERE relnamespace = to_regnamespace($1) AND relkind NOT IN ('i', 'I', 'c', 't')
    """,
    """
    SELECT format('column %s.%s %s%s%s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                  CASE WHEN a.attcollation <> y.typcollation THEN ' collate ' || a.attcollation::regcollation END,
                  CASE WHEN a.attnotnull THEN ' not null' END,
                  CASE a.attidentity WHEN 'a' THEN ' identity always' WHEN 'd' THEN ' identity by default' END,
                  CASE a.attgenerated WHEN 's' THEN ' stored' WHEN 'v' THEN ' virtual' END,
                  ' default ' || pg_get_expr(d.adbin, d.adrelid))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type y ON y.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p', 'c') AND a.attnum > 0 AND NOT a.attisdropped
    """,
    """
    SELECT format('constraint %s on %s %s%s%s', conname, coalesce(c.relname, t.typname), pg_get_constraintdef(k.oid),
                  CASE WHEN NOT convalidated THEN ' unvalidated' END, CASE WHEN NOT conenforced THEN ' unenforced' END)
    FROM pg_constraint k LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid
    WHERE k.connamespace = to_regnamespace($1) AND contype <> 'n'  -- columns say it, and its name shows their history
    """,
    """
    SELECT format('index %s%s%s', pg_get_indexdef(i.indexrelid), CASE WHEN NOT indisvalid THEN ' invalid' END,
                  CASE WHEN indisreplident THEN ' replica identity' END)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = to_regnamespace($1)
    """,
    """
    SELECT format('policy %s on %s %s %s for %s using %s with check %s', polname, c.relname,
                  CASE WHEN polpermissive THEN 'permissive' ELSE 'restrictive' END, polcmd,
                  (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE r::regrole::text END, ' ' ORDER BY r)
                   FROM unnest(polroles) r),
                  pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = to_regnamespace($1)
    """,
    """
    SELECT format('grant %s on %s to %s%s', a.privilege_type, c.relname, coalesce(r.rolname, 'PUBLIC'),
                  CASE WHEN a.is_grantable THEN ' with grant option' END)
    FROM pg_class c, LATERAL (SELECT CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char") kind (letter),
        aclexplode(coalesce(c.relacl, acldefault(kind.letter, c.relowner))) a
        LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
    UNION ALL
    SELECT format('grant %s on %s.%s to %s%s', x.privilege_type, c.relname, a.attname, coalesce(r.rolname, 'PUBLIC'),
                  CASE WHEN x.is_grantable THEN ' with grant option' END)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped, aclexplode(a.attacl) x
        LEFT JOIN pg_roles r ON r.oid = x.grantee
    WHERE c.relnamespace = to_regnamespace($1)
    UNION ALL
    SELECT format('grant %s on %s to %s%s', a.privilege_type, p.oid::regprocedure, coalesce(r.rolname, 'PUBLIC'),
                  CASE WHEN a.is_grantable THEN ' with grant option' END)
    FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE p.pronamespace = to_regnamespace($1)
    UNION ALL
    SELECT format('default grant of %s on %s to %s', d.defaclrole::regrole, d.defaclobjtype, d.defaclacl)
    FROM pg_default_acl d
    WHERE d.defaclrole = (SELECT nspowner FROM pg_namespace WHERE nspname = $1)
        OR d.defaclnamespace = to_regnamespace($1)
    """,
    """
    SELECT format('routine owner=%s %s', proowner::regrole, pg_get_functiondef(oid))
    FROM pg_proc WHERE pronamespace = to_regnamespace($1) AND prokind IN ('f', 'p', 'w')
    UNION ALL
    SELECT 'trigger ' || pg_get_triggerdef(t.oid) || ' enabled=' || tgenabled::text
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = to_regnamespace($1) AND NOT tgisinternal
    UNION ALL
    SELECT format('type %s %s of %s', typname, typtype, coalesce(typbasetype::regtype::text,
                  (SELECT string_agg(enumlabel, ' ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)))
    FROM pg_type t WHERE typnamespace = to_regnamespace($1) AND typtype IN ('d', 'e', 'r')
    UNION ALL
    SELECT format('sequence %s %s start %s by %s from %s to %s cycle %s', seqrelid::regclass, seqtypid::regtype,
                  seqstart, seqincrement, seqmin, seqmax, seqcycle)
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid WHERE c.relnamespace = to_regnamespace($1)
    """,
)


class Queries(Protocol):
    """What of asyncpg's connection or pool is needed here."""

    async def fetch(self, query: str, *args: object) -> "list[asyncpg.Record]": ...


async def describe(connection: Queries, schema: str) -> list[str]:
    """Every fact that the catalogue holds of `schema` and that a statement could notice, as sorted lines of text.

    Tables, columns, defaults, constraints, indexes, policies, grants, routines, triggers, types and sequences.
    """
    facts = [row[0] for query in _QUERIES for row in await connection.fetch(query, schema)]
    return sorted(facts)
