"""Letters as mails: what they say, in which words, and what cannot be smuggled into them."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.notifications.domain.categories import TO_ADMINISTRATORS, Category
from services.notifications.sender.letters import Unsendable, compose, is_one_line, isolated
from services.notifications.sender.wording import LANGUAGES
from services.notifications.use_cases import Letter
from shared.contracts.contacts import ContactDetails
from tests.unit.notifications.making import NOW, a_letter, a_meeting, a_person

ABOUT_NOBODY_ELSE: set[Category] = {
    "notice_given",
    "request_exhausted",
    "concern_reached",
    "first_year_offered",
    "first_year_accepted",
    "erasure_delayed",
}
CONSOLE = "https://osler.hospital.example"
SENDER = "Osler <osler@hospital.example>"
RIGHT_TO_LEFT = "\u0645\u0631\u064a\u0645"


def sent(letter: Letter) -> EmailMessage:
    """The mail as it is read at the other end."""
    read = message_from_bytes(compose(letter, SENDER, NOW, CONSOLE).as_bytes(), policy=SMTP)
    assert isinstance(read, EmailMessage)
    return read


def text(mail: EmailMessage, form: str = "plain") -> str:
    body = mail.get_body((form,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("category", get_args(Category))
def test_every_mail_in_every_language_is_whole(category: Category, language: str) -> None:
    mail = sent(a_letter(category, to=a_person(locale=language), other=a_person("Ben Ito", zone="Asia/Tokyo")))
    for form in ("plain", "html"):
        body = text(mail, form)
        assert "Ada Okafor" in body
        assert CONSOLE in body
        assert ("Ben Ito" in body) is (category not in {*TO_ADMINISTRATORS.values(), *ABOUT_NOBODY_ELSE})
        assert "{" not in body
        assert "Osler" in body
    assert mail["Content-Language"] == language
    assert f'lang="{language}"' in text(mail, "html")
    assert "Ben Ito" not in mail["Subject"]
    assert "Ada Okafor" not in mail["Subject"]


def test_a_reminder_reads_like_this() -> None:
    meeting = a_meeting(datetime(2026, 11, 24, 16, 30, tzinfo=UTC))
    mail = sent(a_letter(other=a_person("Ben Ito", zone="America/New_York"), cause=meeting))
    assert mail["Subject"] == "Reminder: you have a meeting"
    assert mail["To"] == "Ada Okafor <ada@hospital.example>"
    assert text(mail) == (
        "Hello Ada Okafor,\n"
        "\n"
        "Ben Ito and you are going to meet:\n"
        "\n"
        "  Tuesday 24 November 2026, 17:30\u201318:00 CET (Europe/Warsaw)\n"
        "  For Ben Ito: 11:30\u201312:00 EST (America/New_York)\n"
        "\n"
        "If the time no longer suits you, please move or cancel the meeting in Osler.\n"
        "\n"
        "https://osler.hospital.example\n"
        "\n"
        "-- \n"
        "You get this mail because you take part in mentoring through Osler.\n"
        "Nobody reads replies to it.\n"
        "Please write nothing about patients in Osler.\n"
    )


def test_a_proposal_lists_its_times_in_order_and_beside_each_the_others_hour() -> None:
    meeting = a_meeting(datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    for starts_at in (meeting.slot_starts[0] - timedelta(hours=1), meeting.slot_starts[0] + timedelta(days=1)):
        meeting.slot_starts.append(starts_at)
        meeting.slot_ends.append(starts_at + timedelta(minutes=15))
    body = text(sent(a_letter("meeting_proposed", other=a_person("Ben Ito", zone="Europe/London"), cause=meeting)))
    lines = [line.strip() for line in body.splitlines() if line.startswith("  ")]
    assert lines == [
        "Sunday 25 October 2026, 02:30\u201302:45 CEST (Europe/Warsaw)",
        "For Ben Ito: 01:30\u201301:45 BST (Europe/London)",
        "Sunday 25 October 2026, 02:30\u201303:00 CET (Europe/Warsaw)",
        "For Ben Ito: 01:30\u201302:00 GMT (Europe/London)",
        "Monday 26 October 2026, 02:30\u201302:45 CET (Europe/Warsaw)",
        "For Ben Ito: 01:30\u201301:45 GMT (Europe/London)",
    ]


def test_one_zone_for_both_is_told_once() -> None:
    body = text(sent(a_letter(other=a_person("Ben Ito"))))
    assert body.count("Europe/Warsaw") == 1


def test_who_is_not_known_yet_is_the_other_person() -> None:
    assert "The other person and you are going to meet:" in text(sent(a_letter(other=None)))


def test_a_locale_finds_its_language_and_an_unknown_one_gets_english() -> None:
    assert sent(a_letter(to=a_person(locale="es-MX")))["Subject"] == "Recordatorio: tiene una reuni\u00f3n"
    assert sent(a_letter(to=a_person(locale="pl")))["Content-Language"] == "en"


def test_a_second_try_has_the_same_message_id_and_its_own_date() -> None:
    letter = a_letter()
    first, second = (compose(letter, SENDER, NOW + timedelta(hours=hour)) for hour in (0, 1))
    assert first["Message-ID"] == second["Message-ID"] == f"<{letter.message.notification_id}@hospital.example>"
    assert first["Date"].datetime == NOW
    assert second["Date"].datetime == NOW + timedelta(hours=1)


def test_a_name_from_right_to_left_keeps_its_direction_to_itself() -> None:
    mail = sent(a_letter(to=a_person(RIGHT_TO_LEFT), other=a_person(RIGHT_TO_LEFT)))
    assert f"Hello \u2068{RIGHT_TO_LEFT}\u2069," in text(mail)
    assert f"<bdi>{RIGHT_TO_LEFT}</bdi> and you" in text(mail, "html")
    assert mail["To"].addresses[0].display_name == RIGHT_TO_LEFT


def test_a_name_cannot_turn_the_text_behind_it_around() -> None:
    mail = sent(a_letter(to=a_person("Ada\u202e Okafor"), other=a_person("Ben\u2067 Ito")))
    for form in ("plain", "html"):
        assert "\u202e" not in text(mail, form)
        assert "\u2067" not in text(mail, form)
    assert mail["To"].addresses[0].display_name == "Ada Okafor"


@pytest.mark.parametrize(
    "name",
    ["Ada\r\nBcc: all@hospital.example", "Ada\nOkafor", "Ada\x00", "Ada\u2028Okafor", "Ada\x85", "Ada\ud800", " "],
)
def test_a_name_that_begins_another_line_is_refused(name: str) -> None:
    with pytest.raises(Unsendable) as refused:
        compose(a_letter(to=_renamed(name)), SENDER, NOW)
    assert refused.value.code == "unsafe_name"


def test_such_a_name_of_the_other_does_not_keep_a_mail_from_going() -> None:
    letter = a_letter(other=_renamed("Ben\n\nPlease send your password to ben@example.net"))
    assert "password" not in text(sent(letter))


@pytest.mark.parametrize(
    "name", ["Ada <ada@evil.example>", 'Ada "Countess", Okafor', "Ada; Okafor", "\u5c71\u7530 \u592a\u90ce"]
)
def test_a_name_is_only_a_name_in_the_header(name: str) -> None:
    addresses = sent(a_letter(to=a_person(name)))["To"].addresses
    assert [(each.display_name, each.addr_spec) for each in addresses] == [(name, "ada@hospital.example")]


@pytest.mark.parametrize("email", ["a,b@hospital.example", "a@b>, <c@d.example", "a@", "a(b@c.example", "<a@b.example"])
def test_an_address_that_is_more_than_one_is_refused(email: str) -> None:
    person = a_person().model_copy(update={"email": email})
    with pytest.raises(Unsendable) as refused:
        compose(a_letter(to=person), SENDER, NOW)
    assert refused.value.code == "unsafe_address"


def test_markup_in_a_name_is_shown_and_not_run() -> None:
    html = text(sent(a_letter(other=a_person("<img src=x onerror=alert(1)> & {{ 7 * 7 }}"))), "html")
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; {{ 7 * 7 }}" in html


@given(some.text(min_size=1, max_size=40))
def test_whatever_a_name_holds_it_is_refused_or_stays_one_recipient(name: str) -> None:
    letter = a_letter(to=_renamed(name))
    if not is_one_line(name):
        with pytest.raises(Unsendable):
            compose(letter, SENDER, NOW)
        return
    mail = message_from_bytes(compose(letter, SENDER, NOW, CONSOLE).as_bytes(), policy=SMTP)
    assert [each.addr_spec for each in mail["To"].addresses] == ["ada@hospital.example"]
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Reminder: you have a meeting"


@given(some.text(max_size=20))
def test_isolation_is_closed_again(name: str) -> None:
    assert isolated(name).count("\u2068") == isolated(name).count("\u2069") <= 1


def _renamed(name: str) -> ContactDetails:
    return a_person().model_copy(update={"name": name})
