-- Platform tables of one service, made in its own schema before the service's first migration.
-- `current_schema()` is the service's name, and its logins are `<service>_app` and `<service>_worker`.

-- PostgreSQL lets everybody run a new function unless told otherwise; here each is granted by name.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC;

CREATE FUNCTION ctx_institution() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('osler.institution_id', true), '')::uuid $$;
CREATE FUNCTION ctx_person() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('osler.person_id', true), '')::uuid $$;

-- Tenancy walls, so that each migration says in one line to whom a table's rows belong. The wall is restrictive: a
-- policy that a service adds later, permissive or not, can only show less. The context stands in a sub-select, so that
-- it is read once per statement and not once per row.
CREATE PROCEDURE wall_by(tbl text, VARIADIC institution_columns text[]) LANGUAGE plpgsql AS $$
DECLARE
    app text := current_schema() || '_app';
    worker text := current_schema() || '_worker';
    own text;
BEGIN
    SELECT string_agg(format('%I = (SELECT %I.ctx_institution())', col, current_schema()), ' OR ')
        INTO STRICT own FROM unnest(institution_columns) col;
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tbl);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tbl);
    EXECUTE format('CREATE POLICY tenant ON %I AS RESTRICTIVE TO %I USING (%s) WITH CHECK (%s)', tbl, app, own, own);
    EXECUTE format('CREATE POLICY within ON %I TO %I USING (true) WITH CHECK (true)', tbl, app);
    EXECUTE format('CREATE POLICY worker ON %I TO %I USING (true) WITH CHECK (true)', tbl, worker);
END $$;

CREATE TABLE outbox (
    shard smallint NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL,
    event_id uuid NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    key bytea NOT NULL,
    headers text[] NOT NULL,
    payload bytea,
    occurred_at timestamptz NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (shard, position),
    UNIQUE (aggregate_id, version)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

CREATE TABLE relay_leases (
    shard smallint PRIMARY KEY,
    owner text NOT NULL,
    lease_until timestamptz NOT NULL
);

CREATE TABLE inbox (
    consumer text NOT NULL,
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    event_id uuid,
    waiting integer NOT NULL DEFAULT 0 CHECK (waiting >= 0),
    PRIMARY KEY (consumer, aggregate_id)
) WITH (fillfactor = 70);

CREATE TABLE parked (
    consumer text NOT NULL,
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    headers text NOT NULL,
    body bytea,
    reason text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_try_at timestamptz,
    PRIMARY KEY (consumer, aggregate_id, version)
);
CREATE INDEX inbox_waiting ON inbox (consumer) WHERE waiting > 0;
CREATE INDEX parked_due ON parked (consumer, next_try_at) WHERE next_try_at IS NOT NULL;

CREATE TABLE unreadable (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    key bytea,
    headers text NOT NULL,
    body bytea,
    reason text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, topic, partition, "offset")
);

-- What a person decided about parked events: who discarded or accepted what, and why.
CREATE TABLE parked_decisions (
    decision_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    decided_by text NOT NULL,
    decision text NOT NULL CHECK (decision IN ('retry', 'discard', 'accept')),
    consumer text NOT NULL,
    aggregate_id uuid,
    version bigint,
    topic text,
    reason text
);

CREATE TABLE partition_starts (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    starts integer NOT NULL DEFAULT 0,
    trying_offset bigint,
    tries integer NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer, topic, partition)
);

CREATE TABLE timers (
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    generation uuid NOT NULL DEFAULT gen_random_uuid(),
    payload jsonb NOT NULL DEFAULT '{}',
    attempts integer NOT NULL DEFAULT 0,
    reason text,
    next_try_at timestamptz,
    PRIMARY KEY (kind, subject_id)
);
CREATE INDEX timers_due ON timers (due_at);

CREATE TABLE idempotency_keys (
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    status integer,
    headers jsonb,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (institution_id, person_id, operation, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Who may sign in here and as what, learned from the directory's events; no name and no address.
CREATE TABLE members (
    person_id uuid PRIMARY KEY,
    institution_id uuid NOT NULL,
    sign_in_key text NOT NULL UNIQUE,
    status text NOT NULL CHECK (status IN ('here', 'on_leave', 'left', 'erased')),
    roles text[] NOT NULL DEFAULT '{}'
);
-- The app login looks one person up by the key that a token yields, and cannot list anyone.
CREATE FUNCTION find_member(wanted text) RETURNS TABLE (person_id uuid, institution_id uuid, status text, roles text[])
    LANGUAGE sql STABLE SECURITY DEFINER
    AS $$ SELECT m.person_id, m.institution_id, m.status, m.roles FROM members m WHERE m.sign_in_key = wanted $$;

-- Who did what as an administrator, or looked for what is not theirs; kept whatever became of the request.
CREATE TABLE audit_records (
    audit_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    operation text NOT NULL,
    path text NOT NULL,
    outcome text NOT NULL,
    reason text
);

CALL wall_by('idempotency_keys', 'institution_id');
CALL wall_by('members', 'institution_id');
ALTER TABLE audit_records ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_records FORCE ROW LEVEL SECURITY;

DO $$
DECLARE
    own text := current_schema();
    app text := current_schema() || '_app';
    worker text := current_schema() || '_worker';
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I, %I', own, app, worker);
    EXECUTE format('GRANT EXECUTE ON FUNCTION ctx_institution(), ctx_person(), find_member(text) TO %I, %I', app, worker);

    -- A kept answer is a person's own, not only an institution's.
    EXECUTE format('CREATE POLICY person ON idempotency_keys AS RESTRICTIVE TO %I USING (person_id = (SELECT ctx_person()))', app);

    -- An act is recorded in one's own name; the record of a request that failed is written outside any context.
    EXECUTE format('CREATE POLICY own ON audit_records FOR INSERT TO %I WITH CHECK (institution_id = (SELECT ctx_institution()) AND person_id = (SELECT ctx_person()))', app);
    EXECUTE format('CREATE POLICY worker ON audit_records TO %I USING (true) WITH CHECK (true)', worker);

    -- pg_temp is searched first unless it is named: a caller's temporary table must never pass for `members`.
    EXECUTE format('ALTER FUNCTION find_member(text) SET search_path = pg_catalog, %I, pg_temp', own);
    EXECUTE format('CREATE POLICY sign_in ON members FOR SELECT TO %I USING (true)', own || '_owner');

    EXECUTE format('GRANT INSERT ON outbox, audit_records TO %I', app);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON timers TO %I', app);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON idempotency_keys TO %I', app);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, relay_leases, inbox, parked, unreadable, parked_decisions, partition_starts, timers, idempotency_keys, members TO %I', worker);
    EXECUTE format('GRANT SELECT, INSERT ON audit_records TO %I', worker);
END $$;
