-- Which kinds of conflict of interest only warn at an institution; family and judges of every sort never do.
ALTER TABLE institutions
    ADD COLUMN warns text[] NOT NULL DEFAULT '{coach}' CHECK (warns <@ ARRAY['coach', 'financial', 'personal']);
GRANT UPDATE (warns) ON institutions TO directory_app;
