"""What the pages read, behind row-level security: each statement sees the rows of the viewer's institution only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

from services.console.domain import (
    SHOWN,
    Couple,
    Deadline,
    FeedbackWait,
    Meeting,
    Numbers,
    Offer,
    OwnPair,
    Position,
    Proposal,
    Review,
    SeenPair,
    Silence,
    Viewer,
    Who,
)
from shared.platform.database import Row, Transaction
from shared.platform.members import Person

# A pair with both names and both institutions; `pairs` is p wherever this stands.
_COUPLE: Final = """
    p.pair_id, p.mentor_id, p.mentor_name, p.mentor_locale, p.mentor_institution_id, mi.name AS mentor_institution,
    p.mentee_id, p.mentee_name, p.mentee_locale, p.mentee_institution_id, ni.name AS mentee_institution
"""
_THEIR_INSTITUTIONS: Final = """
    JOIN institutions mi ON mi.institution_id = p.mentor_institution_id
    JOIN institutions ni ON ni.institution_id = p.mentee_institution_id
"""
# $1 narrows a list to one person's own; NULL means all that row-level security shows an administrator, but for pairs
# that went on after a notice and are their two people's.
_OWN: Final = " (($1::uuid IS NULL AND NOT p.is_cut_off) OR p.mentor_id = $1 OR p.mentee_id = $1) "

_START: Final = (None, None)
"""In the place of the position after which a list goes on."""

_PROPOSALS: Final[LiteralString] = (
    "SELECT" + _COUPLE + ", p.state, p.state_since, p.ends_at FROM pairs p" + _THEIR_INSTITUTIONS
    + "WHERE p.state IN ('proposed', 'accepted') AND" + _OWN
    + "AND ($3::timestamptz IS NULL OR (p.ends_at, p.pair_id) > ($3, $4::uuid)) ORDER BY p.ends_at, p.pair_id LIMIT $2"
)  # fmt: skip
_ACTIVE: Final[LiteralString] = (
    "SELECT" + _COUPLE + """, p.last_contact_at, greatest(p.last_contact_at, p.state_since) AS since, (
        SELECT min(m.starts_at) FROM meetings m
        WHERE m.pair_id = p.pair_id AND m.state = 'scheduled' AND m.starts_at > $4
    ) AS next_meeting_at FROM pairs p"""
    + _THEIR_INSTITUTIONS + "WHERE p.state = 'active' AND" + _OWN
    + """AND greatest(p.last_contact_at, p.state_since) < $3
        AND ($5::timestamptz IS NULL OR (greatest(p.last_contact_at, p.state_since), p.pair_id) > ($5, $6::uuid))
        ORDER BY since, p.pair_id LIMIT $2"""
)  # fmt: skip
_MEETINGS: Final[LiteralString] = (
    "SELECT" + _COUPLE + ", m.meeting_id, m.starts_at, m.ends_at FROM meetings m JOIN pairs p ON p.pair_id = m.pair_id"
    + _THEIR_INSTITUTIONS + "WHERE m.state = 'scheduled' AND m.ends_at > $3 AND m.starts_at < $4 AND" + _OWN
    + """AND ($5::timestamptz IS NULL OR (m.starts_at, m.meeting_id) > ($5, $6::uuid))
        ORDER BY m.starts_at, m.meeting_id LIMIT $2"""
)  # fmt: skip
_OFFERS: Final[LiteralString] = (
    "SELECT" + _COUPLE + ", m.meeting_id, m.proposed_by, m.expires_at"
    + " FROM meetings m JOIN pairs p ON p.pair_id = m.pair_id"
    + _THEIR_INSTITUTIONS + "WHERE m.state = 'proposed' AND m.expires_at > $3 AND" + _OWN
    + "ORDER BY m.expires_at, m.meeting_id LIMIT $2"
)  # fmt: skip
_FEEDBACK: Final[LiteralString] = (
    "SELECT" + _COUPLE + """, f.request_id, f.asked_at, f.closes_at, f.reveals_at, f.mentor_answered_at,
        f.mentee_answered_at FROM feedback_requests f JOIN pairs p ON p.pair_id = f.pair_id"""
    + _THEIR_INSTITUTIONS + "WHERE f.state = 'open' AND" + _OWN + """
        AND (f.mentor_answered_at IS NULL OR f.mentee_answered_at IS NULL)
        AND ($3::timestamptz IS NULL OR (coalesce(f.reveals_at, f.closes_at), f.request_id) > ($3, $4::uuid))
        ORDER BY coalesce(f.reveals_at, f.closes_at), f.request_id LIMIT $2"""
)  # fmt: skip
_REVIEWS: Final[LiteralString] = (
    "SELECT" + _COUPLE + ", p.state, p.coi_review_by FROM pairs p" + _THEIR_INSTITUTIONS
    + "WHERE p.coi_review_by IS NOT NULL AND p.state IN ('accepted', 'active', 'paused') AND" + _OWN
    + "ORDER BY p.coi_review_by, p.pair_id LIMIT $2"
)  # fmt: skip
_PAIRS: Final[LiteralString] = (
    "SELECT" + _COUPLE + """, p.state, p.has_compact, p.drifts_since, p.last_contact_at,
        greatest(p.last_contact_at, p.state_since) AS since, (
        SELECT min(m.starts_at) FROM meetings m
        WHERE m.pair_id = p.pair_id AND m.state = 'scheduled' AND m.starts_at > $3
    ) AS next_meeting_at FROM pairs p"""
    + _THEIR_INSTITUTIONS + "WHERE p.state IN ('active', 'paused') AND" + _OWN
    + "ORDER BY p.state, since, p.pair_id LIMIT $2"
)  # fmt: skip


async def get_viewer(tx: Transaction, person: Person) -> Viewer:
    """Who looks: name, zone and institution; raises NotFound while the directory has not spoken of them here."""
    row = await tx.get(
        """
        SELECT w.name, w.locale, w.time_zone, i.name AS institution, i.time_zone AS institution_zone
        FROM people w JOIN institutions i ON i.institution_id = w.institution_id
        WHERE w.institution_id = $1 AND w.person_id = $2
        """,
        person.institution_id,
        person.person_id,
    )
    return Viewer(
        person,
        row["name"],
        row["locale"],
        ZoneInfo(row["time_zone"]),
        row["institution"],
        ZoneInfo(row["institution_zone"]),
    )


async def count_numbers(
    tx: Transaction, institution_id: UUID, silent_since: datetime, now: datetime, until: datetime
) -> Numbers:
    """The institution's pairs by state, its mentors' places, open feedback, and meetings that begin before `until`.

    A place is held from the acceptance to the end.
    """
    row = await tx.get(
        """
        SELECT
            count(*) FILTER (WHERE p.state = 'active') AS active,
            count(*) FILTER (WHERE p.state = 'accepted') AS accepted,
            count(*) FILTER (WHERE p.state = 'proposed') AS proposed,
            count(*) FILTER (WHERE p.state = 'paused') AS paused,
            count(*) FILTER (WHERE p.state = 'active' AND greatest(p.last_contact_at, p.state_since) < $2
                AND NOT p.is_cut_off) AS silent,
            count(*) FILTER (WHERE p.state IN ('accepted', 'active', 'paused')
                AND p.mentor_institution_id = $1) AS taken,
            count(*) FILTER (WHERE p.state IN ('accepted', 'active', 'paused') AND p.mentor_institution_id = $1
                AND p.mentee_institution_id <> $1) AS shared,
            count(*) FILTER (WHERE p.state IN ('accepted', 'active', 'paused') AND p.mentor_institution_id <> $1
                AND p.mentee_institution_id = $1) AS received,
            (SELECT coalesce(sum(w.places), 0) FROM people w
             WHERE w.institution_id = $1 AND w.status IN ('here', 'on_leave')) AS places,
            (SELECT coalesce(sum(w.shared_places), 0) FROM people w
             WHERE w.institution_id = $1 AND w.status IN ('here', 'on_leave')) AS shared_places,
            (SELECT count(*) FROM feedback_requests f JOIN pairs s ON s.pair_id = f.pair_id AND NOT s.is_cut_off
             WHERE f.state = 'open' AND (f.mentor_answered_at IS NULL OR f.mentee_answered_at IS NULL)) AS feedback,
            (SELECT count(*) FROM meetings m JOIN pairs s ON s.pair_id = m.pair_id AND NOT s.is_cut_off
             WHERE m.state = 'scheduled' AND m.ends_at > $3 AND m.starts_at < $4) AS meetings
        FROM pairs p
        WHERE p.state IN ('proposed', 'accepted', 'active', 'paused')
        """,
        institution_id,
        silent_since,
        now,
        until,
    )
    return Numbers(**dict(row.items()))


async def list_proposals(
    tx: Transaction, of: UUID | None = None, after: Position | None = None
) -> tuple[Proposal, ...]:
    """Pairs that wait for a yes, the first to end first."""
    rows = await tx.fetch(_PROPOSALS, of, SHOWN, *(after or _START))
    return tuple(Proposal(_couple(row), row["state"], row["state_since"], row["ends_at"]) for row in rows)


async def list_silences(
    tx: Transaction, before: datetime, now: datetime, after: Position | None = None
) -> tuple[Silence, ...]:
    """Active pairs whose last contact was before an instant, the longest silence first."""
    rows = await tx.fetch(_ACTIVE, None, SHOWN, before, now, *(after or _START))
    return tuple(_silence(row) for row in rows)


async def list_meetings(
    tx: Transaction, now: datetime, until: datetime, of: UUID | None = None, after: Position | None = None
) -> tuple[Meeting, ...]:
    """Scheduled meetings that are not over and begin before an instant, in order."""
    rows = await tx.fetch(_MEETINGS, of, SHOWN, now, until, *(after or _START))
    return tuple(Meeting(row["meeting_id"], _couple(row), row["starts_at"], row["ends_at"]) for row in rows)


async def list_offers(tx: Transaction, now: datetime, of: UUID) -> tuple[Offer, ...]:
    """Offered times that nobody has chosen from yet."""
    rows = await tx.fetch(_OFFERS, of, SHOWN, now)
    return tuple(Offer(row["meeting_id"], _couple(row), row["proposed_by"], row["expires_at"]) for row in rows)


async def list_feedback(
    tx: Transaction, of: UUID | None = None, after: Position | None = None
) -> tuple[FeedbackWait, ...]:
    """Open requests for feedback with an answer missing, the first to close first."""
    rows = await tx.fetch(_FEEDBACK, of, SHOWN, *(after or _START))
    return tuple(_feedback(row) for row in rows)


async def list_pairs(tx: Transaction, of: UUID, now: datetime) -> tuple[OwnPair, ...]:
    """A person's pairs at work or at rest."""
    rows = await tx.fetch(_PAIRS, of, SHOWN, now)
    return tuple(
        OwnPair(_couple(row), row["state"], _silence(row), row["has_compact"], row["drifts_since"]) for row in rows
    )


