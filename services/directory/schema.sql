-- Institutions, people, agreements and rosters. Everything that says who a person is stands in `people`, and in the rows
-- of a roster that was sent, for a day.

-- Whether the person of this request acts for the consortium; asked of `members`, so that the wall below does not rest
-- on what the HTTP edge believes.
CREATE FUNCTION acts_for_consortium() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, directory, pg_temp
    AS $$ SELECT EXISTS (
        SELECT FROM members
        WHERE person_id = ctx_person() AND institution_id = ctx_institution() AND status IN ('here', 'on_leave')
            AND 'consortium_administrator' = ANY (roles)
    ) $$;
GRANT EXECUTE ON FUNCTION acts_for_consortium() TO directory_app;

-- A mail domain is how people of one institution are told from all others, so it is unique among all of them; only the
-- consortium adds rows here.
CREATE TABLE institutions (
    institution_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    mail_domain text NOT NULL UNIQUE,
    time_zone text NOT NULL,
    locale text NOT NULL,
    joined_at timestamptz NOT NULL,
    version bigint NOT NULL,
    revision bigint NOT NULL,
    lend_cap integer CHECK (lend_cap >= 0),
    borrow_cap integer CHECK (borrow_cap >= 0),
    warns text[] NOT NULL DEFAULT '{coach}' CHECK (warns <@ ARRAY['coach', 'financial', 'personal'])
);
ALTER TABLE institutions ENABLE ROW LEVEL SECURITY;
ALTER TABLE institutions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON institutions AS RESTRICTIVE TO directory_app
    USING (institution_id = (SELECT ctx_institution()) OR (SELECT acts_for_consortium()))
    WITH CHECK (institution_id = (SELECT ctx_institution()) OR (SELECT acts_for_consortium()));
CREATE POLICY within ON institutions TO directory_app USING (true) WITH CHECK (true);
CREATE POLICY worker ON institutions TO directory_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (lend_cap, borrow_cap, warns, version, revision) ON institutions TO directory_app;
GRANT SELECT, INSERT, UPDATE ON institutions TO directory_worker;

CREATE TABLE programmes (
    institution_id uuid NOT NULL REFERENCES institutions,
    code text NOT NULL CHECK (length(code) BETWEEN 1 AND 63),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    PRIMARY KEY (institution_id, code)
);
CALL wall_by('programmes', 'institution_id');
GRANT SELECT, INSERT ON programmes TO directory_app, directory_worker;

