-- What a roster's headers were taken for.
ALTER TABLE roster_imports ADD COLUMN columns text NOT NULL DEFAULT '[]';

-- Which headers an institution's rosters have for which columns: those of the last that was imported.
CREATE TABLE roster_columns (
    institution_id uuid PRIMARY KEY REFERENCES institutions,
    headers text NOT NULL
);
CALL wall_by('roster_columns', 'institution_id');
GRANT SELECT, INSERT, UPDATE ON roster_columns TO directory_app, directory_worker;
