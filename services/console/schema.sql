-- The console's read model, fed by events of the other services, and its sessions.

-- Every member of the consortium may know the others by name, so this table has no wall.
CREATE TABLE institutions (
    institution_id uuid PRIMARY KEY,
    name text NOT NULL,
    time_zone text NOT NULL
);

CREATE TABLE people (
    institution_id uuid NOT NULL REFERENCES institutions,
    person_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    contact_version bigint NOT NULL DEFAULT 0,
    name text,
    locale text,
    time_zone text NOT NULL,
    status text NOT NULL CHECK (status IN ('here', 'on_leave', 'left', 'erased')),
    places integer NOT NULL DEFAULT 0 CHECK (places >= 0),
    shared_places integer NOT NULL DEFAULT 0 CHECK (shared_places >= 0),
    PRIMARY KEY (institution_id, person_id),
    CHECK (status <> 'erased' OR (name IS NULL AND locale IS NULL))
);
CREATE INDEX people_contact ON people (contact_id);
CREATE INDEX people_person ON people (person_id);

-- Both names stand in the pair's own row, so that each institution of a cross pair reads them behind one wall and
-- neither may read the other's people.
CREATE TABLE pairs (
    pair_id uuid PRIMARY KEY,
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL REFERENCES institutions,
    mentee_institution_id uuid NOT NULL REFERENCES institutions,
    mentor_name text,
    mentor_locale text,
    mentee_name text,
    mentee_locale text,
    state text NOT NULL CHECK (state IN ('proposed', 'accepted', 'active', 'paused', 'declined', 'recalled', 'lapsed', 'ended')),
    state_since timestamptz NOT NULL,
    ends_at timestamptz,
    review_at timestamptz,
    last_contact_at timestamptz,
    coi_review_by timestamptz,
    has_compact boolean NOT NULL DEFAULT false,
    drifts_since timestamptz,
    is_cut_off boolean NOT NULL DEFAULT false,
    -- The state says which of the two waits for a date: a proposal and an accepted pair end by themselves, a paused
    -- one is looked at again.
    CHECK (ends_at IS NOT NULL OR state NOT IN ('proposed', 'accepted')),
    CHECK (review_at IS NOT NULL OR state <> 'paused')
);
CREATE INDEX pairs_of_mentor_institution ON pairs (mentor_institution_id, state);
CREATE INDEX pairs_of_mentee_institution ON pairs (mentee_institution_id, state);
CREATE INDEX pairs_of_mentor ON pairs (mentor_id);
CREATE INDEX pairs_of_mentee ON pairs (mentee_id);

CREATE TABLE meetings (
    meeting_id uuid PRIMARY KEY,
    pair_id uuid NOT NULL REFERENCES pairs,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('proposed', 'scheduled', 'held', 'missed', 'cancelled', 'expired')),
    proposed_by uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    starts_at timestamptz,
    ends_at timestamptz,
    CHECK (state <> 'scheduled' OR (starts_at IS NOT NULL AND ends_at IS NOT NULL))
);
CREATE INDEX meetings_coming_of_mentor_institution ON meetings (mentor_institution_id, starts_at) WHERE state = 'scheduled';
CREATE INDEX meetings_coming_of_mentee_institution ON meetings (mentee_institution_id, starts_at) WHERE state = 'scheduled';
CREATE INDEX meetings_of_pair ON meetings (pair_id) WHERE state IN ('proposed', 'scheduled');

-- Who has answered and when; nothing here could hold an answer.
CREATE TABLE feedback_requests (
    request_id uuid PRIMARY KEY,
    pair_id uuid NOT NULL REFERENCES pairs,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'revealed', 'closed', 'withdrawn')),
    asked_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    reveals_at timestamptz,
    mentor_answered_at timestamptz,
    mentee_answered_at timestamptz
);
CREATE INDEX feedback_open_of_mentor_institution ON feedback_requests (mentor_institution_id) WHERE state = 'open';
CREATE INDEX feedback_open_of_mentee_institution ON feedback_requests (mentee_institution_id) WHERE state = 'open';
CREATE INDEX feedback_open_of_pair ON feedback_requests (pair_id) WHERE state = 'open';

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

CREATE TABLE agreements (
    agreement_id uuid PRIMARY KEY,
    lender_institution_id uuid NOT NULL REFERENCES institutions,
    borrower_institution_id uuid NOT NULL REFERENCES institutions,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    has_ended boolean NOT NULL DEFAULT false
);
CREATE INDEX agreements_of_lender ON agreements (lender_institution_id);
CREATE INDEX agreements_of_borrower ON agreements (borrower_institution_id);

-- Tells an open page that something of its institution changed. One row per topic, because each topic has its own
-- reader and none shall wait for another; one step per transaction, whatever number of events it applies.
CREATE TABLE institution_revisions (
    institution_id uuid NOT NULL,
    topic text NOT NULL,
    revision bigint NOT NULL,
    changed_in xid8 NOT NULL,
    PRIMARY KEY (institution_id, topic)
) WITH (fillfactor = 50);