-- Two parties, so its key is a random id.
CREATE TABLE agreements (
    agreement_id uuid PRIMARY KEY,
    lender_institution_id uuid NOT NULL REFERENCES institutions,
    borrower_institution_id uuid NOT NULL REFERENCES institutions,
    cap integer CHECK (cap >= 0),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    notice_days integer NOT NULL CHECK (notice_days >= 0),
    notice_given_at timestamptz,
    ended_at timestamptz,
    end_reason text CHECK (end_reason IN ('mutual', 'notice', 'term_over')),
    version bigint NOT NULL,
    revision bigint NOT NULL,
    CHECK (lender_institution_id <> borrower_institution_id),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX agreements_of_lender ON agreements (lender_institution_id, borrower_institution_id);
CREATE INDEX agreements_of_borrower ON agreements (borrower_institution_id);
ALTER TABLE agreements ENABLE ROW LEVEL SECURITY;
ALTER TABLE agreements FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON agreements AS RESTRICTIVE TO directory_app
    USING (
        lender_institution_id = (SELECT ctx_institution())
        OR borrower_institution_id = (SELECT ctx_institution())
        OR (SELECT acts_for_consortium())
    )
    WITH CHECK ((SELECT acts_for_consortium()));
CREATE POLICY within ON agreements TO directory_app USING (true) WITH CHECK (true);
CREATE POLICY worker ON agreements TO directory_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON agreements TO directory_app, directory_worker;

-- An erased person keeps the row, so that the id is never used again, and the keyed hash of the sign-in name, so that
-- the hospital's next roster does not bring them back.
CREATE TABLE people (
    institution_id uuid NOT NULL REFERENCES institutions,
    person_id uuid NOT NULL,
    sign_in_key text NOT NULL,
    external_id text,
    external_key text GENERATED ALWAYS AS (lower(external_id)) STORED,
    name text,
    email text,
    locale text,
    time_zone text,
    status text NOT NULL CHECK (status IN ('active', 'on_leave', 'left', 'erased')),
    status_since timestamptz NOT NULL,
    next_status text CHECK (next_status IN ('active', 'on_leave', 'left')),
    next_status_at timestamptz,
    version bigint NOT NULL,
    contact_version bigint NOT NULL,
    revision bigint NOT NULL,
    email_key text GENERATED ALWAYS AS (lower(email)) STORED,
    name_key text,
    PRIMARY KEY (institution_id, person_id),
    UNIQUE (institution_id, external_key),
    UNIQUE (institution_id, sign_in_key),
    CHECK ((next_status IS NULL) = (next_status_at IS NULL)),
    CHECK (
        CASE status
            WHEN 'erased' THEN num_nonnulls(external_id, name, email, locale, time_zone, next_status) = 0
            ELSE num_nulls(external_id, name, email, locale, time_zone) = 0
        END
    ),
    CONSTRAINT people_name_key CHECK (name IS NOT NULL OR name_key IS NULL)
);
CREATE INDEX people_by_id ON people (person_id);
CREATE INDEX people_by_name ON people (institution_id, name, person_id);
-- The institution stands last: while nothing is known of a table that is being filled, the check of a reference to it
-- takes any index that begins like its key, and would read the whole institution for each row.
CREATE INDEX people_by_email_key ON people (email_key, institution_id);
CREATE INDEX people_by_name_key ON people (name_key, institution_id);
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
ALTER TABLE people FORCE ROW LEVEL SECURITY;
-- The consortium adds an institution's first administrator, and reads nobody.
CREATE POLICY tenant ON people AS RESTRICTIVE TO directory_app
    USING (institution_id = (SELECT ctx_institution()))
    WITH CHECK (institution_id = (SELECT ctx_institution()) OR (SELECT acts_for_consortium()));
CREATE POLICY within ON people TO directory_app USING (true) WITH CHECK (true);
CREATE POLICY worker ON people TO directory_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON people TO directory_app, directory_worker;

CREATE TABLE roles (
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('mentor', 'mentee', 'administrator', 'consortium_administrator')),
    from_roster boolean NOT NULL,
    programme text,
    level text,
    specialty text,
    places integer NOT NULL CHECK (places BETWEEN 0 AND 100),
    shared_places integer NOT NULL CHECK (shared_places BETWEEN 0 AND places),
    PRIMARY KEY (institution_id, person_id, role),
    FOREIGN KEY (institution_id, person_id) REFERENCES people,
    FOREIGN KEY (institution_id, programme) REFERENCES programmes (institution_id, code)
);
ALTER TABLE roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE roles FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON roles AS RESTRICTIVE TO directory_app
    USING (institution_id = (SELECT ctx_institution()))
    WITH CHECK (institution_id = (SELECT ctx_institution()) OR (SELECT acts_for_consortium()));
CREATE POLICY within ON roles TO directory_app USING (true) WITH CHECK (true);
CREATE POLICY worker ON roles TO directory_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON roles TO directory_app, directory_worker;

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

