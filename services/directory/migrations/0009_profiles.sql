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