-- A browser that is signed in. The cookie's value is not here, only its hash; the access token is sealed with a key
-- that the database does not hold. Times are the machine's, as for every secret.
CREATE TABLE sessions (
    institution_id uuid NOT NULL,
    session_hash bytea NOT NULL CHECK (length(session_hash) = 32),
    person_id uuid NOT NULL,
    sealed_token bytea NOT NULL,
    token_obtained_at timestamptz NOT NULL,
    token_ends_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, session_hash)
);
CREATE INDEX sessions_hash ON sessions (session_hash);
CREATE INDEX sessions_end ON sessions (ends_at);

CALL wall_by('people', 'institution_id');
CALL wall_by('pairs', 'mentor_institution_id', 'mentee_institution_id');
CALL wall_by('meetings', 'mentor_institution_id', 'mentee_institution_id');
CALL wall_by('feedback_requests', 'mentor_institution_id', 'mentee_institution_id');
CALL wall_by('choices', 'mentor_institution_id', 'mentee_institution_id');
CALL wall_by('agreements', 'lender_institution_id', 'borrower_institution_id');
CALL wall_by('institution_revisions', 'institution_id');
CALL wall_by('sessions', 'institution_id');
-- A session is a person's own, not only an institution's.
CREATE POLICY person ON sessions AS RESTRICTIVE TO console_app USING (person_id = (SELECT ctx_person()));

-- Who is behind a cookie: looked up by hash before any tenancy context exists, and only while the session lives and the
-- person may sign in. Nobody can list sessions with it.
CREATE FUNCTION find_session(wanted bytea) RETURNS TABLE (
    institution_id uuid, person_id uuid, roles text[], sealed_token bytea, token_obtained_at timestamptz,
    token_ends_at timestamptz
)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, console, pg_temp
    AS $$
        SELECT s.institution_id, s.person_id, m.roles, s.sealed_token, s.token_obtained_at, s.token_ends_at
        FROM sessions s JOIN members m ON m.person_id = s.person_id AND m.institution_id = s.institution_id
        WHERE s.session_hash = wanted AND m.status IN ('here', 'on_leave')
            AND s.ends_at > statement_timestamp() AND s.seen_at > statement_timestamp() - interval '2 hours'
    $$;

-- One number per institution that rises with every change of what its pages show, and nothing else about it.
CREATE FUNCTION list_revisions(wanted uuid[]) RETURNS TABLE (institution_id uuid, revision bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, console, pg_temp
    AS $$
        SELECT r.institution_id, sum(r.revision)::bigint FROM institution_revisions r
        WHERE r.institution_id = ANY (wanted) GROUP BY r.institution_id
    $$;

-- The consortium's numbers, for who holds that role and for nobody else.
CREATE FUNCTION count_consortium(as_of timestamptz) RETURNS TABLE (institutions bigint, agreements bigint, active_pairs bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, console, pg_temp
    AS $$
        SELECT (SELECT count(*) FROM institutions),
            (SELECT count(*) FROM agreements a
             WHERE NOT a.has_ended AND a.starts_at <= as_of AND (a.ends_at IS NULL OR a.ends_at > as_of)),
            (SELECT count(*) FROM pairs p WHERE p.state = 'active')
        FROM members m
        WHERE m.person_id = ctx_person() AND m.institution_id = ctx_institution()
            AND m.status IN ('here', 'on_leave') AND 'consortium_administrator' = ANY (m.roles)
    $$;

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

-- What the four functions above read as their owner, whom row-level security binds too.
CREATE POLICY look_up ON sessions FOR SELECT TO console_owner USING (true);
CREATE POLICY look_up ON institution_revisions FOR SELECT TO console_owner USING (true);
CREATE POLICY look_up ON people FOR SELECT TO console_owner USING (true);
CREATE POLICY look_up ON choices FOR SELECT TO console_owner USING (true);
CREATE POLICY count ON agreements FOR SELECT TO console_owner USING (true);
CREATE POLICY count ON pairs FOR SELECT TO console_owner USING (true);

GRANT EXECUTE ON FUNCTION find_session(bytea), list_revisions(uuid[]), count_consortium(timestamptz), name_people(uuid[], timestamptz) TO console_app;
GRANT SELECT ON institutions, people, pairs, meetings, feedback_requests, choices, agreements, institution_revisions TO console_app;
GRANT SELECT, INSERT, DELETE ON sessions TO console_app;
GRANT UPDATE (seen_at, sealed_token, token_obtained_at, token_ends_at) ON sessions TO console_app;
GRANT SELECT, INSERT, UPDATE ON institutions, people, pairs, meetings, feedback_requests, choices, agreements, institution_revisions TO console_worker;
GRANT SELECT, DELETE ON sessions TO console_worker;