-- Other services learn from events who may sign in. Here it would be an echo, so `members` follows these tables in the
-- same transaction, and behind their wall: whoever cannot change a person cannot change who may sign in.
CREATE FUNCTION keep_member() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, directory, pg_temp
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO members (person_id, institution_id, sign_in_key, status)
        VALUES (NEW.person_id, NEW.institution_id, NEW.sign_in_key,
            CASE NEW.status WHEN 'active' THEN 'here' ELSE NEW.status END);
        RETURN NULL;
    END IF;
    UPDATE members
    SET status = CASE NEW.status WHEN 'active' THEN 'here' ELSE NEW.status END,
        sign_in_key = CASE NEW.status WHEN 'erased' THEN 'erased ' || NEW.person_id ELSE NEW.sign_in_key END
    WHERE person_id = NEW.person_id;
    IF NEW.status = 'erased' THEN
        -- Answers that were kept for repeated requests: this person's own, and those that show rosters.
        DELETE FROM idempotency_keys
        WHERE institution_id = NEW.institution_id AND (person_id = NEW.person_id OR operation LIKE 'directory.%\_roster');
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION keep_member_roles() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, directory, pg_temp
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE members SET roles = array_append(roles, NEW.role) WHERE person_id = NEW.person_id;
    ELSE
        UPDATE members SET roles = array_remove(roles, OLD.role) WHERE person_id = OLD.person_id;
    END IF;
    RETURN NULL;
END $$;
CREATE POLICY keeper ON members TO directory_owner USING (true) WITH CHECK (true);
CREATE POLICY keeper ON idempotency_keys TO directory_owner USING (true);
CREATE TRIGGER keep_member AFTER INSERT OR UPDATE OF status ON people FOR EACH ROW EXECUTE FUNCTION keep_member();
CREATE TRIGGER keep_member_roles AFTER INSERT OR DELETE ON roles FOR EACH ROW EXECUTE FUNCTION keep_member_roles();

-- `lines` is the file as read, `rows` what the preview says of it; both leave after a day, or with an erasure.
CREATE TABLE roster_imports (
    institution_id uuid NOT NULL REFERENCES institutions,
    import_id uuid NOT NULL,
    imported_by uuid NOT NULL,
    state text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    applied_at timestamptz,
    lines text,
    rows text,
    ignored_columns text[] NOT NULL,
    counts jsonb NOT NULL,
    revision bigint NOT NULL,
    revert_until timestamptz,
    reverted_at timestamptz,
    columns text NOT NULL DEFAULT '[]',
    PRIMARY KEY (institution_id, import_id),
    CHECK (state = 'previewed' OR lines IS NULL),
    CONSTRAINT roster_imports_states CHECK (
        CASE state
            WHEN 'previewed' THEN num_nonnulls(applied_at, reverted_at) = 0
            WHEN 'expired' THEN num_nonnulls(applied_at, reverted_at) = 0
            WHEN 'applied' THEN applied_at IS NOT NULL AND reverted_at IS NULL
            WHEN 'reverted' THEN num_nulls(applied_at, reverted_at) = 0
            WHEN 'partly_reverted' THEN num_nulls(applied_at, reverted_at) = 0
            ELSE false
        END
    )
);
CREATE INDEX roster_imports_by_id ON roster_imports (import_id);
CALL wall_by('roster_imports', 'institution_id');
GRANT SELECT, INSERT, UPDATE ON roster_imports TO directory_app, directory_worker;

