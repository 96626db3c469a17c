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
    review_at timestamptz NOT NULL
);
DO $$ BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON stock, effects TO %I', current_schema() || '_worker');
END $$;
