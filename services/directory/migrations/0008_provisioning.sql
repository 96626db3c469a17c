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
