-- How many cross pairs an institution lends and borrows at most, with all others together.
ALTER TABLE institutions
    ADD COLUMN lend_cap integer CHECK (lend_cap >= 0),
    ADD COLUMN borrow_cap integer CHECK (borrow_cap >= 0);
GRANT UPDATE (lend_cap, borrow_cap, version) ON institutions TO directory_app;
