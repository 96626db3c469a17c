"""What is refused to mentees who ask and to mentors who are asked; each class is one stable code."""

from shared.platform.errors import Conflict, Malformed, NotFound


class RequestNotFound(NotFound):
    """There is no request here that you may see."""


class ChoiceNotFound(NotFound):
    """There is no request to you with this id."""


class IntakeNotFound(NotFound):
    """You are no mentor of your institution, so there is no intake of yours."""


class RequestOpen(Conflict):
    """You have an open request already. Withdraw it first, or wait until it is over."""


class RequestLapsed(Conflict):
    """The seventy-two hours to answer this request are over, so it goes on without you. Nothing was changed."""


class RequestClosed(Conflict):
    """This was answered, withdrawn or passed over already. Nothing was changed; look at it again."""


class DuplicateChoice(Malformed):
    """The same mentor is named twice. Nothing was sent; name each mentor once."""
