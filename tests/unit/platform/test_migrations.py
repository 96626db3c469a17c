"""What of logins and migrations needs no database: PostgreSQL's form of a password, and the files of every service."""

from base64 import b64decode

import pytest

from shared.contracts.topics import services
from shared.platform.migrations.logins import scram_verifier
from shared.platform.migrations.runner import Migration, migrations


def test_a_verifier_is_the_one_of_the_rfcs_example() -> None:
    """RFC 7677, section 3: password `pencil`, with its salt and 4,096 rounds."""
    assert scram_verifier("pencil", b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
        ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


@pytest.mark.parametrize("service", services())
def test_every_service_begins_with_the_platforms_tables(service: str) -> None:
    names = [file.name for file in migrations(service)]
    assert names[0] == "platform/0001_platform.sql"
    assert f"{service}/0001_{service}.sql" in names


def test_a_checksum_tells_a_changed_letter_and_no_changed_line_end() -> None:
    one, same, other = (Migration("garden/0001_plants.sql", sql) for sql in ("a\nb\n", "a\r\nb", "a\nB\n"))
    assert one.checksum == same.checksum != other.checksum
