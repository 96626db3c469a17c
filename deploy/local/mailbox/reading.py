"""Reads a message as far as it can be read; refuses to fail on one that is malformed: it is shown as it is."""

from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from typing import Final

# `compat32` hands out headers and bodies without interpreting them; the newer policy raises on what it cannot parse.
_HEADERS: Final = BytesHeaderParser(policy=compat32)


@dataclass(frozen=True)
class Reading:
    """One message, decoded: headers in order, the text part, the HTML part and the names of what is attached."""

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    attachments: tuple[str, ...]


def header_of(raw: bytes, name: str) -> str:
    """One header, decoded; empty where there is none."""
    return _decoded(_HEADERS.parsebytes(raw).get(name))


def addresses_of(raw: bytes, name: str) -> tuple[str, ...]:
    """The values of a header that holds one address each time, in small letters."""
    return tuple(_decoded(value).strip().lower() for value in _HEADERS.parsebytes(raw).get_all(name, []))


def read(raw: bytes) -> Reading:
    """The whole message."""
    message = message_from_bytes(raw, policy=compat32)
    parts = [part for part in message.walk() if not part.is_multipart()]
    shown = [part for part in parts if not part.get_filename()]
    return Reading(
        headers=tuple((name, _decoded(value)) for name, value in message.items()),
        text=_first(shown, "text/plain"),
        html=_first(shown, "text/html"),
        attachments=tuple(_decoded(part.get_filename()) for part in parts if part.get_filename()),
    )


def _first(parts: list[Message], kind: str) -> str:
    for part in parts:
        if part.get_content_type() == kind:
            return _body(part)
    return ""


def _body(part: Message) -> str:
    content = part.get_payload(decode=True)
    raw = content if isinstance(content, bytes) else b""
    try:
        return raw.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a character set that nobody knows
        return raw.decode("utf-8", "replace")


def _decoded(value: object) -> str:
    text = str(value) if value is not None else ""
    try:
        return str(make_header(decode_header(text)))
    except (LookupError, UnicodeError, ValueError):
        return text
