-- Which services' receipts an erasure waits for, decided when it is made: of earlier ones none was said. It is complete
-- in the other services with the last of them.
ALTER TABLE erasures ADD COLUMN awaits text[] NOT NULL DEFAULT '{}', ADD COLUMN receipts_complete_at timestamptz;
CREATE INDEX erasures_by_person ON erasures (person_id);
CREATE INDEX erasures_awaiting ON erasures (erased_at) WHERE receipts_complete_at IS NULL AND awaits <> '{}';

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
