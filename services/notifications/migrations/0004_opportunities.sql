-- Mentees are reminded of opportunities that they were offered or saved: each mentee of one is a cause of its own.
ALTER TABLE causes DROP CONSTRAINT causes_kind_check;
ALTER TABLE causes ADD CONSTRAINT causes_kind_check
    CHECK (kind IN ('pair', 'meeting', 'feedback_request', 'choice', 'conflict', 'opportunity'));
ALTER TABLE causes ADD COLUMN followed_at timestamptz;
