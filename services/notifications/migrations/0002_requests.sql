-- Mentors are mailed about requests that ask them: each choice of a request is a cause of its own.
ALTER TABLE causes DROP CONSTRAINT causes_kind_check;
ALTER TABLE causes
    ADD CONSTRAINT causes_kind_check CHECK (kind IN ('pair', 'meeting', 'feedback_request', 'choice'));
