-- Notice was given: nothing new is lent under the agreement, which goes on for what it lends already.
ALTER TABLE agreements ADD COLUMN is_ending boolean NOT NULL DEFAULT false;
