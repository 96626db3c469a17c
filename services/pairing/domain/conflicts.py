"""Conflicts of interest between a mentor and a mentee: what makes one, what only warns, and when it is resolved."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from shared.contracts.directory import Duty

DeclaredKind = Literal["family", "financial", "personal"]
Kind = Duty | DeclaredKind
Source = Literal["duty", "declared"]
How = Literal["recused", "role_ended", "withdrawn", "policy_set"]
RecusalReason = Literal["assesses_no_more", "others_decide", "administrative"]

REVIEW_CONFLICT_WITHIN: Final = timedelta(days=14)
UNRESOLVED: Final = "conflict_unresolved"
# What an institution may have only warn: said to whoever looks, and no more. Who judges somebody, or is family of
# theirs, is never their mentor.
MAY_WARN: Final = frozenset[Kind]({"coach", "financial", "personal"})


@dataclass(frozen=True)
class Ground:
    """One reason why two people are in conflict: a duty in the mentee's programme, or what somebody declared.

    `key` tells it from others of its kind: the programme's code, or the declaration's id. It `blocks`, unless every
    institution of the two has its kind only warn. `private_to` is who declared it before there was a pair.
    """

    kind: Kind
    source: Source
    key: str
    blocks: bool
    private_to: UUID | None = None

    @property
    def name(self) -> str:
        """What a recusal names it by."""
        return f"{self.kind} {self.key}"


@dataclass(frozen=True)
class Recusal:
    """Somebody stepped back from what made a ground of conflict, for one pair; recorded with who and why."""

    ground: str
    reason: RecusalReason
    recused_by: UUID
    recused_at: datetime


@dataclass
class Declaration:
    """What one of two people, or an administrator, said stands between them; it holds until it is withdrawn.

    Which of the two is called the mentor makes no difference. What was said before there was a pair `is_private`: the
    other one is not shown it, whatever else they may look at.
    """

    conflict_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    mentor_institution_id: UUID
    mentee_institution_id: UUID
    kind: DeclaredKind
    declared_by: UUID
    declared_at: datetime
    withdrawn_at: datetime | None = None
    is_private: bool = False

    def is_seen_by(self, person_id: UUID, *, administers: bool) -> bool:
        """Whether somebody of one of the two institutions may look at it."""
        is_one_of_the_two = person_id in {self.mentor_id, self.mentee_id}
        if self.is_private:
            return person_id == self.declared_by or (administers and not is_one_of_the_two)
        return administers or is_one_of_the_two


def standing(grounds: Sequence[Ground], recused: Collection[str]) -> list[Ground]:
    """The grounds that make a pair impossible and from which nobody has stepped back."""
    return [ground for ground in grounds if ground.blocks and ground.name not in recused]
