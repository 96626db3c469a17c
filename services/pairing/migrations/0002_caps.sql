-- How many cross pairs an institution lends and borrows at most, with all others together, and what is counted for it.
ALTER TABLE institutions
    ADD COLUMN lend_cap integer CHECK (lend_cap >= 0),
    ADD COLUMN borrow_cap integer CHECK (borrow_cap >= 0);
CREATE INDEX pairs_lent_now ON pairs (mentor_institution_id, mentee_institution_id) WHERE shared_place IS NOT NULL;
CREATE INDEX pairs_borrowed_now ON pairs (mentee_institution_id) WHERE shared_place IS NOT NULL;

-- What bounds a cross pair counts pairs with third institutions, which the wall hides from the two that it is about. So
-- these answer with numbers alone, and only of pairs between the asker's own institution and another one.
CREATE POLICY counter ON institutions TO pairing_owner USING (true);
CREATE POLICY counter ON pairs FOR SELECT TO pairing_owner USING (true);

-- Whoever takes a place of a cross pair holds both institutions until the commit, in order of their ids.
CREATE FUNCTION lock_lending(lender uuid, borrower uuid) RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pairing, pg_temp
    AS $$
        SELECT FROM institutions
        WHERE institution_id IN (lender, borrower) AND ctx_institution() IN (lender, borrower)
        ORDER BY institution_id FOR NO KEY UPDATE
    $$;
CREATE FUNCTION count_lending(lender uuid, borrower uuid)
    RETURNS TABLE (between_them bigint, lend_cap integer, lent bigint, borrow_cap integer, borrowed bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pairing, pg_temp
    AS $$
        SELECT
            (SELECT count(*) FROM pairs
             WHERE mentor_institution_id = lender AND mentee_institution_id = borrower AND shared_place IS NOT NULL),
            l.lend_cap,
            (SELECT count(*) FROM pairs WHERE mentor_institution_id = lender AND shared_place IS NOT NULL),
            b.borrow_cap,
            (SELECT count(*) FROM pairs WHERE mentee_institution_id = borrower AND shared_place IS NOT NULL)
        FROM institutions l, institutions b
        WHERE l.institution_id = lender AND b.institution_id = borrower AND ctx_institution() IN (lender, borrower)
    $$;
GRANT EXECUTE ON FUNCTION lock_lending(uuid, uuid), count_lending(uuid, uuid) TO pairing_app;
