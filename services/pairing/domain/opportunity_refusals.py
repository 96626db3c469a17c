"""What is refused to who offers an opportunity, or follows one; each class is one stable code."""

from shared.platform.errors import Conflict, Malformed, NotFound


class OpportunityNotFound(NotFound):
    """There is no opportunity here that you may see."""


class OpportunityOver(Conflict):
    """The deadline of this opportunity has passed, or it was withdrawn. Nothing was changed."""


class AlreadyFollowed(Conflict):
    """You have done this already, or there is nothing to take back. Nothing was changed."""


class NotOfferedByYou(NotFound):
    """Somebody of these is no mentee to whom you may offer it. Nothing was sent."""


class DeadlineOutOfRange(Malformed):
    """The deadline must be in the future and at most two years off. Nothing was sent."""