async def list_reviews(tx: Transaction, of: UUID | None = None) -> tuple[Review, ...]:
    """Pairs in which a conflict of interest waits to be resolved, the first to pause first."""
    rows = await tx.fetch(_REVIEWS, of, SHOWN)
    return tuple(Review(_couple(row), row["state"], row["coi_review_by"]) for row in rows)


async def list_deadlines(tx: Transaction, institution_id: UUID, now: datetime, until: datetime) -> tuple[Deadline, ...]:
    """Ends of sharing agreements and days on which to look at a paused pair again, in order."""
    rows = await tx.fetch(
        """
        SELECT 'agreement_ends' AS kind, a.ends_at AS at, i.name FROM agreements a
        JOIN institutions i ON i.institution_id =
            CASE WHEN a.lender_institution_id = $1 THEN a.borrower_institution_id ELSE a.lender_institution_id END
        WHERE NOT a.has_ended AND a.ends_at > $2 AND a.ends_at < $3
        UNION ALL
        SELECT 'review', p.review_at, coalesce(p.mentee_name, '') FROM pairs p
        WHERE p.state = 'paused' AND NOT p.is_cut_off AND p.review_at > $2 AND p.review_at < $3
        ORDER BY at, kind LIMIT 5
        """,
        institution_id,
        now,
        until,
    )
    return tuple(Deadline(row["kind"], row["at"], row["name"]) for row in rows)


