-- The compact of a pair: where it stands, without a word of it. It changes only under the lock of its pair.
CREATE TABLE compacts (
    pair_id uuid NOT NULL,
    compact_id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('answering', 'compared', 'offered', 'in_force', 'amending', 'ended')),
    mentor_answered_at timestamptz,
    mentee_answered_at timestamptz,
    compared_at timestamptz,
    last_number integer NOT NULL CHECK (last_number >= 0),
    silent_since timestamptz,
    drift_raised_at timestamptz,
    version bigint NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (pair_id, mentee_institution_id),
    CHECK (mentor_id <> mentee_id),
    CONSTRAINT compacts_compare_two_answers CHECK (
        compared_at IS NULL OR (mentor_answered_at IS NOT NULL AND mentee_answered_at IS NOT NULL)
    ),
    CONSTRAINT compacts_drift_from_a_silence CHECK (drift_raised_at IS NULL OR silent_since IS NOT NULL)
);
CREATE INDEX compacts_of_mentor_institution ON compacts (mentor_institution_id);
CREATE INDEX compacts_of_mentee_institution ON compacts (mentee_institution_id);
CALL wall_by('compacts', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT, INSERT ON compacts TO pairing_app;
GRANT UPDATE (state, mentor_answered_at, mentee_answered_at, compared_at, last_number, silent_since, drift_raised_at,
    version, revision) ON compacts TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON compacts TO pairing_worker;

-- What of each version can be counted. At most one of a pair waits, and at most one is in force.
CREATE TABLE compact_versions (
    pair_id uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('offered', 'in_force', 'withdrawn', 'superseded', 'ended')),
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    meeting_interval text NOT NULL,
    meeting_minutes integer NOT NULL CHECK (meeting_minutes >= 1),
    touchpoint_interval text NOT NULL,
    wording integer NOT NULL CHECK (wording >= 1),
    offered_by uuid NOT NULL,
    offered_at timestamptz NOT NULL,
    mentor_signed_at timestamptz,
    mentee_signed_at timestamptz,
    in_force_at timestamptz,
    closed_at timestamptz,
    PRIMARY KEY (pair_id, number, mentee_institution_id),
    FOREIGN KEY (pair_id, mentee_institution_id) REFERENCES compacts (pair_id, mentee_institution_id),
    CHECK (starts_on < ends_on),
    CONSTRAINT compact_versions_close_once CHECK ((closed_at IS NULL) = (state IN ('offered', 'in_force'))),
    CONSTRAINT compact_versions_hold_with_two_signatures CHECK (
        (in_force_at IS NOT NULL) = (mentor_signed_at IS NOT NULL AND mentee_signed_at IS NOT NULL)
    ),
    CONSTRAINT compact_versions_in_force_are_dated CHECK (state <> 'in_force' OR in_force_at IS NOT NULL)
);
CREATE UNIQUE INDEX compact_versions_one_in_force ON compact_versions (pair_id, mentee_institution_id)
    WHERE state = 'in_force';
CREATE UNIQUE INDEX compact_versions_one_waits ON compact_versions (pair_id, mentee_institution_id)
    WHERE state = 'offered';
CREATE INDEX compact_versions_of_mentor_institution ON compact_versions (mentor_institution_id);
CREATE INDEX compact_versions_of_mentee_institution ON compact_versions (mentee_institution_id);
CALL wall_by('compact_versions', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT, INSERT ON compact_versions TO pairing_app;
GRANT UPDATE (state, mentor_signed_at, mentee_signed_at, in_force_at, closed_at) ON compact_versions TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON compact_versions TO pairing_worker;

-- What one of the two expects, in terms and words: theirs alone until both have said it, and nobody else's ever.
CREATE TABLE expectations (
    pair_id uuid NOT NULL,
    person_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    meeting_interval text NOT NULL,
    meeting_minutes integer NOT NULL,
    touchpoint_interval text NOT NULL,
    goals text[] NOT NULL,
    words text,
    stated_at timestamptz NOT NULL,
    PRIMARY KEY (pair_id, person_id, mentee_institution_id),
    FOREIGN KEY (pair_id, mentee_institution_id) REFERENCES compacts (pair_id, mentee_institution_id)
);
CREATE INDEX expectations_of_person ON expectations (person_id);
CREATE INDEX expectations_of_partner ON expectations (partner_id);
CREATE INDEX expectations_of_mentor_institution ON expectations (mentor_institution_id);
CREATE INDEX expectations_of_mentee_institution ON expectations (mentee_institution_id);
CALL wall_by('expectations', 'mentor_institution_id', 'mentee_institution_id');
CREATE POLICY own ON expectations AS RESTRICTIVE TO pairing_app
    USING (
        person_id = (SELECT ctx_person())
        OR (
            partner_id = (SELECT ctx_person())
            AND EXISTS (SELECT 1 FROM compacts c WHERE c.pair_id = expectations.pair_id AND c.compared_at IS NOT NULL)
        )
    )
    WITH CHECK (person_id = (SELECT ctx_person()));
GRANT SELECT, INSERT ON expectations TO pairing_app;
GRANT UPDATE (starts_on, ends_on, meeting_interval, meeting_minutes, touchpoint_interval, goals, words, stated_at)
    ON expectations TO pairing_app;
GRANT SELECT (pair_id, person_id, partner_id), DELETE ON expectations TO pairing_worker;

-- The goals of each version, in words: for the two alone. The worker deletes them and can read none.
CREATE TABLE compact_goals (
    pair_id uuid NOT NULL,
    number integer NOT NULL,
    goal_id uuid NOT NULL,
    person_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    place integer NOT NULL CHECK (place >= 1),
    text text NOT NULL,
    support text NOT NULL CHECK (support IN ('direct', 'coach', 'on_request')),
    PRIMARY KEY (pair_id, number, goal_id, mentee_institution_id),
    FOREIGN KEY (pair_id, number, mentee_institution_id)
        REFERENCES compact_versions (pair_id, number, mentee_institution_id)
);
CREATE INDEX compact_goals_of_person ON compact_goals (person_id);
CREATE INDEX compact_goals_of_partner ON compact_goals (partner_id);
CREATE INDEX compact_goals_of_mentor_institution ON compact_goals (mentor_institution_id);
CREATE INDEX compact_goals_of_mentee_institution ON compact_goals (mentee_institution_id);
CALL wall_by('compact_goals', 'mentor_institution_id', 'mentee_institution_id');
CREATE POLICY own ON compact_goals AS RESTRICTIVE TO pairing_app
    USING ((SELECT ctx_person()) IN (person_id, partner_id));
GRANT SELECT, INSERT, UPDATE (support) ON compact_goals TO pairing_app;
GRANT SELECT (pair_id, person_id, partner_id), DELETE ON compact_goals TO pairing_worker;
