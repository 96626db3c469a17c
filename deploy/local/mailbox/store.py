"""The messages as files, one `.eml` each, as a mail server would have kept them; refuses to lose one on a restart."""

from dataclasses import dataclass
from email.utils import formatdate
from itertools import islice, takewhile
from pathlib import Path
from typing import Final

from deploy.local.mailbox.reading import addresses_of, header_of

_DIGITS: Final = 8


@dataclass(frozen=True)
class Summary:
    """What the list shows of one message; `to` are the addresses it was handed over for, in small letters."""

    number: int
    sender: str
    to: tuple[str, ...]
    subject: str
    received_at: str
    message_id: str


class Mailbox:
    """Every message in the folder, newest last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for draft in folder.glob(".*.draft"):
            draft.unlink()  # a message whose sender was never told that it was taken
        paths = sorted(folder.glob("*.eml"))
        self._summaries = {int(path.stem): _summary(int(path.stem), path.read_bytes()) for path in paths}

    def keep(self, sender: str, recipients: list[str], content: bytes) -> int:
        """Keep a message with its envelope in front, as a mail server does; returns its number, from 1."""
        number = next(reversed(self._summaries), 0) + 1
        envelope = [f"Return-Path: <{sender}>", *(f"Delivered-To: {recipient}" for recipient in recipients)]
        envelope.append(f"Received: by mailbox.localhost with ESMTP; {formatdate(localtime=False)}")
        raw = "".join(f"{line}\r\n" for line in envelope).encode() + content
        path = self._path(number)
        draft = path.with_name(f".{path.stem}.draft")
        draft.write_bytes(raw)
        draft.replace(path)
        self._summaries[number] = _summary(number, raw)
        return number

    def newest(self, to: str | None, limit: int, after: int = 0) -> list[Summary]:
        """At most `limit` messages, newest first: those for `to`, if it is given, and with a number above `after`."""
        wanted = to.strip().lower() if to else None
        found = takewhile(lambda summary: summary.number > after, reversed(self._summaries.values()))
        return list(islice((summary for summary in found if wanted is None or wanted in summary.to), limit))

    def raw(self, number: int) -> bytes | None:
        """One message as it was kept; None for a number that was never given."""
        return self._path(number).read_bytes() if number in self._summaries else None

    def __len__(self) -> int:
        return len(self._summaries)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:0{_DIGITS}}.eml"


def _summary(number: int, raw: bytes) -> Summary:
    received = header_of(raw, "Received")
    return Summary(
        number=number,
        sender=header_of(raw, "From") or header_of(raw, "Return-Path"),
        to=addresses_of(raw, "Delivered-To"),
        subject=header_of(raw, "Subject"),
        received_at=received.rpartition(";")[2].strip(),
        message_id=header_of(raw, "Message-ID"),
    )
