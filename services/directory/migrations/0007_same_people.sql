-- By what a roster may mean somebody besides their external id: address, and name without capitals, accents and blanks.
-- The service writes names as it folds them; those that are here get nearly the same until they are written next.
ALTER TABLE people
    ADD COLUMN email_key text GENERATED ALWAYS AS (lower(email)) STORED,
    ADD COLUMN name_key text,
    ADD CONSTRAINT people_name_key CHECK (name IS NOT NULL OR name_key IS NULL);
-- No UPDATE: row-level security is forced, and shows the owner no rows.
ALTER TABLE people ALTER COLUMN name_key TYPE text USING btrim(regexp_replace(
    translate(lower(regexp_replace(normalize(name, NFKD), U&'[\0300-\036F]', '', 'g')), 'łøđðħı', 'loddhi'),
    '\s+', ' ', 'g'
));
-- The institution stands last: while nothing is known of a table that is being filled, the check of a reference to it
-- takes any index that begins like its key, and would read the whole institution for each row.
CREATE INDEX people_by_email_key ON people (email_key, institution_id);
CREATE INDEX people_by_name_key ON people (name_key, institution_id);
