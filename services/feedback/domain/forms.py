"""What is asked, as data with versions; answers that do not fit their form are refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.platform.errors import Malformed

Answers = Mapping[str, int | str]
"""By question: the number of the chosen word, counted from 1, or a free text."""


class AnswersDoNotFit(Malformed):
    """The answers do not fit the form: every scale needs one of its numbers, and a text has a longest length."""


@dataclass(frozen=True)
class Scale:
    """A question that is answered by one of some words, from the least to the most."""

    key: str
    wording: str
    words: tuple[str, ...]

    def fits(self, answer: int | str | None) -> bool:
        """Whether it is the number of a word; a scale may not be left out."""
        return isinstance(answer, int) and not isinstance(answer, bool) and 1 <= answer <= len(self.words)


@dataclass(frozen=True)
class FreeText:
    """A question that is answered in one's own words, or not at all."""

    key: str
    wording: str
    most_characters: int

    def fits(self, answer: int | str | None) -> bool:
        """Whether it is a text of at most that many characters, or nothing."""
        return answer is None or (isinstance(answer, str) and len(answer) <= self.most_characters)


@dataclass(frozen=True)
class Form:
    """Some questions under a name and a version; a version that was ever asked is never edited."""

    name: str
    version: int
    title: str
    who_sees: str
    """Who will see what, in the words that a person reads before sending."""
    caution: str
    questions: tuple[Scale | FreeText, ...]

    def check(self, answers: Answers) -> Answers:
        """The answers as they are kept, without empty texts. Raises AnswersDoNotFit."""
        known = {question.key: question for question in self.questions}
        if not answers.keys() <= known.keys() or not all(each.fits(answers.get(key)) for key, each in known.items()):
            raise AnswersDoNotFit
        return {key: answer for key, answer in answers.items() if answer != ""}


THIRD_MEETING: Final = Form(
    name="third_meeting",
    version=1,
    title="Three meetings in: how is it going?",
    who_sees=(
        "The other person of your pair will read your answers, and you theirs: as soon as both of you have answered, "
        "or 14 days after the first answer. Until then you may change yours. After that the form is closed for both, "
        "also for who has not answered. Nobody else reads your answers; administrators see who was asked, who "
        "answered and when, and nothing more."
    ),
    caution="Please write nothing about patients.",
    questions=(
        Scale(
            "useful",
            "How useful have your meetings been so far?",
            ("Not yet", "A little", "Fairly", "Very", "More than I had hoped"),
        ),
        Scale(
            "open",
            "How openly can the two of you speak?",
            ("Hardly", "With care", "On most things", "On nearly everything", "On anything that matters"),
        ),
        FreeText("keep_and_change", "What should stay as it is, and what would you do differently?", 4_000),
    ),
)

FORMS: Final = {(form.name, form.version): form for form in (THIRD_MEETING,)}
"""Every version that a request may refer to."""


def form_of(name: str, version: int) -> Form:
    """The form that a request was made with; raises KeyError for one that was never asked."""
    return FORMS[name, version]
