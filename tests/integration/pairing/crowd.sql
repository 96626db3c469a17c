-- Fifty thousand people of ten hospitals that all lend to one another, as pairing's rows. Everybody's id follows from
-- their number: 0 to 2,999 are the mentors, everybody else is a mentee, and the last digit says of which hospital.

INSERT INTO institutions (institution_id) SELECT md5('h' || h)::uuid FROM generate_series(0, 9) h;

INSERT INTO agreements (agreement_id, lender_institution_id, borrower_institution_id, cap, starts_at)
SELECT md5('a' || l || '-' || b)::uuid, md5('h' || l)::uuid, md5('h' || b)::uuid, 1000, now() - interval '1 day'
FROM generate_series(0, 9) l, generate_series(0, 9) b WHERE l <> b;

-- One mentor in ten is away, one in ten closed their intake; there are twenty programmes.
INSERT INTO people (institution_id, person_id, status, is_mentor, is_mentee, places, shared_places, programme,
    accepting, level)
SELECT md5('h' || n % 10)::uuid, md5('p' || n)::uuid,
    CASE WHEN n / 10 % 10 = 3 AND n < 3000 THEN 'on_leave' ELSE 'here' END, n < 3000,
    n >= 3000, 4, 2, CASE WHEN n >= 3000 THEN 'programme-' || n / 10 % 20 END,
    n / 10 % 10 <> 4, 'PGY-1'
FROM generate_series(0, 49999) n;

-- Every programme has a director, four who vote in its committee, an evaluator and a coach, all of them mentors.
INSERT INTO duties (institution_id, person_id, programme, duty)
SELECT DISTINCT md5('h' || h)::uuid, md5('p' || ((g * 7 + d) % 300 * 10 + h))::uuid,
    'programme-' || g,
    (ARRAY['director', 'committee_member', 'committee_member', 'committee_member', 'committee_member', 'evaluator',
           'coach'])[d + 1]
FROM generate_series(0, 9) h, generate_series(0, 19) g, generate_series(0, 6) d;

-- Two of a mentor's four places are taken, every third mentor's four; every second pair is a cross pair.
INSERT INTO pairs (pair_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, state, proposed_by,
    proposed_at, answer_by, place, shared_place, mentor_away, mentee_away, version, revision)
SELECT md5('pair' || m || '-' || place)::uuid, md5('p' || m)::uuid, md5('p' || mentee)::uuid,
    md5('h' || m % 10)::uuid, md5('h' || mentee % 10)::uuid, 'active', md5('p' || m)::uuid, now(),
    now(), place, CASE WHEN mentee % 10 <> m % 10 THEN (place + 1) / 2 END, false, false, 0, 0
FROM generate_series(0, 2999) m, generate_series(1, 4) place,
    LATERAL (SELECT 3000 + (m * 4 + place) * 10 % 46990 + (m + place % 2) % 10) AS far (mentee)
WHERE place <= 2 OR m / 10 % 3 = 0;

INSERT INTO conflicts (conflict_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, kind,
    declared_by, declared_at)
SELECT md5('conflict' || n)::uuid, md5('p' || n % 3000)::uuid, md5('p' || 3000 + n)::uuid,
    md5('h' || n % 10)::uuid, md5('h' || n % 10)::uuid, 'family', md5('p' || n)::uuid, now()
FROM generate_series(0, 4999) n;

INSERT INTO mentor_cards (institution_id, agreement_id, mentor_id, home_institution_id, away, free_places,
    free_shared_places, starts_at)
SELECT a.borrower_institution_id, a.agreement_id, p.person_id, p.institution_id,
    p.status <> 'here' OR NOT p.accepting, p.places - count(r.place), p.shared_places - count(r.shared_place),
    a.starts_at
FROM agreements a JOIN people p ON p.institution_id = a.lender_institution_id AND p.is_mentor
LEFT JOIN pairs r ON r.mentor_id = p.person_id AND r.place IS NOT NULL
GROUP BY a.agreement_id, p.person_id, p.institution_id;

ANALYZE;
