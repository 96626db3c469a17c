-- Mails about silence, leaving, notice, what became of a request, compacts, introductions, circles, concerns, offers to
-- second years and erasures that wait: each of these is a cause of its own, and some concern one person alone.
ALTER TABLE causes DROP CONSTRAINT causes_kind_check;
ALTER TABLE causes ADD CONSTRAINT causes_kind_check
    CHECK (kind IN ('pair', 'meeting', 'feedback_request', 'choice', 'conflict', 'opportunity', 'drift', 'leaving', 'notice', 'passed_over',
        'request', 'compact', 'introduction', 'circle', 'concern', 'first_year', 'hold'));
ALTER TABLE causes DROP CONSTRAINT causes_check2;
ALTER TABLE causes ADD COLUMN closed_at timestamptz;
ALTER TABLE causes ADD COLUMN since timestamptz;
ALTER TABLE causes ADD COLUMN reason text;
ALTER TABLE causes ADD COLUMN part_of uuid;
ALTER TABLE causes ADD CONSTRAINT causes_check2
    CHECK ((mentor_id = mentee_id) = (kind IN ('notice', 'request', 'concern', 'first_year', 'hold')));
CREATE INDEX causes_part_of ON causes (part_of) WHERE part_of IS NOT NULL;
