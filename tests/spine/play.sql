-- The tables of the play: what a publisher counts, what a consumer did, and what a trigger saw of every outbox row.
CREATE TABLE IF NOT EXISTS counters (
    pair_id uuid PRIMARY KEY,
    version bigint NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS effects (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS committed (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL,
    type text NOT NULL
);
CREATE FUNCTION note_committed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO committed (topic, aggregate_id, version, type) VALUES (
        NEW.topic, NEW.aggregate_id, NEW.version, NEW.headers[array_position(NEW.headers, 'ce_type') + 1]
    );
    RETURN NEW;
END $$;
CREATE TRIGGER note_committed AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION note_committed();
DO $$ BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON counters, effects TO %I, %I', current_schema() || '_app', current_schema() || '_worker');
    EXECUTE format('GRANT SELECT ON committed TO %I', current_schema() || '_worker');
END $$;
