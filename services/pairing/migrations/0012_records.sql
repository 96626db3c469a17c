-- What the two of a pair did together, as meetings said it: ids and numbers, which stay when somebody is erased.
-- Verified is what one of the two said took place.
CREATE TABLE tallies (
    pair_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    meetings integer NOT NULL CHECK (meetings >= 0),
    verified_minutes integer NOT NULL CHECK (verified_minutes >= 0),
    unconfirmed_meetings integer NOT NULL CHECK (unconfirmed_meetings >= 0),
    touchpoints integer NOT NULL CHECK (touchpoints >= 0),
    touchpoint_minutes integer NOT NULL CHECK (touchpoint_minutes >= 0),
    PRIMARY KEY (pair_id, mentee_institution_id)
);
CREATE INDEX tallies_of_mentor_institution ON tallies (mentor_institution_id);
CREATE INDEX tallies_of_mentee_institution ON tallies (mentee_institution_id);
CALL wall_by('tallies', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT ON tallies TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON tallies TO pairing_worker;

-- In which year a mentee was, and since when: a record names the one in which a pair began.
CREATE TABLE levels (
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    since timestamptz NOT NULL,
    level text,
    PRIMARY KEY (institution_id, person_id, since)
);
CALL wall_by('levels', 'institution_id');
GRANT SELECT ON levels TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON levels TO pairing_worker;

-- What a mentee, `person_id`, lets a mentor show for working with them: their name, and a thank-you note. It is the two's
-- alone, and only the mentee writes it. The worker deletes the words and can read none.
CREATE TABLE acknowledgements (
    pair_id uuid NOT NULL,
    person_id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    is_named boolean NOT NULL,
    thanks text,
    thanks_in_record boolean NOT NULL,
    thanked_at timestamptz,
    PRIMARY KEY (pair_id, mentee_institution_id),
    CONSTRAINT acknowledgements_date_their_thanks CHECK ((thanks IS NULL) = (thanked_at IS NULL)),
    CONSTRAINT acknowledgements_show_what_there_is CHECK (thanks IS NOT NULL OR NOT thanks_in_record)
);
CREATE INDEX acknowledgements_of_person ON acknowledgements (person_id);
CREATE INDEX acknowledgements_of_mentor ON acknowledgements (mentor_id);
CREATE INDEX acknowledgements_of_mentor_institution ON acknowledgements (mentor_institution_id);
CREATE INDEX acknowledgements_of_mentee_institution ON acknowledgements (mentee_institution_id);
CALL wall_by('acknowledgements', 'mentor_institution_id', 'mentee_institution_id');
CREATE POLICY own ON acknowledgements AS RESTRICTIVE TO pairing_app
    USING ((SELECT ctx_person()) IN (person_id, mentor_id)) WITH CHECK (person_id = (SELECT ctx_person()));
GRANT SELECT, INSERT, UPDATE (is_named, thanks, thanks_in_record, thanked_at) ON acknowledgements TO pairing_app;
GRANT SELECT (pair_id, person_id, mentor_id), UPDATE (thanks, thanks_in_record, thanked_at), DELETE
    ON acknowledgements TO pairing_worker;
