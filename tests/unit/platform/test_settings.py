"""What a process is told, and what production refuses to be told; every refusal has its test."""

import os
from base64 import b64encode
from secrets import token_bytes, token_hex

import pytest

from shared.platform.settings import (
    LOCAL_CONTACTS_KEY,
    LOCAL_SIGN_IN_SECRET,
    PlatformSettings,
    SettingsRefused,
    postgres_warning,
    refuse_superuser,
)


@pytest.fixture(autouse=True)
def nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine that runs the tests."""
    for name in [name for name in os.environ if name.startswith("OSLER_")]:
        monkeypatch.delenv(name)


def _database(login: str) -> str:
    return f"postgresql://{login}:{token_hex(16)}@db.example:5432/osler"


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with which production starts; a test spoils one thing."""
    good = {
        "ENV": "production",
        "APP_DATABASE": _database("pairing_app"),
        "WORKER_DATABASE": _database("pairing_worker"),
        "KAFKA_PROTOCOL": "SASL_SSL",
        "KAFKA_USERNAME": "pairing",
        "KAFKA_PASSWORD": token_hex(16),
        "ISSUER": "https://id.example/realms/consortium",
        "SIGN_IN_SECRET": token_hex(32),
        "CONTACTS_KEY": b64encode(token_bytes(32)).decode(),
        "CONSOLE_URL": "https://osler.example",
        "CLIENT_ID": "osler-console",
        "CLIENT_SECRET": token_hex(16),
    }
    for name, value in good.items():
        monkeypatch.setenv(f"OSLER_{name}", value)
    return monkeypatch


def _codes() -> list[str]:
    with pytest.raises(SettingsRefused) as refused:
        PlatformSettings.read()
    return [problem.code for problem in refused.value.problems]


def test_without_any_variable_a_local_process_starts() -> None:
    settings = PlatformSettings.read()
    assert (settings.env, settings.clock, settings.kafka_protocol) == ("local", "real", "SASL_PLAINTEXT")


@pytest.mark.usefixtures("production")
def test_production_starts_with_safe_settings() -> None:
    assert PlatformSettings.read().env == "production"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("CLOCK", "stepped", "stepped_clock"),
        ("ISSUER", "http://id.example", "insecure_issuer"),
        ("ISSUER", "", "insecure_issuer"),
        ("ISSUER", "https://localhost:9000", "loopback_issuer"),
        ("ISSUER", "https://id.localhost", "loopback_issuer"),
        ("ISSUER", "https://127.0.0.1:9000", "loopback_issuer"),
        ("ISSUER", "https://127.7.7.7", "loopback_issuer"),
        ("ISSUER", "https://[::1]:9000", "loopback_issuer"),
        ("ISSUER", "https://[::ffff:127.0.0.1]", "loopback_issuer"),
        ("ISSUER", "https://0.0.0.0", "loopback_issuer"),
        ("CONSOLE_URL", "http://osler.example", "insecure_console"),
        ("KAFKA_PROTOCOL", "SASL_PLAINTEXT", "plaintext_kafka"),
        ("KAFKA_PROTOCOL", "PLAINTEXT", "plaintext_kafka"),
        ("SIGN_IN_SECRET", LOCAL_SIGN_IN_SECRET, "weak_sign_in_secret"),
        ("SIGN_IN_SECRET", "73b2c3781795626a65df533a9404c1", "weak_sign_in_secret"),
        ("SIGN_IN_SECRET", "a" * 64, "weak_sign_in_secret"),
        ("CONTACTS_KEY", LOCAL_CONTACTS_KEY, "weak_contacts_key"),
        ("CONTACTS_KEY", b64encode(bytes(32)).decode(), "weak_contacts_key"),
        ("KAFKA_PASSWORD", "", "weak_password"),
        ("KAFKA_PASSWORD", "changeme", "weak_password"),
        ("CLIENT_SECRET", "secret", "weak_password"),
        ("APP_DATABASE", "postgresql://pairing_app@db.example/osler", "weak_password"),
        ("APP_DATABASE", "postgresql://pairing_app:postgres@db.example/osler", "weak_password"),
        ("WORKER_DATABASE", "postgresql://pairing_worker:short@db.example/osler", "weak_password"),
        ("MIGRATE_DATABASE", "postgresql://pairing_migrate:osler@db.example/osler", "weak_password"),
        ("CRASH_AT", "relay.send", "crash_points"),
        ("CRASH_LOG", "/tmp/reached", "crash_points"),  # noqa: S108 - a value, and no file
    ],
)
def test_production_refuses(production: pytest.MonkeyPatch, name: str, value: str, code: str) -> None:
    production.setenv(f"OSLER_{name}", value)
    assert code in _codes()


