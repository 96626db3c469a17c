-- Whom mentees ask, and when a conflict of interest has to be resolved.
ALTER TABLE pairs ADD COLUMN coi_review_by timestamptz;

-- A mentor whom a request asks, or asked: no rank, and nobody else whom it names.
CREATE TABLE choices (
    choice_id uuid PRIMARY KEY,
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('asked', 'accepted', 'declined', 'lapsed', 'passed_over', 'withdrawn')),
    answer_by timestamptz NOT NULL
);
CREATE INDEX choices_of_mentor ON choices (mentor_id);
CREATE INDEX choices_of_mentee ON choices (mentee_id);
CALL wall_by('choices', 'mentor_institution_id', 'mentee_institution_id');

-- Who somebody is whose id the viewer was given: their own institution's people, mentors whom another one shares with it
-- under an agreement in force, and whoever asks the viewer or was asked by them. Nobody can list people with it.
CREATE FUNCTION name_people(wanted uuid[], as_of timestamptz) RETURNS TABLE (
    person_id uuid, name text, locale text, institution_id uuid, institution text
)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, console, pg_temp
    AS $$
        SELECT p.person_id, p.name, p.locale, p.institution_id, i.name
        FROM people p JOIN institutions i ON i.institution_id = p.institution_id
        WHERE p.person_id = ANY (wanted) AND (
            p.institution_id = ctx_institution()
            OR (p.shared_places > 0 AND EXISTS (
                SELECT FROM agreements a
                WHERE a.lender_institution_id = p.institution_id AND a.borrower_institution_id = ctx_institution()
                    AND NOT a.has_ended AND a.starts_at <= as_of AND (a.ends_at IS NULL OR a.ends_at > as_of)
            ))
            OR EXISTS (
                SELECT FROM choices c
                WHERE (c.mentor_id = ctx_person() AND c.mentee_id = p.person_id)
                    OR (c.mentee_id = ctx_person() AND c.mentor_id = p.person_id)
            )
        )
    $$;
CREATE POLICY look_up ON people FOR SELECT TO console_owner USING (true);
CREATE POLICY look_up ON choices FOR SELECT TO console_owner USING (true);
GRANT EXECUTE ON FUNCTION name_people(uuid[], timestamptz) TO console_app;
GRANT SELECT ON choices TO console_app;
GRANT SELECT, INSERT, UPDATE ON choices TO console_worker;
