"""The words that a compact carries, read once from the data beside the code; refuses no language that is there."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, Literal

Locale = Literal["en", "de", "fr", "es"]

LATEST_WORDING: Final = 1
"""The version that a compact offered now carries; one that was offered before keeps its own."""


@dataclass(frozen=True)
class Wording:
    """What both promise each other: what stays between them, where that ends, and what the mentor must report."""

    title: str
    confidentiality: tuple[str, ...]
    exceptions_lead: str
    exceptions: tuple[str, ...]
    exceptions_limit: str
    duties_lead: str
    duties: tuple[str, ...]
    concern: str
    patients: str


@lru_cache
def wording_of(version: int, locale: Locale) -> Wording:
    """The words of one version in one language."""
    text = files("services.pairing.compacts").joinpath(f"{locale}.toml").read_text(encoding="utf-8")
    said: dict[str, Any] = tomllib.loads(text)[f"v{version}"]
    facts: dict[str, Any] = {name: value if isinstance(value, str) else tuple(value) for name, value in said.items()}
    return Wording(**facts)
