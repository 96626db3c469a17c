-- A pair that went on after a notice is its two people's once the notice is over; administrators only count it.
ALTER TABLE pairs ADD COLUMN is_cut_off boolean NOT NULL DEFAULT false;
