-- Imports may be taken back for 7 days. Those that were applied before this have no end of that time, and may not.
ALTER TABLE roster_imports
    ADD COLUMN revert_until timestamptz,
    ADD COLUMN reverted_at timestamptz,
    DROP CONSTRAINT roster_imports_state_check,
    DROP CONSTRAINT roster_imports_check,
    ADD CONSTRAINT roster_imports_states CHECK (
        CASE state
            WHEN 'previewed' THEN num_nonnulls(applied_at, reverted_at) = 0
            WHEN 'expired' THEN num_nonnulls(applied_at, reverted_at) = 0
            WHEN 'applied' THEN applied_at IS NOT NULL AND reverted_at IS NULL
            WHEN 'reverted' THEN num_nulls(applied_at, reverted_at) = 0
            WHEN 'partly_reverted' THEN num_nulls(applied_at, reverted_at) = 0
            ELSE false
        END
    );
ALTER TABLE roster_imports RENAME CONSTRAINT roster_imports_check1 TO roster_imports_check;

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