async def find_pair(tx: Transaction, pair_id: UUID) -> SeenPair | None:
    """A pair in any state; None where there is none, or it is another institution's."""
    row = await tx.find(
        "SELECT"
        + _COUPLE
        + ", p.state, p.ends_at, p.is_cut_off FROM pairs p"
        + _THEIR_INSTITUTIONS
        + "WHERE p.pair_id = $1",
        pair_id,
    )
    return None if row is None else SeenPair(_couple(row), row["state"], row["ends_at"], row["is_cut_off"])


async def count_consortium(tx: Transaction) -> tuple[int, int, int] | None:
    """Institutions, agreements in force, active pairs; None for who is not of the consortium's office."""
    row = await tx.find("SELECT institutions, agreements, active_pairs FROM count_consortium($1)", tx.now)
    return None if row is None else (row["institutions"], row["agreements"], row["active_pairs"])


async def list_revisions(tx: Transaction, institution_ids: Sequence[UUID]) -> dict[UUID, int]:
    """A number for each institution that rises when something its pages show has changed."""
    rows = await tx.fetch("SELECT institution_id, revision FROM list_revisions($1)", list(institution_ids))
    return {row["institution_id"]: row["revision"] for row in rows}


def _couple(row: Row) -> Couple:
    mentor = Who(
        row["mentor_id"],
        row["mentor_name"],
        row["mentor_locale"],
        row["mentor_institution_id"],
        row["mentor_institution"],
    )
    mentee = Who(
        row["mentee_id"],
        row["mentee_name"],
        row["mentee_locale"],
        row["mentee_institution_id"],
        row["mentee_institution"],
    )
    return Couple(row["pair_id"], mentor, mentee)


def _silence(row: Row) -> Silence:
    return Silence(_couple(row), row["since"], row["last_contact_at"], row["next_meeting_at"])


def _feedback(row: Row) -> FeedbackWait:
    return FeedbackWait(
        row["request_id"],
        _couple(row),
        row["asked_at"],
        row["closes_at"],
        row["reveals_at"],
        row["mentor_answered_at"] is not None,
        row["mentee_answered_at"] is not None,
    )
