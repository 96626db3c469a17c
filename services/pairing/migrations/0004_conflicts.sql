-- Conflicts of interest: of which programme a mentee is, and until when a pair's conflict may be resolved.
ALTER TABLE people ADD COLUMN programme text;
ALTER TABLE pairs ADD COLUMN coi_review_by timestamptz;

-- What somebody does for a programme, as the directory said; a mentor who does it is in conflict with the programme's mentees.
CREATE TABLE duties (
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    programme text NOT NULL,
    duty text NOT NULL CHECK (duty IN ('director', 'committee_member', 'evaluator', 'coach')),
    PRIMARY KEY (institution_id, person_id, programme, duty)
);
CALL wall_by('duties', 'institution_id');
GRANT SELECT ON duties TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON duties TO pairing_worker;

-- What was said to stand between two people, whichever of them is the mentor; it holds until it is withdrawn.
CREATE TABLE conflicts (
    conflict_id uuid PRIMARY KEY,
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('family', 'financial', 'personal')),
    declared_by uuid NOT NULL,
    declared_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    CHECK (mentor_id <> mentee_id)
);
CREATE INDEX conflicts_between ON conflicts (least(mentor_id, mentee_id), greatest(mentor_id, mentee_id))
    WHERE withdrawn_at IS NULL;
CREATE INDEX conflicts_of_mentor_institution ON conflicts (mentor_institution_id);
CREATE INDEX conflicts_of_mentee_institution ON conflicts (mentee_institution_id);
CALL wall_by('conflicts', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT, INSERT, UPDATE (withdrawn_at) ON conflicts TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON conflicts TO pairing_worker;

-- From what somebody stepped back, for one pair: `ground` names it by kind and programme, or by kind and declaration.
CREATE TABLE recusals (
    pair_id uuid NOT NULL,
    ground text NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    reason text NOT NULL CHECK (reason IN ('assesses_no_more', 'others_decide', 'administrative')),
    recused_by uuid NOT NULL,
    recused_at timestamptz NOT NULL,
    PRIMARY KEY (pair_id, ground)
);
CREATE INDEX recusals_of_mentor_institution ON recusals (mentor_institution_id);
CREATE INDEX recusals_of_mentee_institution ON recusals (mentee_institution_id);
CALL wall_by('recusals', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT, INSERT ON recusals TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON recusals TO pairing_worker;
