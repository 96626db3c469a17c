-- The two of a pair and their administrators are mailed about a conflict of interest: it is a cause of its own.
ALTER TABLE causes DROP CONSTRAINT causes_kind_check;
ALTER TABLE causes
    ADD CONSTRAINT causes_kind_check CHECK (kind IN ('pair', 'meeting', 'feedback_request', 'choice', 'conflict'));
