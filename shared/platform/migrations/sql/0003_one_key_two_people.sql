-- Somebody who was erased and is hired again comes as somebody new with the same sign-in. The two are two aggregates, and
-- a service that reads the log from its start may hear of the second before the end of the first, so both are kept.
ALTER TABLE members DROP CONSTRAINT members_sign_in_key_key;
CREATE INDEX members_sign_in_key ON members (sign_in_key);
-- The one who may sign in; nobody as long as that could be two, so that neither passes for the other.
CREATE OR REPLACE FUNCTION find_member(wanted text)
    RETURNS TABLE (person_id uuid, institution_id uuid, status text, roles text[])
    LANGUAGE sql STABLE SECURITY DEFINER
    AS $$
        SELECT m.person_id, m.institution_id, m.status, m.roles FROM members m
        WHERE m.sign_in_key = wanted AND m.status IN ('here', 'on_leave') AND NOT EXISTS (
            SELECT FROM members o
            WHERE o.sign_in_key = wanted AND o.status IN ('here', 'on_leave') AND o.person_id <> m.person_id
        )
    $$;
DO $$
BEGIN
    -- Replacing a function drops its search path; pg_temp is searched first unless it is named.
    EXECUTE format('ALTER FUNCTION find_member(text) SET search_path = pg_catalog, %I, pg_temp', current_schema());
END $$;
