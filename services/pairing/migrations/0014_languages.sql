-- What somebody speaks, as they said; a mentor's cards say it where they are lent.
ALTER TABLE people ADD COLUMN languages text[] NOT NULL DEFAULT '{}';
ALTER TABLE mentor_cards ADD COLUMN languages text[] NOT NULL DEFAULT '{}';
