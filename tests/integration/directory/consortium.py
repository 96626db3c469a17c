"""A consortium with hospitals for tests, made through the directory's own doors."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from pydantic import SecretStr

from services.directory.app import found_consortium
from services.directory.use_cases import Keys, NewInstitution, NewPerson
from shared.platform.seal import ContactsKey
from shared.platform.settings import LOCAL_CONTACTS_KEY, LOCAL_SIGN_IN_SECRET, PlatformSettings
from shared.testing.running import Running

OFFICE = NewInstitution("Consortium office", "office.example", "Europe/Warsaw", "en")
CHIEF = NewPerson("chief", "Wilhelmina Osler", "chief@office.example")
KEYS = Keys(ContactsKey.from_base64(LOCAL_CONTACTS_KEY), LOCAL_SIGN_IN_SECRET)


@asynccontextmanager
async def signed_in(running: Running, subject: str) -> AsyncGenerator[httpx.AsyncClient]:
    """An HTTP client whose token proves this sign-in name; whether anybody is known by it is the directory's to say."""
    async with httpx.AsyncClient(
        transport=running.entrance(),
        base_url="http://directory",
        headers={"Authorization": f"Bearer {subject}"},
        timeout=60,
    ) as client:
        yield client


@dataclass
class Hospital:
    """One institution and its first administrator, who signs in as `boss@<mail_domain>`."""

    running: Running
    institution_id: UUID
    administrator_id: UUID
    mail_domain: str
    time_zone: str

    def client(self, external_id: str = "boss") -> AbstractAsyncContextManager[httpx.AsyncClient]:
        """Signed in as one of its people."""
        return signed_in(self.running, f"{external_id}@{self.mail_domain}")

    async def post(self, path: str, **arguments: Any) -> httpx.Response:
        """One command of its administrator."""
        async with self.client() as http:
            return await http.post(path, **arguments)

    async def get(self, path: str) -> Any:
        """What its administrator sees at an address."""
        async with self.client() as http:
            response = await http.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    async def preview(self, content: bytes) -> dict[str, Any]:
        """Send a roster; give the preview."""
        response = await self.post("/roster-imports", content=content, headers={"Content-Type": "text/csv"})
        assert response.status_code == 201, response.text
        return response.json()

    async def apply(self, content: bytes, rows: str = "all") -> dict[str, Any]:
        """Send a roster and import it; give what became of it."""
        preview = await self.preview(content)
        response = await self.post(f"/roster-imports/{preview['import_id']}/apply", json={"rows": rows})
        assert response.status_code == 200, response.text
        return response.json()

    async def people(self) -> dict[str, dict[str, Any]]:
        """Everybody whom its administrator sees, by external id."""
        listing = await self.get("/people?limit=200")
        return {person["external_id"]: person for person in listing["items"]}

    async def said(self, external_id: str) -> list[str]:
        """The last words of the wire types that wait in the outbox about one of its people."""
        person_id = (await self.people())[external_id]["person_id"]
        return [wire_type.split(".")[-2] for wire_type in await self.running.said(UUID(person_id))]


@dataclass
class Consortium:
    """The office, and hospitals that join."""

    running: Running

    def client(self) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        """Signed in as the consortium's administrator."""
        return signed_in(self.running, f"{CHIEF.external_id}@{OFFICE.mail_domain}")

    async def post(self, path: str, **arguments: Any) -> httpx.Response:
        """One command of the consortium's administrator."""
        async with self.client() as http:
            return await http.post(path, **arguments)

    async def add_hospital(
        self, time_zone: str = "Europe/Warsaw", programmes: Sequence[str] = ("internal_medicine",)
    ) -> Hospital:
        """A hospital that has just joined."""
        mail_domain = f"h{uuid4().hex[:8]}.example"
        joined = await self.post(
            "/institutions",
            json={
                "name": f"Hospital of {mail_domain}",
                "mail_domain": mail_domain,
                "time_zone": time_zone,
                "administrator": {"external_id": "boss", "name": "Bo Boss", "email": f"boss@{mail_domain}"},
            },
        )
        assert joined.status_code == 201, joined.text
        said = joined.json()
        hospital = Hospital(
            self.running, UUID(said["institution_id"]), UUID(said["administrator_id"]), mail_domain, time_zone
        )
        for code in programmes:
            added = await hospital.post("/programmes", json={"code": code, "name": code.replace("_", " ").title()})
            assert added.status_code == 201, added.text
        return hospital


async def found(running: Running) -> Consortium:
    """Found the consortium as the command line does."""
    await found_consortium(settings_of(running), OFFICE, CHIEF)
    return Consortium(running)


def settings_of(running: Running) -> PlatformSettings:
    """What the directory's process is told here."""
    return running.stage.settings("directory").model_copy(update={"contacts_key": SecretStr(LOCAL_CONTACTS_KEY)})


async def count_waiting(running: Running) -> int:
    """How many transactions wait for another's lock."""
    waiting = """
        SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()
        """
    return len(await running.rows(waiting))
