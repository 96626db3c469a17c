"""Where a sign-in may lead, what a cookie can hold, and what settings the console does not start without."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from services.console.domain.refusals import SignInFailed
from services.console.oidc import Attempt
from services.console.pages.access import safe_return, sign_in_page
from services.console.sessions import CookieNames, cipher_of
from services.console.settings import ConsoleSettings
from shared.platform.settings import PlatformSettings, SettingsRefused


@pytest.mark.parametrize(
    "asked",
    [
        "https://elsewhere.example/today",
        "//elsewhere.example/today",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "/today\r\nSet-Cookie: a=b",
        "/\t/elsewhere.example",
        "javascript:alert(1)",
        "today",
        "",
        "/static/console.css",
        "/sign-out",
        "http:///today",
        "//[",
        "http://[x]/",
    ],
)
def test_a_sign_in_never_leads_elsewhere(asked: str) -> None:
    assert safe_return(asked) == "/today"


@given(st.text(max_size=60))
def test_whatever_is_asked_the_way_back_stays_on_this_host(asked: str) -> None:
    way = safe_return(asked)
    assert way == "/today" or way.startswith(("/today?", "/today#", "/pairs/"))


def test_a_page_that_was_asked_for_is_where_the_sign_in_leads() -> None:
    assert safe_return("/lists/meetings?after=x") == "/lists/meetings?after=x"
    assert sign_in_page("/today") == "/sign-in"
    assert sign_in_page("/pairs/1/recall") == "/sign-in?return_to=%2Fpairs%2F1%2Frecall"


def test_an_attempt_is_read_by_whoever_sealed_it_and_by_nobody_else() -> None:
    attempt = Attempt.begin("/today")
    sealed = attempt.seal(cipher_of("a secret"))
    assert Attempt.open(cipher_of("a secret"), sealed) == attempt
    assert attempt.verifier not in sealed
    for cipher, cookie in ((cipher_of("another"), sealed), (cipher_of("a secret"), sealed[:-4]), (cipher_of("a"), "")):
        with pytest.raises(SignInFailed):
            Attempt.open(cipher, cookie)


def test_an_attempt_is_over_after_ten_minutes() -> None:
    cipher = cipher_of("a secret")
    old = cipher.encrypt_at_time(b"{}", current_time=0).decode()
    with pytest.raises(SignInFailed):
        Attempt.open(cipher, old)


def test_no_two_attempts_are_alike() -> None:
    one, other = Attempt.begin("/today"), Attempt.begin("/today")
    assert len({one.state, one.nonce, one.verifier, other.state, other.nonce, other.verifier}) == 6
    assert 43 <= len(one.verifier) <= 128


def test_cookies_are_bound_to_the_host_where_browsers_allow_it() -> None:
    assert CookieNames.of(is_secure=True).session == "__Host-osler_session"
    assert CookieNames.of(is_secure=False).session == "osler_session"


def test_the_console_names_every_setting_that_is_missing() -> None:
    with pytest.raises(SettingsRefused) as refused:
        ConsoleSettings.of(PlatformSettings(console_url="", issuer="", client_id="", service_urls={}))
    said = str(refused.value)
    assert all(name in said for name in ("OSLER_CONSOLE_URL", "OSLER_ISSUER", "OSLER_CLIENT_ID", "for pairing"))


def test_the_issuers_origin_is_what_a_form_may_lead_to() -> None:
    settings = ConsoleSettings.of(
        PlatformSettings(
            console_url="https://osler.hospital.example/",
            issuer="https://id.hospital.example/realms/one",
            client_id="osler",
            client_secret=SecretStr("secret"),
            service_urls={"pairing": "http://pairing:8080/"},
        )
    )
    assert settings.issuer_origin == "https://id.hospital.example"
    assert (settings.url, settings.is_secure) == ("https://osler.hospital.example", True)
    assert "secret" not in repr(settings).replace("sign_in_secret", "")
