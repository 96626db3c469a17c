"""What is refused to who introduces, asks to be introduced, or is asked; each class is one stable code."""

from shared.platform.errors import Conflict, NotFound


class IntroductionNotFound(NotFound):
    """There is no introduction here that you may see."""


class ColleagueNotFound(NotFound):
    """There is nobody here with this id to whom an agreement of the mentee's institution lets you introduce."""


class NotYourMentee(NotFound):
    """This is no mentee of yours, and nobody who asked you for an introduction."""


class FieldNotListed(Conflict):
    """The mentor does not list this field. Nothing was sent; choose one of the fields that are listed."""


class IntroductionOpen(Conflict):
    """You asked these two already, and their time to answer is not over. Nothing was sent."""


class IntroductionAnswered(Conflict):
    """You gave this answer already; a no stands, and a yes can become a no. Nothing was changed."""


class IntroductionClosed(Conflict):
    """This introduction is over. Nothing was changed; look at it again."""


class WishOpen(Conflict):
    """You asked this mentor for an introduction already, and their time to answer is not over. Nothing was sent."""


class WishNotFound(NotFound):
    """You asked for no such introduction, or took it back."""


class WishAnswered(Conflict):
    """The mentor has offered you an introduction since. Nothing was changed; answer the offer."""


class NoMentor(NotFound):
    """You are no mentor of your institution, so you list no fields and introduce nobody."""
