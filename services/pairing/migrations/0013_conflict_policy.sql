-- Which kinds of conflict of interest only warn at an institution; what may, the code knows.
ALTER TABLE institutions ADD COLUMN warns text[] NOT NULL DEFAULT '{coach}';

-- Of two institutions the stricter holds, and the other one's policy stands behind the wall: this answers with yes or no.
CREATE FUNCTION only_warns(kind text, one uuid, other uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pairing, pg_temp
    AS $$
        SELECT coalesce(bool_and(kind = ANY (warns)), false) FROM institutions
        WHERE institution_id IN (one, other) AND coalesce(ctx_institution() IN (one, other), true)
    $$;
GRANT EXECUTE ON FUNCTION only_warns(text, uuid, uuid) TO pairing_app, pairing_worker;

-- What somebody said before there was a pair is shown to them and to administrators, not to the other one.
ALTER TABLE conflicts ADD COLUMN is_private boolean NOT NULL DEFAULT false;
CREATE INDEX conflicts_by ON conflicts (declared_by, declared_at, conflict_id) WHERE withdrawn_at IS NULL;

-- Of whom something may be said before there is a pair: answers with the institution alone, and only of people of the
-- asker's own and of institutions that lend to it or borrow from it.
CREATE FUNCTION find_counterpart(person uuid, instant timestamptz) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pairing, pg_temp
    AS $$
        SELECT institution_id FROM people
        WHERE person_id = person AND status IN ('here', 'on_leave') AND (is_mentor OR is_mentee) AND (
            lends_to(institution_id, ctx_institution(), instant) OR lends_to(ctx_institution(), institution_id, instant)
        )
    $$;
GRANT EXECUTE ON FUNCTION find_counterpart(uuid, timestamptz) TO pairing_app;

-- A wish that is taken back leaves nothing.
GRANT DELETE ON introduction_wishes TO pairing_app;

-- From when on a pair that goes on after a notice is no administrator's any more.
ALTER TABLE pairs ADD COLUMN cut_off_at timestamptz;
