"""SQL about what people say of themselves; one function, one statement."""

from uuid import UUID

from pydantic import TypeAdapter

from services.directory.domain.profiles import Facts, Profile
from shared.contracts.directory import WeeklySpan
from shared.platform.database import Transaction

_SPANS = TypeAdapter(tuple[WeeklySpan, ...])


async def get_profile(tx: Transaction, institution_id: UUID, person_id: UUID) -> Profile:
    """What somebody said of themselves; an empty profile where they said nothing yet."""
    row = await tx.find(
        """
        SELECT stage, languages, goals, goals_text, time_zone, availability, revision
        FROM profiles WHERE institution_id = $1 AND person_id = $2
        """,
        institution_id,
        person_id,
    )
    if row is None:
        return Profile(person_id, institution_id)
    facts = Facts(
        row["stage"],
        tuple(row["languages"]),
        tuple(row["goals"]),
        row["time_zone"],
        _SPANS.validate_json(row["availability"]),
    )
    return Profile(person_id, institution_id, facts, row["goals_text"], row["revision"])


async def save_profile(tx: Transaction, one: Profile) -> None:
    """Keep what somebody who is locked says of themselves."""
    facts = one.facts
    await tx.execute(
        """
        INSERT INTO profiles (institution_id, person_id, stage, languages, goals, goals_text, time_zone, availability,
                              revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (institution_id, person_id) DO UPDATE
        SET stage = EXCLUDED.stage, languages = EXCLUDED.languages, goals = EXCLUDED.goals,
            goals_text = EXCLUDED.goals_text, time_zone = EXCLUDED.time_zone, availability = EXCLUDED.availability,
            revision = EXCLUDED.revision
        """,
        one.institution_id,
        one.person_id,
        facts.stage,
        list(facts.languages),
        list(facts.goals),
        one.goals_text,
        facts.time_zone,
        _SPANS.dump_json(facts.availability).decode(),
        one.revision,
    )


async def delete_profile(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """Forget what somebody said of themselves."""
    await tx.execute("DELETE FROM profiles WHERE institution_id = $1 AND person_id = $2", institution_id, person_id)
