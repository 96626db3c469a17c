-- Today's whole truth of the service's own tables, after the platform's; compared with the migrations by a test.
-- What mails are about, how to reach people (under seal), and each message with what became of it; no words of any mail.

-- A pair, a meeting, a request for feedback, the choice by which a mentee's request asks a mentor, a conflict of interest, an opportunity of a
-- mentee, or another thing that a mail is about, as far as the mail has to know. Whom one concerns alone stands on both sides of it.
CREATE TABLE causes (
    cause_id uuid PRIMARY KEY,
    kind text NOT NULL
        CHECK (kind IN ('pair', 'meeting', 'feedback_request', 'choice', 'conflict', 'opportunity', 'drift', 'leaving', 'notice', 'passed_over',
            'request', 'compact', 'introduction', 'circle', 'concern', 'first_year', 'hold')),
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('proposed', 'accepted', 'scheduled', 'open', 'over')),
    asked_by uuid CHECK (asked_by IN (mentor_id, mentee_id)),
    answer_by timestamptz,
    slot_starts timestamptz[] NOT NULL DEFAULT '{}',
    slot_ends timestamptz[] NOT NULL DEFAULT '{}' CHECK (cardinality(slot_ends) = cardinality(slot_starts)),
    starts_at timestamptz,
    ends_at timestamptz,
    booked_by uuid,
    followed_at timestamptz,
    closed_at timestamptz,
    since timestamptz,
    reason text,
    part_of uuid,
    CHECK ((mentor_id = mentee_id) = (kind IN ('notice', 'request', 'concern', 'first_year', 'hold'))),
    CHECK (num_nonnulls(starts_at, ends_at, booked_by) IN (0, 3)),
    CHECK (state <> 'scheduled' OR starts_at IS NOT NULL)
);
CREATE INDEX causes_mentor_institution ON causes (mentor_institution_id);
CREATE INDEX causes_mentee_institution ON causes (mentee_institution_id);
CREATE INDEX causes_part_of ON causes (part_of) WHERE part_of IS NOT NULL;

-- Names and addresses stay under seal here too; only the sender opens them, for one mail. An erased person keeps an empty
-- row, so that an old record that comes late is not taken again. No request reads this table, so no institution owns it.
CREATE TABLE contacts (
    contact_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    person_id uuid,
    institution_id uuid,
    key_id text,
    sealed text,
    erased boolean NOT NULL DEFAULT false,
    CHECK (num_nonnulls(person_id, institution_id, key_id, sealed) = CASE WHEN erased THEN 0 ELSE 4 END)
);
ALTER TABLE contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE contacts FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON contacts TO notifications_worker USING (true) WITH CHECK (true);

CREATE TABLE messages (
    notification_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    category text NOT NULL CHECK (category ~ '^[a-z][a-z0-9_]{0,62}$'),
    channel text NOT NULL DEFAULT 'mail' CHECK (channel = 'mail'),
    cause_id uuid NOT NULL REFERENCES causes,
    caused_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    about_starts_at timestamptz,
    state text NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'suppressed')),
    reason text,
    decided_at timestamptz,
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    -- Real time, never the stepped clock's: who is sending it, and when it may be tried again.
    attempts integer NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    leased_by text,
    lease_until timestamptz,
    PRIMARY KEY (notification_id, institution_id),
    CHECK ((decided_at IS NULL) = (state = 'waiting')),
    CHECK ((version = 0) = (state = 'waiting')),
    CHECK ((reason IS NOT NULL) = (state IN ('failed', 'suppressed')))
);
CREATE INDEX messages_waiting ON messages (next_try_at) WHERE state = 'waiting';
CREATE INDEX messages_person ON messages (person_id, caused_at, notification_id);
CREATE INDEX messages_institution ON messages (institution_id, caused_at, notification_id);

-- When this service's own history began: what happened before is not mailed about.
CREATE TABLE beginnings (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    began_at timestamptz NOT NULL
);

CALL wall_by('causes', 'mentor_institution_id', 'mentee_institution_id');
CALL wall_by('messages', 'institution_id');

-- A request sees that a message went, or why not; neither what it is about nor how it is sent.
GRANT SELECT (notification_id, institution_id, person_id, category, channel, caused_at, state, reason, decided_at)
    ON messages TO notifications_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON causes, contacts, messages, beginnings TO notifications_worker;

-- Pairs that went on after a notice, once it is over: they are their two people's, and no administrator's.
CREATE TABLE cut_offs (
    pair_id uuid PRIMARY KEY,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL
);
CREATE INDEX cut_offs_of_mentor_institution ON cut_offs (mentor_institution_id);
CREATE INDEX cut_offs_of_mentee_institution ON cut_offs (mentee_institution_id);
CALL wall_by('cut_offs', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT, INSERT ON cut_offs TO notifications_worker;

-- What a message is about stands in a table that no request reads. This answers with yes or no: whether it is about the
-- two of a pair that went on after a notice which is over, and so no administrator's to see.
CREATE POLICY apart ON messages FOR SELECT TO notifications_owner USING (true);
CREATE POLICY apart ON causes FOR SELECT TO notifications_owner USING (true);
CREATE POLICY apart ON cut_offs FOR SELECT TO notifications_owner USING (true);
CREATE FUNCTION is_the_twos_alone(message uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, notifications, pg_temp
    AS $$
        SELECT EXISTS (
            SELECT FROM messages m
            JOIN causes c ON c.cause_id = m.cause_id
            JOIN causes p ON p.mentor_id = c.mentor_id AND p.mentee_id = c.mentee_id
            JOIN cut_offs x ON x.pair_id = p.cause_id
            WHERE m.notification_id = message AND m.institution_id = ctx_institution()
        )
    $$;
GRANT EXECUTE ON FUNCTION is_the_twos_alone(uuid) TO notifications_app;