-- How people were before an import and after it, personal data too: kept for the 7 days in which it may be reverted.
-- Of somebody who is erased it stays that they were changed, and not how. `before` is null for whom the import brought.
CREATE TABLE roster_changes (
    institution_id uuid NOT NULL,
    import_id uuid NOT NULL,
    person_id uuid NOT NULL,
    row integer NOT NULL,
    is_new boolean NOT NULL,
    before text,
    after text,
    PRIMARY KEY (institution_id, import_id, person_id),
    FOREIGN KEY (institution_id, import_id) REFERENCES roster_imports,
    FOREIGN KEY (institution_id, person_id) REFERENCES people,
    CHECK (before IS NULL OR (after IS NOT NULL AND NOT is_new))
);
CREATE INDEX roster_changes_by_person ON roster_changes (institution_id, person_id);
CALL wall_by('roster_changes', 'institution_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON roster_changes TO directory_app, directory_worker;

-- Which headers an institution's rosters have for which columns: those of the last that was imported.
CREATE TABLE roster_columns (
    institution_id uuid PRIMARY KEY REFERENCES institutions,
    headers text NOT NULL
);
CALL wall_by('roster_columns', 'institution_id');
GRANT SELECT, INSERT, UPDATE ON roster_columns TO directory_app, directory_worker;

-- An erasure is complete when the log of contacts has been read to its end and the person's last word is a tombstone.
CREATE TABLE erasures (
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    reason text NOT NULL CHECK (reason IN ('asked', 'retention')),
    erased_by uuid NOT NULL,
    erased_at timestamptz NOT NULL,
    completed_at timestamptz,
    -- Which services' receipts it waits for, and when the last of them came.
    awaits text[] NOT NULL DEFAULT '{}',
    receipts_complete_at timestamptz,
    PRIMARY KEY (institution_id, person_id),
    FOREIGN KEY (institution_id, person_id) REFERENCES people
);
CREATE INDEX erasures_by_person ON erasures (person_id);
CREATE INDEX erasures_awaiting ON erasures (erased_at) WHERE receipts_complete_at IS NULL AND awaits <> '{}';
CALL wall_by('erasures', 'institution_id');
GRANT SELECT, INSERT ON erasures TO directory_app;
GRANT SELECT, INSERT, UPDATE ON erasures TO directory_worker;

CREATE TABLE erasure_receipts (
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    service text NOT NULL,
    done_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, person_id, service)
);
CALL wall_by('erasure_receipts', 'institution_id');
GRANT SELECT ON erasure_receipts TO directory_app;
GRANT SELECT, INSERT ON erasure_receipts TO directory_worker;

-- For whom the law delays an erasure. Why is a code, so that nothing here names anybody.
CREATE TABLE legal_holds (
    institution_id uuid NOT NULL,
    hold_id uuid NOT NULL,
    person_id uuid NOT NULL,
    ground text NOT NULL CHECK (ground IN ('legal_claim', 'investigation', 'records_law')),
    tell_person boolean NOT NULL,
    recorded_by uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    released_by uuid,
    released_at timestamptz,
    PRIMARY KEY (institution_id, hold_id),
    FOREIGN KEY (institution_id, person_id) REFERENCES people,
    CHECK ((released_by IS NULL) = (released_at IS NULL))
);
CREATE INDEX legal_holds_of_person ON legal_holds (institution_id, person_id) WHERE released_at IS NULL;
CREATE INDEX legal_holds_by_time ON legal_holds (institution_id, recorded_at, hold_id);
CALL wall_by('legal_holds', 'institution_id');
GRANT SELECT, INSERT, UPDATE (released_by, released_at) ON legal_holds TO directory_app;
GRANT SELECT ON legal_holds TO directory_worker;

-- An erasure that was asked for while the person was held; it is made with the release of the last hold.
CREATE TABLE delayed_erasures (
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    reason text NOT NULL CHECK (reason IN ('asked', 'retention')),
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, person_id),
    FOREIGN KEY (institution_id, person_id) REFERENCES people
);
CALL wall_by('delayed_erasures', 'institution_id');
GRANT SELECT, INSERT, DELETE ON delayed_erasures TO directory_app;
GRANT SELECT ON delayed_erasures TO directory_worker;

-- Looks at the contacts topic: due by real time, because the log that they look at lives by it.
CREATE TABLE contact_checks (
    check_id uuid PRIMARY KEY,
    cause text NOT NULL CHECK (cause IN ('erasure', 'daily', 'asked', 'unfinished')),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    claimed_until timestamptz,
    finished_at timestamptz,
    tombstones_sent integer,
    erasures_completed integer
);
CREATE INDEX contact_checks_open ON contact_checks (due_at) WHERE finished_at IS NULL;
GRANT SELECT, INSERT ON contact_checks TO directory_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON contact_checks TO directory_worker;

