"""Why the console shows or does nothing, each with its own stable code; it decides nothing."""

from shared.platform.errors import Conflict, Forbidden, NotFound, Refused, Unavailable


class SignedOut(Refused):
    """You are signed out. Nothing was changed. Sign in to go on."""


class SignInFailed(Refused):
    """The sign-in did not come to its end. Nothing was changed. Sign in again."""


class UnknownHere(Forbidden):
    """Your sign-in is valid, but no institution of this consortium knows it. Ask your administrator to add you."""


class NotYourPage(Forbidden):
    """This is for people with another role. Nothing was changed."""


class StaleForm(Forbidden):
    """This form was made for another sign-in. Nothing was changed. Open the page again and press once more."""


class NoSuchPage(NotFound):
    """There is nothing here that you may see. It may have ended, or the address has a slip."""


class TooManyWatchers(Unavailable):
    """Too many pages are open for this one to follow changes by itself. Reload it to see what is new."""


class IssuerUnavailable(Unavailable):
    """The service that signs people in does not answer. Nothing was changed. Try again in a minute."""


class ServiceUnavailable(Unavailable):
    """The service that would do this does not answer. Nothing is known to have changed. Press again in a minute."""


class TokenExpired(Refused):
    """Your sign-in has to be renewed first. Nothing was changed."""


class NoLongerWaits(Conflict):
    """The proposal was answered, recalled or has lapsed in the meantime. Nothing was changed by you."""


class CommandRefused(Conflict):
    """The service refused, and said why."""

    def __init__(self, refusal: str, reason: str, status: int) -> None:
        super().__init__(reason)
        self.refusal = refusal
        """The stable code of the service's refusal."""
        self.status = status
        """With which HTTP status the service refused."""
