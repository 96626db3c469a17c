-- Today's whole truth of pairing's own tables; a test compares it with what the migrations make.
-- Rows are always locked in this order: institutions, agreements, people, mentor_cards, requests, pairs, introductions,
-- circles, opportunities, then timers;
-- several rows of one table in order of their ids.

-- Locked where cards could otherwise be missed: a new mentor and a new agreement heard in the same moment.
CREATE TABLE institutions (
    institution_id uuid PRIMARY KEY,
    lend_cap integer CHECK (lend_cap >= 0),
    borrow_cap integer CHECK (borrow_cap >= 0),
    time_zone text NOT NULL DEFAULT 'UTC',
    warns text[] NOT NULL DEFAULT '{coach}'
);
CALL wall_by('institutions', 'institution_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON institutions TO pairing_worker;

CREATE TABLE agreements (
    agreement_id uuid PRIMARY KEY,
    lender_institution_id uuid NOT NULL,
    borrower_institution_id uuid NOT NULL,
    cap integer CHECK (cap >= 0),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    ended_at timestamptz,
    ended_reason text,
    is_ending boolean NOT NULL DEFAULT false,
    term_ends_at timestamptz,
    CHECK (lender_institution_id <> borrower_institution_id),
    CHECK ((ended_at IS NULL) = (ended_reason IS NULL))
);
CREATE INDEX agreements_lender ON agreements (lender_institution_id, borrower_institution_id);
CREATE INDEX agreements_borrower ON agreements (borrower_institution_id);
CALL wall_by('agreements', 'lender_institution_id', 'borrower_institution_id');
-- PostgreSQL lets nobody lock a row without the right to update some column of it; requests write none of these.
GRANT SELECT, UPDATE (ended_reason) ON agreements TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON agreements TO pairing_worker;

-- The row of a mentor is the lock under which places are counted and given.
CREATE TABLE people (
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('here', 'on_leave', 'left', 'erased')),
    is_mentor boolean NOT NULL DEFAULT false,
    is_mentee boolean NOT NULL DEFAULT false,
    specialty text,
    places integer NOT NULL DEFAULT 0 CHECK (places >= 0),
    shared_places integer NOT NULL DEFAULT 0 CHECK (shared_places >= 0),
    programme text,
    accepting boolean NOT NULL DEFAULT true,
    introduces_in text[] NOT NULL DEFAULT '{}',
    level text,
    languages text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (person_id, institution_id)
);
CREATE INDEX people_mentors ON people (institution_id, person_id) WHERE is_mentor;
CALL wall_by('people', 'institution_id');
-- For the lock again: the wall leaves a request only its own institution to write here. Intake and fields are the mentor's own.
GRANT SELECT, UPDATE (institution_id, accepting, introduces_in) ON people TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON people TO pairing_worker;

-- One row per receiving institution, agreement and shared mentor: what the institution may know of a mentor it can borrow.
CREATE TABLE mentor_cards (
    institution_id uuid NOT NULL,
    agreement_id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    home_institution_id uuid NOT NULL,
    specialty text,
    away boolean NOT NULL,
    free_places integer NOT NULL CHECK (free_places >= 0),
    free_shared_places integer NOT NULL CHECK (free_shared_places >= 0),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    introduces_in text[] NOT NULL DEFAULT '{}',
    languages text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (institution_id, mentor_id, agreement_id),
    CHECK (institution_id <> home_institution_id)
);
CREATE INDEX mentor_cards_mentor ON mentor_cards (mentor_id);
CREATE INDEX mentor_cards_agreement ON mentor_cards (agreement_id);
CALL wall_by('mentor_cards', 'institution_id');
GRANT SELECT, UPDATE (institution_id) ON mentor_cards TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON mentor_cards TO pairing_worker;

