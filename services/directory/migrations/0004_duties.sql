-- What somebody does for a programme beside mentoring; pairing derives conflicts of interest from what is said of it.
CREATE TABLE duties (
    institution_id uuid NOT NULL,
    duty_id uuid NOT NULL,
    person_id uuid NOT NULL,
    programme text NOT NULL,
    duty text NOT NULL CHECK (duty IN ('director', 'committee_member', 'evaluator', 'coach')),
    ends_at timestamptz,
    PRIMARY KEY (institution_id, duty_id),
    UNIQUE (institution_id, person_id, programme, duty),
    FOREIGN KEY (institution_id, person_id) REFERENCES people,
    FOREIGN KEY (institution_id, programme) REFERENCES programmes (institution_id, code),
    CHECK (duty <> 'evaluator' OR ends_at IS NOT NULL)
);
CREATE INDEX duties_by_id ON duties (duty_id);
CREATE INDEX duties_of_programme ON duties (institution_id, programme, duty_id);
CALL wall_by('duties', 'institution_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON duties TO directory_app, directory_worker;
