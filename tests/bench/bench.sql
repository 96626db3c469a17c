-- What the benchmarks need beside the platform's own tables: the rows that fill the outbox, and an effect to have.
-- Of the outbox's columns all but those that it fills by itself.
CREATE TABLE stock (LIKE outbox INCLUDING IDENTITY, PRIMARY KEY (position));
ALTER TABLE stock DROP COLUMN written_at;
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
CREATE TABLE finished (due_at timestamptz NOT NULL, LIKE outbox, PRIMARY KEY (aggregate_id));
ALTER TABLE finished DROP COLUMN position, DROP COLUMN written_at;
CREATE INDEX finished_due ON finished (due_at);
DO $$ BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON stock, effects TO %I', current_schema() || '_worker');
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON subjects, finished TO %I', current_schema() || '_worker');
END $$;
