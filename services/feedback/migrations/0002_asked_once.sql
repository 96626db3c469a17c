-- A pair is asked once, after its third held meeting, so no time since the last request is to be kept.
ALTER TABLE pairs DROP COLUMN last_asked_at;
