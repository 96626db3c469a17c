"""What is refused to who is offered a first-year; each class is one stable code."""

from shared.platform.errors import Conflict, NotFound


class FirstYearOfferNotFound(NotFound):
    """There is no such offer here that you may see."""


class FirstYearOfferAnswered(Conflict):
    """You answered this already. Nothing was changed; ask an administrator if you think otherwise now."""
