"""Stylesheet, script and icon: read once, named after their content, kept by browsers for ever; no other file."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from services.console.domain.refusals import NoSuchPage

_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class File:
    """One file, plain and packed, under a name that changes with its content."""

    name: str
    media_type: str
    plain: bytes
    packed: bytes

    @classmethod
    def of(cls, name: str, content: bytes) -> "File":
        """The file `console.css` as `console.1f2e3d4c5b6a.css`."""
        stem, _, kind = name.rpartition(".")
        digest = hashlib.sha256(content).hexdigest()[:12]
        return cls(f"{stem}.{digest}.{kind}", _TYPES[kind], content, gzip.compress(content, 9, mtime=0))


class Files:
    """The files of the pages."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        files = {name: File.of(name, content) for name, content in contents.items()}
        self._by_name = {file.name: file for file in files.values()}
        self._addresses = {name: f"/static/{file.name}" for name, file in files.items()}

    @classmethod
    def read(cls) -> "Files":
        """Those that come with the console."""
        folder = resources.files("services.console") / "static"
        names = [file.name for file in folder.iterdir() if file.name.rpartition(".")[2] in _TYPES]
        return cls({name: (folder / name).read_bytes() for name in names})

    def address(self, name: str) -> str:
        """Where a page finds a file."""
        return self._addresses[name]

    def serve(self, request: Request) -> Response:
        """A file by its full name; raises NoSuchPage."""
        file = self._by_name.get(request.path_params["name"])
        if file is None:
            raise NoSuchPage
        headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(file.plain, headers=headers, media_type=file.media_type)
        return Response(file.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.media_type)
