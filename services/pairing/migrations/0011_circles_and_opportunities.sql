-- Circles: of peers, or of one mentor with several mentees; and what is offered to mentees with a deadline.
-- A circle is of its leader's institution, and its row is the lock under which members come and go.
CREATE TABLE circles (
    circle_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    led_by uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('peers', 'mentor')),
    topic text,
    formed_at timestamptz NOT NULL,
    ended_at timestamptz,
    reason text,
    version bigint NOT NULL,
    PRIMARY KEY (circle_id, institution_id),
    CONSTRAINT circles_end_once CHECK ((ended_at IS NULL) = (reason IS NULL))
);
CREATE INDEX circles_of_leader ON circles (led_by, formed_at, circle_id);
CREATE INDEX circles_of_institution ON circles (institution_id);
CALL wall_by('circles', 'institution_id');
GRANT SELECT, INSERT, UPDATE (ended_at, reason, version) ON circles TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON circles TO pairing_worker;

-- Who was invited, and who is of it. The leader's institution sees all of them; a member's sees its own.
CREATE TABLE circle_members (
    circle_id uuid NOT NULL,
    person_id uuid NOT NULL,
    leader_institution_id uuid NOT NULL,
    member_institution_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('invited', 'joined', 'left')),
    invited_at timestamptz NOT NULL,
    joined_at timestamptz,
    left_at timestamptz,
    PRIMARY KEY (circle_id, person_id, member_institution_id),
    FOREIGN KEY (circle_id, leader_institution_id) REFERENCES circles (circle_id, institution_id),
    CONSTRAINT circle_members_leave_once CHECK ((left_at IS NOT NULL) = (state = 'left')),
    CONSTRAINT circle_members_join_before CHECK (joined_at IS NOT NULL OR state <> 'joined')
);
CREATE INDEX circle_members_of_circle ON circle_members (circle_id, invited_at, person_id);
CREATE INDEX circle_members_of_person ON circle_members (person_id);
CREATE INDEX circle_members_of_leader_institution ON circle_members (leader_institution_id);
CREATE INDEX circle_members_of_member_institution ON circle_members (member_institution_id);
CALL wall_by('circle_members', 'leader_institution_id', 'member_institution_id');
GRANT SELECT, INSERT, UPDATE (state, invited_at, joined_at, left_at) ON circle_members TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON circle_members TO pairing_worker;

-- Whom a circle may invite is behind the wall where they are another institution's: this answers with the institution
-- alone, and only of people whom an agreement lets the asker's institution lend to, or among peers borrow from.
CREATE FUNCTION find_companion(companion uuid, among_peers boolean, instant timestamptz)
    RETURNS TABLE (institution_id uuid, is_mentor boolean, is_mentee boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pairing, pg_temp
    AS $$
        SELECT p.institution_id, p.is_mentor, p.is_mentee FROM people p
        WHERE p.person_id = companion AND p.status = 'here' AND (
            lends_to(ctx_institution(), p.institution_id, instant)
            OR (among_peers AND lends_to(p.institution_id, ctx_institution(), instant))
        )
    $$;
GRANT EXECUTE ON FUNCTION find_companion(uuid, boolean, timestamptz) TO pairing_app;

-- A deadline without an hour ends with its day in the zone of whoever offers.
ALTER TABLE institutions ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC';
GRANT SELECT (institution_id, time_zone) ON institutions TO pairing_app;

-- What is offered to mentees with a deadline, in words that no event and no mail carries.
CREATE TABLE opportunities (
    opportunity_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    offered_by uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('conference', 'project', 'role')),
    title text,
    details text,
    deadline_at timestamptz NOT NULL,
    deadline_day date,
    offered_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    version bigint NOT NULL,
    PRIMARY KEY (opportunity_id, institution_id)
);
CREATE INDEX opportunities_of_institution ON opportunities (institution_id, offered_at, opportunity_id);
CREATE INDEX opportunities_by ON opportunities (offered_by);
CALL wall_by('opportunities', 'institution_id');
GRANT SELECT, INSERT, UPDATE (withdrawn_at, version) ON opportunities TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON opportunities TO pairing_worker;

-- Mentees to whom one was offered, or who saved one; whoever offers sees all of them, a mentee's institution its own.
CREATE TABLE opportunity_followers (
    opportunity_id uuid NOT NULL,
    person_id uuid NOT NULL,
    offering_institution_id uuid NOT NULL,
    mentee_institution_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('offered', 'saved', 'dropped')),
    offered_at timestamptz NOT NULL,
    PRIMARY KEY (opportunity_id, person_id, mentee_institution_id),
    FOREIGN KEY (opportunity_id, offering_institution_id) REFERENCES opportunities (opportunity_id, institution_id)
);
CREATE INDEX opportunity_followers_of_opportunity ON opportunity_followers (opportunity_id, person_id);
CREATE INDEX opportunity_followers_of_person ON opportunity_followers (person_id);
CREATE INDEX opportunity_followers_of_offering_institution ON opportunity_followers (offering_institution_id);
CREATE INDEX opportunity_followers_of_mentee_institution ON opportunity_followers (mentee_institution_id);
CALL wall_by('opportunity_followers', 'offering_institution_id', 'mentee_institution_id');
GRANT SELECT, INSERT, UPDATE (state) ON opportunity_followers TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON opportunity_followers TO pairing_worker;

-- Who enters their second year is asked once whether they take one new first-year; from which year they came is known.
ALTER TABLE people ADD COLUMN level text;
CREATE TABLE first_year_offers (
    offer_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('offered', 'accepted', 'declined')),
    offered_at timestamptz NOT NULL,
    answered_at timestamptz,
    version bigint NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (offer_id, institution_id),
    UNIQUE (institution_id, person_id),
    CONSTRAINT first_year_offers_are_answered_once CHECK ((answered_at IS NULL) = (state = 'offered'))
);
CREATE INDEX first_year_offers_of_institution ON first_year_offers (institution_id, offered_at, offer_id);
CALL wall_by('first_year_offers', 'institution_id');
GRANT SELECT, UPDATE (state, answered_at, version, revision) ON first_year_offers TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON first_year_offers TO pairing_worker;
