"""The mailbox: what it keeps and how it shows it."""

from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from deploy.local.mailbox.app import build
from deploy.local.mailbox.store import Mailbox


def a_letter(subject: str = "Treffen mit 田中") -> bytes:
    letter = EmailMessage()
    letter["From"] = "Osler <osler@localhost>"
    letter["To"] = "Zoë <zoe@north.example>"
    letter["Subject"] = subject
    letter.set_content("Grüße <b>")
    letter.add_alternative("<p>Grüße</p><script>alert(1)</script>", subtype="html")
    return letter.as_bytes()


def a_page(folder: Path) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(build(folder, 0)), base_url="http://127.0.0.1:8025")


def test_a_message_survives_a_restart_under_its_number(tmp_path: Path) -> None:
    before = Mailbox(tmp_path)
    assert [before.keep("osler@localhost", ["zoe@north.example"], a_letter(str(n))) for n in range(3)] == [1, 2, 3]
    after = Mailbox(tmp_path)
    assert after.newest(None, 10) == before.newest(None, 10)
    assert after.keep("osler@localhost", ["zoe@north.example"], a_letter()) == 4


def test_messages_are_found_by_whom_they_were_handed_over_for(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    mailbox.keep("osler@localhost", ["Zoe@North.example"], a_letter())
    mailbox.keep("osler@localhost", ["ann@south.example", "bo@south.example"], a_letter())
    assert [found.number for found in mailbox.newest("zoe@north.example ", 10)] == [1]
    assert [found.number for found in mailbox.newest("bo@south.example", 10)] == [2]
    assert [found.number for found in mailbox.newest(None, 10, after=1)] == [2]
    assert [found.number for found in mailbox.newest(None, 1)] == [2]


async def test_programs_read_headers_and_text_as_json(tmp_path: Path) -> None:
    Mailbox(tmp_path).keep("osler@localhost", ["zoe@north.example"], a_letter())
    async with a_page(tmp_path) as page:
        (message,) = (await page.get("/messages.json", params={"to": "zoe@north.example"})).json()["messages"]
        assert message["subject"] == "Treffen mit 田中"
        assert message["to"] == ["zoe@north.example"]
        assert message["text"].strip() == "Grüße <b>"
        assert ["From", "Osler <osler@localhost>"] in message["headers"]
        assert (await page.get("/messages.json", params={"to": "else@north.example"})).json() == {"messages": []}


async def test_what_a_message_brings_is_shown_and_never_run(tmp_path: Path) -> None:
    Mailbox(tmp_path).keep("osler@localhost", ["zoe@north.example"], a_letter("<script>alert(2)</script>"))
    async with a_page(tmp_path) as page:
        for path in ("/", "/messages/1"):
            shown = await page.get(path)
            assert "<script" not in shown.text
            assert "script-src" not in shown.headers["content-security-policy"]
            assert shown.headers["content-security-policy"].startswith("default-src 'none'")
        part = await page.get("/messages/1/html")
        assert "<script>" in part.text
        assert part.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert (await page.get("/messages/1/raw")).headers["content-disposition"].startswith("attachment")
        assert (await page.get("/messages/2")).status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"Subject: =?nope?q?zzz?=\r\nContent-Type: text/plain; charset=klingon\r\n\r\nabc\xff",
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\nopen',
    ],
)
async def test_a_malformed_message_is_kept_and_shown_as_far_as_it_can_be_read(tmp_path: Path, content: bytes) -> None:
    Mailbox(tmp_path).keep("", ["zoe@north.example"], content)
    async with a_page(tmp_path) as page:
        assert (await page.get("/messages.json")).status_code == 200
        assert (await page.get("/messages/1")).status_code == 200
        assert (await page.get("/messages/1/raw")).content.endswith(content)
