-- Today's whole truth of the service's own tables, after the platform's; compared with the migrations by a test.
-- Pairs as far as feedback knows them, requests with who and when, and apart from them what was answered.

CREATE TABLE pairs (
    pair_id uuid PRIMARY KEY,
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    ended_at timestamptz,
    held_meeting_ids uuid[] NOT NULL DEFAULT '{}',
    CHECK (mentor_id <> mentee_id)
);
CREATE INDEX pairs_mentor_institution ON pairs (mentor_institution_id);
CREATE INDEX pairs_mentee_institution ON pairs (mentee_institution_id);

CREATE TABLE feedback_requests (
    request_id uuid PRIMARY KEY,
    pair_id uuid NOT NULL REFERENCES pairs,
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    form text NOT NULL,
    form_version integer NOT NULL,
    asked_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL CHECK (closes_at > asked_at),
    state text NOT NULL CHECK (state IN ('open', 'one_answered', 'revealed', 'closed', 'withdrawn')),
    mentor_answered_at timestamptz,
    mentee_answered_at timestamptz,
    reveals_at timestamptz,
    over_at timestamptz,
    erased_ids uuid[] NOT NULL DEFAULT '{}',
    version bigint NOT NULL CHECK (version >= 1),
    revision bigint NOT NULL CHECK (revision >= 1),
    CHECK ((over_at IS NOT NULL) = (state IN ('revealed', 'closed', 'withdrawn'))),
    CHECK ((reveals_at IS NOT NULL) = (state IN ('one_answered', 'revealed')))
);
-- Lists go by the person or by the institution, newest first.
CREATE INDEX feedback_requests_mentor ON feedback_requests (mentor_id, asked_at, request_id);
CREATE INDEX feedback_requests_mentee ON feedback_requests (mentee_id, asked_at, request_id);
CREATE INDEX feedback_requests_mentor_institution ON feedback_requests (mentor_institution_id, asked_at, request_id);
CREATE INDEX feedback_requests_mentee_institution ON feedback_requests (mentee_institution_id, asked_at, request_id);
-- One request of a pair at a time.
CREATE UNIQUE INDEX feedback_requests_one_of_a_pair ON feedback_requests (pair_id)
    WHERE state IN ('open', 'one_answered');

CREATE TABLE answers (
    institution_id uuid NOT NULL,
    request_id uuid NOT NULL REFERENCES feedback_requests,
    author_id uuid NOT NULL,
    reader_id uuid NOT NULL CHECK (reader_id <> author_id),
    answers jsonb NOT NULL CHECK (jsonb_typeof(answers) = 'object'),
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, request_id, author_id)
);
CREATE INDEX answers_request ON answers (request_id);
CREATE INDEX answers_author ON answers (author_id);

CALL wall_by('pairs', 'mentor_institution_id', 'mentee_institution_id');
CALL wall_by('feedback_requests', 'mentor_institution_id', 'mentee_institution_id');

-- Answers belong to two people, not to an institution: their author, and after the reveal the one they are meant for.
-- The reveal is one change of the request, so both are shown at the same instant, and nobody has to write on the
-- other's row.
ALTER TABLE answers ENABLE ROW LEVEL SECURITY;
ALTER TABLE answers FORCE ROW LEVEL SECURITY;
CREATE POLICY reads ON answers FOR SELECT TO feedback_app USING (
    author_id = (SELECT ctx_person())
    OR (
        reader_id = (SELECT ctx_person())
        AND EXISTS (SELECT 1 FROM feedback_requests r WHERE r.request_id = answers.request_id AND r.state = 'revealed')
    )
);
CREATE POLICY answers_once ON answers FOR INSERT TO feedback_app WITH CHECK (
    author_id = (SELECT ctx_person())
    AND institution_id = (SELECT ctx_institution())
    AND EXISTS (
        SELECT 1 FROM feedback_requests r
        WHERE r.request_id = answers.request_id
            AND r.state IN ('open', 'one_answered')
            AND (answers.author_id, answers.reader_id) IN ((r.mentor_id, r.mentee_id), (r.mentee_id, r.mentor_id))
    )
);
CREATE POLICY answers_again ON answers FOR UPDATE TO feedback_app USING (
    author_id = (SELECT ctx_person())
    AND EXISTS (
        SELECT 1 FROM feedback_requests r
        WHERE r.request_id = answers.request_id AND r.state IN ('open', 'one_answered')
    )
) WITH CHECK (author_id = (SELECT ctx_person()));
-- The worker erases a person's answers and can read none.
CREATE POLICY worker ON answers TO feedback_worker USING (true) WITH CHECK (true);

GRANT SELECT ON feedback_requests TO feedback_app;
GRANT UPDATE (state, mentor_answered_at, mentee_answered_at, reveals_at, over_at, version, revision)
    ON feedback_requests TO feedback_app;
GRANT SELECT, INSERT ON answers TO feedback_app;
GRANT UPDATE (answers, answered_at) ON answers TO feedback_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON pairs, feedback_requests TO feedback_worker;
GRANT SELECT (author_id), DELETE ON answers TO feedback_worker;

-- Pairs that went on after a notice, once it is over: they are their two people's, and no administrator's.
CREATE TABLE cut_offs (
    pair_id uuid PRIMARY KEY,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL
);
CREATE INDEX cut_offs_of_mentor_institution ON cut_offs (mentor_institution_id);
CREATE INDEX cut_offs_of_mentee_institution ON cut_offs (mentee_institution_id);
CALL wall_by('cut_offs', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT ON cut_offs TO feedback_app;
GRANT SELECT, INSERT ON cut_offs TO feedback_worker;