@pytest.mark.parametrize("name", ["SIGN_IN_SECRET", "ISSUER", "KAFKA_PROTOCOL", "KAFKA_PASSWORD"])
def test_production_does_not_fall_back_to_what_is_right_on_ones_own_machine(
    production: pytest.MonkeyPatch, name: str
) -> None:
    production.delenv(f"OSLER_{name}")
    assert len(_codes()) == 1


def test_a_service_without_contact_data_needs_no_key(production: pytest.MonkeyPatch) -> None:
    production.delenv("OSLER_CONTACTS_KEY")
    assert PlatformSettings.read().contacts_key.get_secret_value() == ""


def test_every_problem_is_told_at_once(production: pytest.MonkeyPatch) -> None:
    production.setenv("OSLER_CLOCK", "stepped")
    production.setenv("OSLER_ISSUER", "http://localhost")
    production.setenv("OSLER_KAFKA_PROTOCOL", "PLAINTEXT")
    production.setenv("OSLER_CRASH_AT", "relay.send")
    assert _codes() == ["stepped_clock", "insecure_issuer", "loopback_issuer", "plaintext_kafka", "crash_points"]


def test_a_refusal_names_the_variables_and_never_their_values(production: pytest.MonkeyPatch) -> None:
    production.setenv("OSLER_SIGN_IN_SECRET", "hunter2")
    production.setenv("OSLER_APP_DATABASE", "postgresql://pairing_app:hunter2@db.example/osler")
    with pytest.raises(SettingsRefused) as refused:
        PlatformSettings.read()
    assert "OSLER_SIGN_IN_SECRET" in str(refused.value)
    assert "OSLER_APP_DATABASE" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_printing_settings_shows_no_secret(production: pytest.MonkeyPatch) -> None:
    production.setenv("OSLER_KAFKA_PASSWORD", "a-long-password-0123456789")
    production.setenv("OSLER_APP_DATABASE", "postgresql://pairing_app:a-long-password-0123456789@db.example/osler")
    assert "a-long-password" not in repr(PlatformSettings.read())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENV", "staging"),
        ("HTTP_PORT", "eighty"),
        ("CONTACTS_KEY", "not base64!"),
        ("CONTACTS_KEY", b64encode(b"too short").decode()),
        ("PLACE", "a b"),
        ("SERVICE_URLS", "{not json"),
    ],
)
def test_what_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"OSLER_{name}", value)
    with pytest.raises(SettingsRefused) as refused:
        PlatformSettings.read()
    assert [problem.code for problem in refused.value.problems] == ["malformed_setting"]
    assert name.lower() in str(refused.value).lower()


class _Answer:
    """A connection that answers every question with one value."""

    def __init__(self, value: object) -> None:
        self.value = value

    async def fetchval(self, query: str, *args: object) -> object:
        assert "$1" not in query
        assert not args
        return self.value


async def test_a_login_that_row_level_security_does_not_bind_is_refused() -> None:
    await refuse_superuser(_Answer(None))
    with pytest.raises(SettingsRefused, match="osler_admin") as refused:
        await refuse_superuser(_Answer("osler_admin"))
    assert [problem.code for problem in refused.value.problems] == ["superuser_login"]


@pytest.mark.parametrize(("version", "warned"), [("180006", True), ("180007", False), ("190000", False)])
async def test_a_postgresql_with_a_known_hole_is_warned_of(version: str, *, warned: bool) -> None:
    assert (await postgres_warning(_Answer(version)) is not None) is warned
