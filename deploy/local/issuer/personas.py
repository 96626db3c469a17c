"""The made-up people one can sign in as; refuses a list with two of the same key or subject."""

from itertools import groupby
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter


class Persona(BaseModel):
    """One person; the subject has the form of a SAML subject-id: `<external id>@<mail domain of the institution>`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    name: str
    role: str
    institution: str
    subject: str
    sees: str = ""
    """What this person finds after signing in, in a few words."""


class UnknownPersona(Exception):
    """Nobody of this key is on the list."""


class Personas:
    """The people of one list, in its order."""

    def __init__(self, people: list[Persona]) -> None:
        self._by_key = {persona.key: persona for persona in people}
        self._by_subject = {persona.subject: persona for persona in people}
        if len(self._by_key) != len(people) or len(self._by_subject) != len(people):
            raise ValueError("Two personas have the same key or the same subject.")

    @classmethod
    def read(cls, path: Path) -> "Personas":
        """The list in a JSON file; raises ValueError for one that cannot be used."""
        return cls(TypeAdapter(list[Persona]).validate_json(path.read_bytes()))

    def get(self, key: str) -> Persona:
        """One person; raises UnknownPersona, which names those there are."""
        if key not in self._by_key:
            raise UnknownPersona(f"There is no persona {key!r}. There are: {', '.join(self._by_key)}.")
        return self._by_key[key]

    def everybody(self) -> list[Persona]:
        """All of them, in the order of the list."""
        return list(self._by_key.values())

    def of_subject(self, subject: str) -> Persona | None:
        """The person whom a token names; None when the list has changed since."""
        return self._by_subject.get(subject)

    def by_institution(self) -> list[tuple[str, list[Persona]]]:
        """Everybody, under the name of the institution, both in the order of the list."""
        order = list(dict.fromkeys(persona.institution for persona in self._by_key.values()))
        people = sorted(self._by_key.values(), key=lambda persona: order.index(persona.institution))
        return [(name, list(group)) for name, group in groupby(people, key=lambda persona: persona.institution)]
