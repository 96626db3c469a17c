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
