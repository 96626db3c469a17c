-- Whether the two have a compact in force, by which their silence is judged, and since when it has lasted too long.
ALTER TABLE pairs
    ADD COLUMN has_compact boolean NOT NULL DEFAULT false,
    ADD COLUMN drifts_since timestamptz;