-- Whoever provisions an institution's people by SCIM. Of a secret its hash alone is kept, so it is shown once, when it
-- is issued; a new one takes the place of the old one, and a revoked token has none.
CREATE TABLE provisioning_tokens (
    institution_id uuid NOT NULL REFERENCES institutions,
    token_id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    secret_hash bytea,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    issued_at timestamptz,
    revoked_at timestamptz,
    revision bigint NOT NULL,
    PRIMARY KEY (institution_id, token_id),
    CHECK (secret_hash IS NULL OR (issued_at IS NOT NULL AND revoked_at IS NULL))
);
CREATE INDEX provisioning_tokens_by_id ON provisioning_tokens (token_id);
CREATE INDEX provisioning_tokens_by_secret ON provisioning_tokens (secret_hash);
CALL wall_by('provisioning_tokens', 'institution_id');
GRANT SELECT, INSERT, UPDATE ON provisioning_tokens TO directory_app, directory_worker;

-- A request of a provisioning client begins without an institution: the secret says whose it is, and opens nothing else.
CREATE FUNCTION find_provisioning_token(wanted bytea) RETURNS TABLE (token_id uuid, institution_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, directory, pg_temp
    AS $$ SELECT t.token_id, t.institution_id FROM provisioning_tokens t WHERE t.secret_hash = wanted $$;
GRANT EXECUTE ON FUNCTION find_provisioning_token(bytea) TO directory_app;
CREATE POLICY sign_in ON provisioning_tokens FOR SELECT TO directory_owner USING (true);

-- What the identity provider says of a person beside what is known of them anyway. Whoever it removed has left, and is
-- nobody to it until it brings them again; whoever it never named has no row.
CREATE TABLE accounts (
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    user_name text CHECK (length(user_name) BETWEEN 1 AND 200),
    user_key text GENERATED ALWAYS AS (lower(user_name)) STORED,
    email_type text,
    email_primary boolean,
    is_deactivated boolean NOT NULL,
    removed_at timestamptz,
    PRIMARY KEY (institution_id, person_id),
    UNIQUE (institution_id, user_key),
    FOREIGN KEY (institution_id, person_id) REFERENCES people,
    CHECK ((user_name IS NULL) = (removed_at IS NOT NULL))
);
CALL wall_by('accounts', 'institution_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON accounts TO directory_app, directory_worker;

-- Groups of the identity provider. `name_key` is the name as it is compared: two of them give their members a role.
CREATE TABLE provisioned_groups (
    institution_id uuid NOT NULL REFERENCES institutions,
    group_id uuid NOT NULL,
    display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 200),
    name_key text NOT NULL,
    external_id text CHECK (length(external_id) BETWEEN 1 AND 200),
    revision bigint NOT NULL,
    PRIMARY KEY (institution_id, group_id),
    UNIQUE (institution_id, name_key)
);
CALL wall_by('provisioned_groups', 'institution_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON provisioned_groups TO directory_app, directory_worker;

CREATE TABLE group_members (
    institution_id uuid NOT NULL,
    group_id uuid NOT NULL,
    person_id uuid NOT NULL,
    PRIMARY KEY (institution_id, group_id, person_id),
    FOREIGN KEY (institution_id, group_id) REFERENCES provisioned_groups,
    FOREIGN KEY (institution_id, person_id) REFERENCES people
);
CREATE INDEX group_members_by_person ON group_members (institution_id, person_id);
CALL wall_by('group_members', 'institution_id');
GRANT SELECT, INSERT, DELETE ON group_members TO directory_app, directory_worker;

-- What people say of themselves. `goals_text` is personal data, shown to nobody else and in no event; an erasure takes
-- the whole row.
CREATE TABLE profiles (
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    stage text CHECK (stage IN ('training', 'early', 'middle', 'late', 'emeritus')),
    languages text[] NOT NULL,
    goals text[] NOT NULL,
    goals_text text CHECK (length(goals_text) <= 4000),
    time_zone text NOT NULL,
    availability text NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (institution_id, person_id),
    FOREIGN KEY (institution_id, person_id) REFERENCES people
);
CALL wall_by('profiles', 'institution_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON profiles TO directory_app, directory_worker;
