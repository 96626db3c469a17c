-- Pairs that went on after a notice, once it is over: they are their two people's, and no administrator's.
CREATE TABLE cut_offs (
    pair_id uuid PRIMARY KEY,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL
);
CREATE INDEX cut_offs_of_mentor_institution ON cut_offs (mentor_institution_id);
CREATE INDEX cut_offs_of_mentee_institution ON cut_offs (mentee_institution_id);
CALL wall_by('cut_offs', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT, INSERT ON cut_offs TO notifications_worker;