-- Places are numbered, so that the database itself cannot give one place to two pairs.
CREATE TABLE pairs (
    pair_id uuid PRIMARY KEY,
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    state text NOT NULL
        CHECK (state IN ('proposed', 'accepted', 'active', 'paused', 'ended', 'declined', 'recalled', 'lapsed')),
    proposed_by uuid NOT NULL,
    proposed_at timestamptz NOT NULL,
    answer_by timestamptz NOT NULL,
    accepted_at timestamptz,
    activate_by timestamptz,
    activated_at timestamptz,
    review_at timestamptz,
    closed_at timestamptz,
    reason text,
    place integer CHECK (place >= 1),
    shared_place integer CHECK (shared_place >= 1),
    mentor_away boolean NOT NULL,
    mentee_away boolean NOT NULL,
    version bigint NOT NULL,
    revision bigint NOT NULL,
    coi_review_by timestamptz,
    cut_off_at timestamptz,
    CHECK (mentor_id <> mentee_id),
    CONSTRAINT pairs_hold_a_place CHECK ((place IS NOT NULL) = (state IN ('accepted', 'active', 'paused'))),
    CONSTRAINT pairs_hold_a_shared_place CHECK (
        (shared_place IS NOT NULL) = (place IS NOT NULL AND mentor_institution_id <> mentee_institution_id)
    ),
    CONSTRAINT pairs_pause_with_a_review CHECK ((review_at IS NOT NULL) = (state = 'paused')),
    CONSTRAINT pairs_close_once CHECK (
        (closed_at IS NOT NULL) = (state IN ('ended', 'declined', 'recalled', 'lapsed'))
    )
);
CREATE UNIQUE INDEX pairs_place ON pairs (mentor_institution_id, mentor_id, place);
CREATE UNIQUE INDEX pairs_shared_place ON pairs (mentor_institution_id, mentor_id, shared_place);
-- One open pair of the same two people, whichever of them is the mentor.
CREATE UNIQUE INDEX pairs_same_two ON pairs (
    least(mentor_institution_id, mentee_institution_id), greatest(mentor_institution_id, mentee_institution_id),
    least(mentor_id, mentee_id), greatest(mentor_id, mentee_id)
) WHERE closed_at IS NULL;
CREATE INDEX pairs_of_mentor ON pairs (mentor_id, proposed_at, pair_id);
CREATE INDEX pairs_of_mentee ON pairs (mentee_id, proposed_at, pair_id);
CREATE INDEX pairs_lent ON pairs (mentor_institution_id, proposed_at, pair_id);
CREATE INDEX pairs_borrowed ON pairs (mentee_institution_id, proposed_at, pair_id);
CALL wall_by('pairs', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT, INSERT, UPDATE ON pairs TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON pairs TO pairing_worker;
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

-- What somebody does for a programme, as the directory said; a mentor who does it is in conflict with the programme's mentees.
CREATE TABLE duties (
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    programme text NOT NULL,
    duty text NOT NULL CHECK (duty IN ('director', 'committee_member', 'evaluator', 'coach')),
    PRIMARY KEY (institution_id, person_id, programme, duty)
);
CALL wall_by('duties', 'institution_id');
GRANT SELECT ON duties TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON duties TO pairing_worker;

-- Of two institutions the stricter holds, and the other one's policy stands behind the wall: this answers with yes or no.
CREATE FUNCTION only_warns(kind text, one uuid, other uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pairing, pg_temp
    AS $$
        SELECT coalesce(bool_and(kind = ANY (warns)), false) FROM institutions
        WHERE institution_id IN (one, other) AND coalesce(ctx_institution() IN (one, other), true)
    $$;
GRANT EXECUTE ON FUNCTION only_warns(text, uuid, uuid) TO pairing_app, pairing_worker;

-- What was said to stand between two people, whichever of them is the mentor; it holds until it is withdrawn. What
-- somebody said before there was a pair is shown to them and to administrators, not to the other one.
CREATE TABLE conflicts (
    conflict_id uuid PRIMARY KEY,
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('family', 'financial', 'personal')),
    declared_by uuid NOT NULL,
    declared_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    is_private boolean NOT NULL DEFAULT false,
    CHECK (mentor_id <> mentee_id)
);
CREATE INDEX conflicts_between ON conflicts (least(mentor_id, mentee_id), greatest(mentor_id, mentee_id))
    WHERE withdrawn_at IS NULL;
CREATE INDEX conflicts_by ON conflicts (declared_by, declared_at, conflict_id) WHERE withdrawn_at IS NULL;
CREATE INDEX conflicts_of_mentor_institution ON conflicts (mentor_institution_id);
CREATE INDEX conflicts_of_mentee_institution ON conflicts (mentee_institution_id);
CALL wall_by('conflicts', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT, INSERT, UPDATE (withdrawn_at) ON conflicts TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON conflicts TO pairing_worker;

-- From what somebody stepped back, for one pair: `ground` names it by kind and programme, or by kind and declaration.
CREATE TABLE recusals (
    pair_id uuid NOT NULL,
    ground text NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    reason text NOT NULL CHECK (reason IN ('assesses_no_more', 'others_decide', 'administrative')),
    recused_by uuid NOT NULL,
    recused_at timestamptz NOT NULL,
    PRIMARY KEY (pair_id, ground)
);
CREATE INDEX recusals_of_mentor_institution ON recusals (mentor_institution_id);
CREATE INDEX recusals_of_mentee_institution ON recusals (mentee_institution_id);
CALL wall_by('recusals', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT, INSERT ON recusals TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON recusals TO pairing_worker;

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

-- Why a mentor said not now: the mentor's own, shown to nobody else whoever asks.
CREATE TABLE decline_reasons (
    choice_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (choice_id, institution_id)
);
CREATE INDEX decline_reasons_of_person ON decline_reasons (person_id);
CALL wall_by('decline_reasons', 'institution_id');
CREATE POLICY own ON decline_reasons AS RESTRICTIVE TO pairing_app USING (person_id = (SELECT ctx_person()));
GRANT SELECT, INSERT ON decline_reasons TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON decline_reasons TO pairing_worker;

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

-- Whom the concerns of an institution's people reach.
CREATE TABLE concern_contacts (
    institution_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    named_by uuid NOT NULL,
    named_at timestamptz NOT NULL
);
CREATE INDEX concern_contacts_person ON concern_contacts (person_id);
CALL wall_by('concern_contacts', 'institution_id');
GRANT SELECT, INSERT, UPDATE (person_id, named_by, named_at) ON concern_contacts TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON concern_contacts TO pairing_worker;

-- What one of a pair raised about the other: theirs and the contact's, shown to nobody else whoever asks.
CREATE TABLE concerns (
    concern_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    pair_id uuid NOT NULL,
    person_id uuid NOT NULL,
    about_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    words text NOT NULL,
    raised_at timestamptz NOT NULL,
    PRIMARY KEY (concern_id, institution_id),
    CONSTRAINT concerns_reach_a_third CHECK (contact_id NOT IN (person_id, about_id) AND person_id <> about_id)
);
CREATE INDEX concerns_by_person ON concerns (person_id, raised_at, concern_id);
CREATE INDEX concerns_of_contact ON concerns (contact_id, raised_at, concern_id);
CREATE INDEX concerns_about ON concerns (about_id);
CALL wall_by('concerns', 'institution_id');
CREATE POLICY own ON concerns AS RESTRICTIVE TO pairing_app
    USING ((SELECT ctx_person()) IN (person_id, contact_id)) WITH CHECK (person_id = (SELECT ctx_person()));
GRANT SELECT, INSERT ON concerns TO pairing_app;
GRANT SELECT (pair_id, person_id, about_id, contact_id), DELETE ON concerns TO pairing_worker;

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
GRANT SELECT, INSERT, UPDATE (introduction_id), DELETE ON introduction_wishes TO pairing_app;
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

-- Of whom something may be said before there is a pair: answers with the institution alone, and only of people of the
-- asker's own and of institutions that lend to it or borrow from it.
CREATE FUNCTION find_counterpart(person uuid, instant timestamptz) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pairing, pg_temp
    AS $$
        SELECT institution_id FROM people
        WHERE person_id = person AND status IN ('here', 'on_leave') AND (is_mentor OR is_mentee) AND (
            lends_to(institution_id, ctx_institution(), instant) OR lends_to(ctx_institution(), institution_id, instant)
        )
    $$;
GRANT EXECUTE ON FUNCTION find_counterpart(uuid, timestamptz) TO pairing_app;

-- A circle is of its leader's institution, and its row is the lock under which members come and go.
CREATE TABLE circles (
    circle_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    led_by uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('peers', 'mentor')),
    topic text,
    formed_at timestamptz NOT NULL,
    ended_at timestamptz,
    reason text,
    version bigint NOT NULL,
    PRIMARY KEY (circle_id, institution_id),
    CONSTRAINT circles_end_once CHECK ((ended_at IS NULL) = (reason IS NULL))
);
CREATE INDEX circles_of_leader ON circles (led_by, formed_at, circle_id);
CREATE INDEX circles_of_institution ON circles (institution_id);
CALL wall_by('circles', 'institution_id');
GRANT SELECT, INSERT, UPDATE (ended_at, reason, version) ON circles TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON circles TO pairing_worker;

-- Who was invited, and who is of it. The leader's institution sees all of them; a member's sees its own.
CREATE TABLE circle_members (
    circle_id uuid NOT NULL,
    person_id uuid NOT NULL,
    leader_institution_id uuid NOT NULL,
    member_institution_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('invited', 'joined', 'left')),
    invited_at timestamptz NOT NULL,
    joined_at timestamptz,
    left_at timestamptz,
    PRIMARY KEY (circle_id, person_id, member_institution_id),
    FOREIGN KEY (circle_id, leader_institution_id) REFERENCES circles (circle_id, institution_id),
    CONSTRAINT circle_members_leave_once CHECK ((left_at IS NOT NULL) = (state = 'left')),
    CONSTRAINT circle_members_join_before CHECK (joined_at IS NOT NULL OR state <> 'joined')
);
CREATE INDEX circle_members_of_circle ON circle_members (circle_id, invited_at, person_id);
CREATE INDEX circle_members_of_person ON circle_members (person_id);
CREATE INDEX circle_members_of_leader_institution ON circle_members (leader_institution_id);
CREATE INDEX circle_members_of_member_institution ON circle_members (member_institution_id);
CALL wall_by('circle_members', 'leader_institution_id', 'member_institution_id');
GRANT SELECT, INSERT, UPDATE (state, invited_at, joined_at, left_at) ON circle_members TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON circle_members TO pairing_worker;

-- Whom a circle may invite is behind the wall where they are another institution's: this answers with the institution
-- alone, and only of people whom an agreement lets the asker's institution lend to, or among peers borrow from.
CREATE FUNCTION find_companion(companion uuid, among_peers boolean, instant timestamptz)
    RETURNS TABLE (institution_id uuid, is_mentor boolean, is_mentee boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pairing, pg_temp
    AS $$
        SELECT p.institution_id, p.is_mentor, p.is_mentee FROM people p
        WHERE p.person_id = companion AND p.status = 'here' AND (
            lends_to(ctx_institution(), p.institution_id, instant)
            OR (among_peers AND lends_to(p.institution_id, ctx_institution(), instant))
        )
    $$;
GRANT EXECUTE ON FUNCTION find_companion(uuid, boolean, timestamptz) TO pairing_app;

-- A deadline without an hour ends with its day in the zone of whoever offers, so requests read an institution's zone.
GRANT SELECT (institution_id, time_zone) ON institutions TO pairing_app;

-- What is offered to mentees with a deadline, in words that no event and no mail carries.
CREATE TABLE opportunities (
    opportunity_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    offered_by uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('conference', 'project', 'role')),
    title text,
    details text,
    deadline_at timestamptz NOT NULL,
    deadline_day date,
    offered_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    version bigint NOT NULL,
    PRIMARY KEY (opportunity_id, institution_id)
);
CREATE INDEX opportunities_of_institution ON opportunities (institution_id, offered_at, opportunity_id);
CREATE INDEX opportunities_by ON opportunities (offered_by);
CALL wall_by('opportunities', 'institution_id');
GRANT SELECT, INSERT, UPDATE (withdrawn_at, version) ON opportunities TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON opportunities TO pairing_worker;

-- Mentees to whom one was offered, or who saved one; whoever offers sees all of them, a mentee's institution its own.
CREATE TABLE opportunity_followers (
    opportunity_id uuid NOT NULL,
    person_id uuid NOT NULL,
    offering_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('offered', 'saved', 'dropped')),
    offered_at timestamptz NOT NULL,
    PRIMARY KEY (opportunity_id, person_id, mentee_institution_id),
    FOREIGN KEY (opportunity_id, offering_institution_id) REFERENCES opportunities (opportunity_id, institution_id)
);
CREATE INDEX opportunity_followers_of_opportunity ON opportunity_followers (opportunity_id, person_id);
CREATE INDEX opportunity_followers_of_person ON opportunity_followers (person_id);
CREATE INDEX opportunity_followers_of_offering_institution ON opportunity_followers (offering_institution_id);
CREATE INDEX opportunity_followers_of_mentee_institution ON opportunity_followers (mentee_institution_id);
CALL wall_by('opportunity_followers', 'offering_institution_id', 'mentee_institution_id');
GRANT SELECT, INSERT, UPDATE (state) ON opportunity_followers TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON opportunity_followers TO pairing_worker;

-- Who enters their second year is asked once whether they take one new first-year; from which year they came is known.
CREATE TABLE first_year_offers (
    offer_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('offered', 'accepted', 'declined')),
    offered_at timestamptz NOT NULL,
    answered_at timestamptz,
    version bigint NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (offer_id, institution_id),
    UNIQUE (institution_id, person_id),
    CONSTRAINT first_year_offers_are_answered_once CHECK ((answered_at IS NULL) = (state = 'offered'))
);
CREATE INDEX first_year_offers_of_institution ON first_year_offers (institution_id, offered_at, offer_id);
CALL wall_by('first_year_offers', 'institution_id');
GRANT SELECT, UPDATE (state, answered_at, version, revision) ON first_year_offers TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON first_year_offers TO pairing_worker;

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
