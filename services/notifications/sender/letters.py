"""A letter as an e-mail in plain text and HTML; refuses names and addresses that could forge a header or a line."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from importlib import resources
from typing import Final, Literal

from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape
from markupsafe import Markup

from services.notifications.domain.categories import WHY
from services.notifications.sender.wording import LANGUAGES, Wording, find_zone, language_of, wording
from services.notifications.use_cases import Letter

Form = Literal["txt", "html"]

_BREAKS: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, halves of characters, and what begins a line or a paragraph: no name has one."""
_TURNS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that change the direction of what follows them, beyond the name's end."""
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})


class Unsendable(Exception):
    """No mail can be made for this person: `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def compose(letter: Letter, sender: str, date: datetime, console: str = "") -> EmailMessage:
    """The mail itself, with the console's address at its end, where there is one. Raises Unsendable.

    A second try has the same Message-ID, so that a reader's program can tell.
    """
    if not is_one_line(letter.to.name):
        raise Unsendable("unsafe_name")
    language = language_of(letter.to.locale)
    words = wording(language)
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = words.mails[letter.message.category].subject
    mail["From"] = sender
    mail["To"] = _address(letter)
    mail["Date"] = format_datetime(date)
    mail["Message-ID"] = f"<{letter.message.notification_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notes, please
    mail.set_content(render(letter, language, "txt", console))
    mail.add_alternative(render(letter, language, "html", console), subtype="html")
    mail["Content-Language"] = language  # last: a second body moves what is called Content into the first
    return mail


def is_one_line(name: str) -> bool:
    """Whether a name holds nothing that could begin another line or header."""
    return bool(name.strip()) and not any(unicodedata.category(character) in _BREAKS for character in name)


def isolated(name: str) -> str:
    """A name in plain text: one written from right to left keeps its direction to itself."""
    clean = _without_turns(name)
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in clean):
        return f"\u2068{clean}\u2069"
    return clean


def render(letter: Letter, language: str, form: Form, console: str = "") -> str:
    """The text of a letter, `txt` or `html`."""
    words = wording(language)
    category = letter.message.category
    facts = {
        "name": _shown(letter.to.name, form),
        "other": _shown(_other_name(letter, words), form),
        "by": _by(letter, words),
        "since": _since(letter, words),
        "why": words.reasons[WHY.get(letter.cause.reason or "", "other")],
    }

    def sentences(part: str, count: int) -> list[str]:
        texts = [_templates().get_template(f"{language}/{part}/{n}.{form}").render(facts) for n in range(count)]
        return [Markup(text) for text in texts] if form == "html" else texts  # noqa: S704 - escaped by its template

    mail = words.mails[category]
    return (
        _templates()
        .get_template(f"letter.{form}")
        .render(
            language=language,
            subject=mail.subject,
            greeting=sentences("greeting", 1)[0],
            before=sentences(f"{category}/before", len(mail.before)),
            times=_times(letter, words, form),
            after=sentences(f"{category}/after", len(mail.after)),
            footer=words.footer,
            console=console,
        )
    )


def _other_name(letter: Letter, words: Wording) -> str:
    if letter.other is None or not is_one_line(letter.other.name):
        return words.other_person
    return letter.other.name


def _since(letter: Letter, words: Wording) -> str:
    since = letter.cause.since
    return "" if since is None else words.day(since.astimezone(find_zone(letter.to.time_zone)[0]))


def _by(letter: Letter, words: Wording) -> str:
    answer_by = letter.cause.answer_by
    return "" if answer_by is None else words.when(answer_by, None, letter.to.time_zone)


def _times(letter: Letter, words: Wording, form: Form) -> list[tuple[str, str]]:
    """Each time of the letter as its person's clock shows it, and beside it as the other's does."""
    shown: list[tuple[str, str]] = []
    for starts_at, ends_at in _spans(letter):
        beside = ""
        if letter.other is not None and letter.other.time_zone != letter.to.time_zone:
            there = words.when_beside(starts_at, ends_at, letter.other.time_zone, letter.to.time_zone)
            beside = _beside(letter, words, there, form)
        shown.append((words.when(starts_at, ends_at, letter.to.time_zone), beside))
    return shown


def _beside(letter: Letter, words: Wording, there: str, form: Form) -> str:
    template = _templates().get_template(f"{language_of(letter.to.locale)}/time_of_other/0.{form}")
    text = template.render(other=_shown(_other_name(letter, words), form), there=there)
    return Markup(text) if form == "html" else text  # noqa: S704 - escaped by its template


def _spans(letter: Letter) -> Sequence[tuple[datetime, datetime]]:
    cause = letter.cause
    match letter.message.category:
        case "meeting_proposed":
            return sorted(zip(cause.slot_starts, cause.slot_ends, strict=True))
        case "meeting_scheduled" | "meeting_reminder" if cause.starts_at is not None and cause.ends_at is not None:
            return [(cause.starts_at, cause.ends_at)]
        case _:
            return []


def _shown(name: str, form: Form) -> str:
    return Markup("<bdi>{}</bdi>").format(_without_turns(name)) if form == "html" else isolated(name)


def _without_turns(name: str) -> str:
    return "".join(character for character in name if character not in _TURNS)


def _address(letter: Letter) -> Address:
    try:
        return Address(display_name=_without_turns(letter.to.name), addr_spec=letter.to.email)
    except (HeaderParseError, ValueError, IndexError):  # the last for an address that ends in the middle
        raise Unsendable("unsafe_address") from None


@cache
def _templates() -> Environment:
    """Every sentence twice under the names `<language>/<part>/<number>.txt` and `.html`, and the two letter forms."""
    sources: dict[str, str] = {}
    folder = resources.files("services.notifications.templates")
    for form in ("txt", "html"):
        sources[f"letter.{form}"] = (folder / f"letter.{form}").read_text(encoding="utf-8")
        for language in LANGUAGES:
            for part, sentences in _parts(wording(language)).items():
                sources |= {f"{language}/{part}/{n}.{form}": sentence for n, sentence in enumerate(sentences)}
    return Environment(
        loader=DictLoader(sources),
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _parts(words: Wording) -> dict[str, Sequence[str]]:
    parts: dict[str, Sequence[str]] = {"greeting": [words.greeting], "time_of_other": [words.time_of_other]}
    for category, mail in words.mails.items():
        parts[f"{category}/before"] = mail.before
        parts[f"{category}/after"] = mail.after
    return parts
