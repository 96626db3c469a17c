-- What else an event of the past names, for a service that cannot tell beforehand which of its aggregates it was about.
ALTER TABLE past ADD COLUMN found_by uuid;
CREATE INDEX past_found_by ON past (found_by) WHERE found_by IS NOT NULL;
