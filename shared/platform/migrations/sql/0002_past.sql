-- What the service said before its schema was made anew, until the rows that it was about are here again; and that its
-- topic has been read back to its end. Only services that are rebuilt from the log use them.
CREATE TABLE past (
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL,
    type text NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (aggregate_id, version)
);
CREATE TABLE recalls (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    recalled_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON past, recalls TO %I', current_schema() || '_worker');
END $$;
