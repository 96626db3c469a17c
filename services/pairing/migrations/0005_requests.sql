-- A mentee asks mentors one after the other.
-- A request is its mentee's institution's alone; its row is the lock under which its choices move.
CREATE TABLE requests (
    request_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'accepted', 'withdrawn', 'exhausted')),
    sent_at timestamptz NOT NULL,
    closed_at timestamptz,
    reason text,
    version bigint NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (request_id, institution_id),
    CONSTRAINT requests_close_once CHECK ((closed_at IS NULL) = (state = 'open')),
    CONSTRAINT requests_are_withdrawn_for_a_reason CHECK ((reason IS NOT NULL) = (state = 'withdrawn'))
);
CREATE UNIQUE INDEX requests_one_open ON requests (institution_id, mentee_id) WHERE closed_at IS NULL;
CREATE INDEX requests_of_mentee ON requests (mentee_id, sent_at, request_id);
CREATE INDEX requests_of_institution ON requests (institution_id, sent_at, request_id);
CALL wall_by('requests', 'institution_id');
GRANT SELECT, INSERT, UPDATE ON requests TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON requests TO pairing_worker;

-- The mentors of a request. Their own institutions see them from the asking on, which the statements keep.
CREATE TABLE choices (
    choice_id uuid NOT NULL,
    request_id uuid NOT NULL,
    rank integer NOT NULL CHECK (rank BETWEEN 1 AND 5),
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    state text NOT NULL
        CHECK (state IN ('not_asked', 'asked', 'accepted', 'declined', 'lapsed', 'passed_over', 'withdrawn')),
    asked_at timestamptz,
    answer_by timestamptz,
    closed_at timestamptz,
    reason text,
    pair_id uuid,
    revision bigint NOT NULL,
    PRIMARY KEY (choice_id, mentee_institution_id),
    FOREIGN KEY (request_id, mentee_institution_id) REFERENCES requests (request_id, institution_id),
    UNIQUE (mentee_institution_id, request_id, rank),
    UNIQUE (mentee_institution_id, request_id, mentor_id),
    CHECK (mentor_id <> mentee_id),
    CONSTRAINT choices_are_asked_until CHECK ((asked_at IS NULL) = (answer_by IS NULL)),
    CONSTRAINT choices_answer_when_asked CHECK (asked_at IS NOT NULL OR state IN ('not_asked', 'passed_over')),
    CONSTRAINT choices_close_once CHECK ((closed_at IS NULL) = (state IN ('not_asked', 'asked'))),
    CONSTRAINT choices_are_passed_over_for_a_reason CHECK ((reason IS NOT NULL) = (state = 'passed_over')),
    CONSTRAINT choices_make_a_pair CHECK ((pair_id IS NOT NULL) = (state = 'accepted'))
);
-- Of one request never two are asked, and nobody is asked after a yes.
CREATE UNIQUE INDEX choices_one_asked ON choices (mentee_institution_id, request_id)
    WHERE state IN ('asked', 'accepted');
CREATE INDEX choices_of_request ON choices (request_id, rank);
CREATE INDEX choices_of_mentor ON choices (mentor_id, asked_at, choice_id);
CREATE INDEX choices_open_between ON choices (mentor_institution_id, mentee_institution_id)
    WHERE state IN ('not_asked', 'asked');
CALL wall_by('choices', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT, INSERT, UPDATE ON choices TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON choices TO pairing_worker;

-- Time and the directory's news move requests too, and the next mentor may be another institution's.
GRANT EXECUTE ON FUNCTION count_lending(uuid, uuid) TO pairing_worker;
