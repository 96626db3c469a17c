-- Pairs as far as meetings knows them, their meetings, when each person is taken, and touchpoints.
-- The extension btree_gist comes with the database: a service's owner may not create it.

CREATE TABLE pairs (
    pair_id uuid PRIMARY KEY,
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'paused', 'ended')),
    CHECK (mentor_id <> mentee_id)
);
CREATE INDEX pairs_mentor_institution ON pairs (mentor_institution_id);
CREATE INDEX pairs_mentee_institution ON pairs (mentee_institution_id);

CREATE TABLE meetings (
    meeting_id uuid PRIMARY KEY,
    pair_id uuid NOT NULL REFERENCES pairs,
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('proposed', 'expired', 'scheduled', 'held', 'missed', 'cancelled')),
    proposed_by uuid NOT NULL CHECK (proposed_by IN (mentor_id, mentee_id)),
    proposed_at timestamptz NOT NULL,
    slot_starts timestamptz[] NOT NULL CHECK (cardinality(slot_starts) BETWEEN 1 AND 3),
    slot_ends timestamptz[] NOT NULL CHECK (cardinality(slot_ends) = cardinality(slot_starts)),
    starts_at timestamptz,
    ends_at timestamptz CHECK (ends_at > starts_at),
    missed_said_by uuid CHECK (missed_said_by IN (mentor_id, mentee_id)),
    confirmed boolean,
    cancelled_by uuid CHECK (cancelled_by IN (mentor_id, mentee_id)),
    cancel_reason text,
    version bigint NOT NULL CHECK (version >= 1),
    revision bigint NOT NULL CHECK (revision >= 1),
    CHECK ((starts_at IS NULL) = (ends_at IS NULL)),
    CHECK (starts_at IS NOT NULL OR state IN ('proposed', 'expired', 'cancelled')),
    CHECK ((confirmed IS NOT NULL) = (state = 'held')),
    CHECK ((cancel_reason IS NOT NULL) = (state = 'cancelled'))
);
CREATE INDEX meetings_pair ON meetings (pair_id);
CREATE INDEX meetings_mentor ON meetings (mentor_id, proposed_at);
CREATE INDEX meetings_mentee ON meetings (mentee_id, proposed_at);
CREATE INDEX meetings_mentor_institution ON meetings (mentor_institution_id, proposed_at);
CREATE INDEX meetings_mentee_institution ON meetings (mentee_institution_id, proposed_at);

-- Two meetings of one person never overlap, whichever pairs they belong to and whoever books at the same instant:
-- the exclusion sees every institution's rows, because row-level security does not bind constraints. A cancelled
-- meeting gives its time back; one that was held or missed keeps it.
CREATE TABLE busy_times (
    meeting_id uuid NOT NULL REFERENCES meetings,
    person_id uuid NOT NULL,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    during tstzrange NOT NULL CHECK (NOT isempty(during) AND lower(during) IS NOT NULL AND upper(during) IS NOT NULL),
    PRIMARY KEY (meeting_id, person_id),
    CONSTRAINT one_meeting_at_a_time EXCLUDE USING gist (person_id WITH =, during WITH &&)
);
CREATE INDEX busy_times_mentor_institution ON busy_times (mentor_institution_id);
CREATE INDEX busy_times_mentee_institution ON busy_times (mentee_institution_id);

CREATE TABLE touchpoints (
    touchpoint_id uuid PRIMARY KEY,
    pair_id uuid NOT NULL REFERENCES pairs,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    logged_by uuid NOT NULL,
    logged_at timestamptz NOT NULL,
    happened_at timestamptz NOT NULL CHECK (happened_at <= logged_at),
    minutes smallint NOT NULL CHECK (minutes BETWEEN 5 AND 20),
    version bigint NOT NULL CHECK (version = 1)
);
CREATE INDEX touchpoints_pair ON touchpoints (pair_id, happened_at);
CREATE INDEX touchpoints_mentor_institution ON touchpoints (mentor_institution_id);
CREATE INDEX touchpoints_mentee_institution ON touchpoints (mentee_institution_id);

CALL wall_by('pairs', 'mentor_institution_id', 'mentee_institution_id');
CALL wall_by('meetings', 'mentor_institution_id', 'mentee_institution_id');
CALL wall_by('busy_times', 'mentor_institution_id', 'mentee_institution_id');
CALL wall_by('touchpoints', 'mentor_institution_id', 'mentee_institution_id');

-- A request changes no pair; it may update a pair's id only because PostgreSQL asks for that right before FOR UPDATE.
GRANT SELECT, UPDATE (pair_id) ON pairs TO meetings_app;
GRANT SELECT, INSERT, UPDATE ON meetings TO meetings_app;
GRANT SELECT, INSERT, DELETE ON busy_times TO meetings_app;
GRANT SELECT, INSERT ON touchpoints TO meetings_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON pairs, meetings, busy_times, touchpoints TO meetings_worker;

-- Pairs that went on after a notice, once it is over: they are their two people's, and no administrator's.
CREATE TABLE cut_offs (
    pair_id uuid PRIMARY KEY,
    mentor_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL
);
CREATE INDEX cut_offs_of_mentor_institution ON cut_offs (mentor_institution_id);
CREATE INDEX cut_offs_of_mentee_institution ON cut_offs (mentee_institution_id);
CALL wall_by('cut_offs', 'mentor_institution_id', 'mentee_institution_id');
GRANT SELECT ON cut_offs TO meetings_app;
GRANT SELECT, INSERT ON cut_offs TO meetings_worker;
