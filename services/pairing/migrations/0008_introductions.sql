-- Mentors say in what they can introduce somebody, and connect a mentee to a colleague whom neither names to the other.
ALTER TABLE people ADD COLUMN introduces_in text[] NOT NULL DEFAULT '{}';
GRANT UPDATE (introduces_in) ON people TO pairing_app;
ALTER TABLE mentor_cards ADD COLUMN introduces_in text[] NOT NULL DEFAULT '{}';

-- A mentee asks a mentor for an introduction; it waits until an offer answers it or its time is over.
CREATE TABLE introduction_wishes (
    wish_id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    field text NOT NULL,
    asked_at timestamptz NOT NULL,
    answer_by timestamptz NOT NULL,
    introduction_id uuid,
    PRIMARY KEY (wish_id, mentee_institution_id),
    CHECK (mentor_id <> mentee_id)
);
CREATE INDEX introduction_wishes_of_mentor ON introduction_wishes (mentor_id, asked_at, wish_id);
CREATE INDEX introduction_wishes_of_mentee ON introduction_wishes (mentee_id, asked_at, wish_id);
CREATE INDEX introduction_wishes_of_mentor_institution ON introduction_wishes (mentor_institution_id);
CREATE INDEX introduction_wishes_of_mentee_institution ON introduction_wishes (mentee_institution_id);
CALL wall_by('introduction_wishes', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT, INSERT, UPDATE (introduction_id) ON introduction_wishes TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON introduction_wishes TO pairing_worker;

-- An introduction is the mentor's own, `person_id`, and nobody else's of the institution. It never says what was answered,
-- so that neither the mentor nor an administrator can look: its row is the lock under which the two answers are counted.
CREATE TABLE introductions (
    introduction_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    colleague_id uuid NOT NULL,
    colleague_institution_id uuid NOT NULL,
    field text,
    offered_at timestamptz NOT NULL,
    answer_by timestamptz NOT NULL,
    outcome text CHECK (outcome IN ('connected', 'withdrawn', 'lapsed')),
    closed_at timestamptz,
    version bigint NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (introduction_id, institution_id),
    CONSTRAINT introductions_are_of_three CHECK (
        person_id <> mentee_id AND person_id <> colleague_id AND mentee_id <> colleague_id
    ),
    CONSTRAINT introductions_close_once CHECK ((closed_at IS NULL) = (outcome IS NULL))
);
CREATE UNIQUE INDEX introductions_one_open ON introductions (institution_id, person_id, mentee_id, colleague_id)
    WHERE closed_at IS NULL;
CREATE INDEX introductions_of_mentor ON introductions (person_id, offered_at, introduction_id);
CREATE INDEX introductions_of_mentee ON introductions (mentee_id) WHERE closed_at IS NULL;
CREATE INDEX introductions_of_colleague ON introductions (colleague_id) WHERE closed_at IS NULL;
CREATE INDEX introductions_of_institution ON introductions (institution_id);
CALL wall_by('introductions', 'institution_id');
CREATE POLICY own ON introductions AS RESTRICTIVE TO pairing_app USING (person_id = (SELECT ctx_person()));
GRANT SELECT, INSERT, UPDATE (outcome, closed_at, version, revision) ON introductions TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON introductions TO pairing_worker;

-- What one of the two who are asked may know of it, and their answer, which is shown to nobody else whoever asks. The
-- other one is named here at the second yes, and an answer is forgotten when it did not come about.
CREATE TABLE introduction_sides (
    introduction_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    part text NOT NULL CHECK (part IN ('mentee', 'colleague')),
    mentor_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    field text,
    offered_at timestamptz NOT NULL,
    answer_by timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'connected', 'did_not_come_about')),
    closed_at timestamptz,
    other_id uuid,
    other_institution_id uuid,
    answer text CHECK (answer IN ('yes', 'no')),
    revision bigint NOT NULL,
    PRIMARY KEY (introduction_id, part, institution_id),
    CONSTRAINT introduction_sides_close_once CHECK ((closed_at IS NULL) = (state = 'waiting')),
    CONSTRAINT introduction_sides_name_nobody_before CHECK ((other_id IS NOT NULL) = (state = 'connected')),
    CONSTRAINT introduction_sides_forget CHECK (state <> 'did_not_come_about' OR answer IS NULL)
);
CREATE INDEX introduction_sides_of_person ON introduction_sides (person_id, offered_at, introduction_id);
CREATE INDEX introduction_sides_of_institution ON introduction_sides (institution_id);
CALL wall_by('introduction_sides', 'institution_id');
CREATE POLICY own ON introduction_sides AS RESTRICTIVE TO pairing_app USING (person_id = (SELECT ctx_person()));
GRANT SELECT, INSERT, UPDATE (state, closed_at, other_id, other_institution_id, answer, revision)
    ON introduction_sides TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON introduction_sides TO pairing_worker;

-- A colleague may be of an institution behind the mentor's wall. This answers with the institution alone, and only where
-- an agreement lets the mentee's institution borrow from it, or it is the mentee's own; and from the mentor's likewise.
CREATE POLICY introducer ON people FOR SELECT TO pairing_owner USING (true);
CREATE POLICY introducer ON agreements FOR SELECT TO pairing_owner USING (true);
CREATE FUNCTION lends_to(lender uuid, borrower uuid, instant timestamptz) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pairing, pg_temp
    AS $$
        SELECT lender = borrower OR EXISTS (
            SELECT FROM agreements
            WHERE lender_institution_id = lender AND borrower_institution_id = borrower AND ended_at IS NULL
              AND NOT is_ending AND starts_at <= instant AND (ends_at IS NULL OR ends_at > instant)
        )
    $$;
CREATE FUNCTION find_colleague(colleague uuid, mentee_institution uuid, instant timestamptz) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pairing, pg_temp
    AS $$
        SELECT institution_id FROM people
        WHERE person_id = colleague AND status = 'here' AND (is_mentor OR is_mentee)
          AND lends_to(institution_id, mentee_institution, instant)
          AND lends_to(ctx_institution(), mentee_institution, instant)
    $$;
GRANT EXECUTE ON FUNCTION find_colleague(uuid, uuid, timestamptz) TO pairing_app;
