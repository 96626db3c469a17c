-- The end that an agreement had before notice was given to it: until then a pair may go on, if both want it.
ALTER TABLE agreements ADD COLUMN term_ends_at timestamptz;

-- Whether the two of a cross pair go on when the notice is over; silence is no.
CREATE TABLE leavings (
    pair_id uuid PRIMARY KEY,
    agreement_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    decide_by timestamptz NOT NULL,
    goes_on_until timestamptz CHECK (goes_on_until > decide_by),
    stand text NOT NULL CHECK (stand IN ('asked', 'half_agreed', 'goes_on', 're_match', 'ended')),
    agreed_by uuid,
    CHECK (agreed_by IS NOT NULL OR stand NOT IN ('half_agreed', 'goes_on'))
);
CREATE INDEX leavings_of_mentor_institution ON leavings (mentor_institution_id);
CREATE INDEX leavings_of_mentee_institution ON leavings (mentee_institution_id);
CALL wall_by('leavings', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT, UPDATE (stand, agreed_by) ON leavings TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON leavings TO pairing_worker;

-- Mentees whose pair a notice ended: they wait first, until somebody says yes to them.
CREATE TABLE first_waiting (
    institution_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    since timestamptz NOT NULL,
    pair_id uuid NOT NULL,
    PRIMARY KEY (institution_id, mentee_id)
);
CREATE INDEX first_waiting_by_time ON first_waiting (institution_id, since, mentee_id);
CALL wall_by('first_waiting', 'institution_id');
GRANT SELECT ON first_waiting TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON first_waiting TO pairing_worker;
