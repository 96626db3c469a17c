"""What is refused to two people who agree on a compact; each class is one stable code."""

from shared.platform.errors import Conflict, Malformed, NotFound


class CompactNotPossibleNow(Conflict):
    """The compact is not in a state that allows this. Nothing was changed; look at it again."""


class StaleCompactVersion(Conflict):
    """This is not the version that waits to be signed. Nothing was signed; read the one that waits, and sign that."""


class AlreadySigned(Conflict):
    """You have signed this version already; it waits for the other person. Nothing was changed."""


class GoalNotFound(NotFound):
    """This compact has no goal with this id."""


class DuplicateGoal(Malformed):
    """The same goal is named twice. Nothing was offered; name each goal once."""


class TermsDoNotFit(Malformed):
    """A compact ends after it starts, after today, and at most three years after its start. Nothing was changed."""
