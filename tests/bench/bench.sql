-- What the benchmarks need beside the platform's own tables: the rows that fill the outbox, and an effect to have.
CREATE TABLE stock (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shard smallint NOT NULL,
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL,
    event_id uuid NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    key bytea NOT NULL,
    headers text[] NOT NULL,
    payload bytea,
    occurred_at timestamptz NOT NULL
);
CREATE TABLE effects (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL,
    happened_at timestamptz NOT NULL
);
-- Subjects of timers, and the ceiling's timers, which carry a finished outbox row.
CREATE TABLE subjects (
    subject_id uuid PRIMARY KEY
);
CREATE TABLE finished (
    due_at timestamptz NOT NULL,
    shard smallint NOT NULL,
    aggregate_id uuid NOT NULL PRIMARY KEY,
    version bigint NOT NULL,
    event_id uuid NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    key bytea NOT NULL,
    headers text[] NOT NULL,
    payload bytea,
    occurred_at timestamptz NOT NULL
);
CREATE INDEX finished_due ON finished (due_at);
DO $$ BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON stock, effects TO %I', current_schema() || '_worker');
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON subjects, finished TO %I', current_schema() || '_worker');
END $$;
