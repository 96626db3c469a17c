"""What is refused to who leads a circle, or is asked to be of one; each class is one stable code."""

from shared.platform.errors import Conflict, NotFound


class CircleNotFound(NotFound):
    """There is no circle here that you lead, are of, or are invited to."""


class CompanionNotFound(NotFound):
    """There is nobody here with this id whom this circle could take. Nobody was invited."""


class CannotLead(Conflict):
    """Mentors lead circles, and mentees lead circles of peers. Nothing was sent."""


class CircleEnded(Conflict):
    """This circle is over. Nothing was changed."""


class CircleFull(Conflict):
    """A circle has at most twenty members and invitations. Nobody was invited."""


class CircleStepNotPossible(Conflict):
    """You are of this circle already, or are not invited any more. Nothing was changed; look at it again."""
