"""What a person can do something about; refuses to be raised without a message that says what."""


class LocalProblem(Exception):
    """The message says what happened, what was kept and what to do; a stack trace would add nothing."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
