-- A mentor takes nobody new until further word, and says why not now to nobody.
ALTER TABLE people ADD COLUMN accepting boolean NOT NULL DEFAULT true;
GRANT UPDATE (accepting) ON people TO pairing_app;

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
