"""The console with what it needs: real engines, the local issuer, pairing, and the other services' events."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx
from aiokafka import AIOKafkaProducer

from deploy.local.issuer.tokens import new_key
from deploy.local.parts import Parts
from deploy.local.ports import give_back, spare_port
from shared.contracts.contacts import ContactRecorded
from shared.contracts.event import Event
from shared.contracts.feedback import FeedbackRequested
from shared.contracts.pairing import PairProposed
from shared.platform.settings import LOCAL_CONTACTS_KEY
from shared.testing.eventually import eventually
from shared.testing.running import record_of
from shared.testing.stage import Engines, Stage, apply_topics, make_stage, new_passwords
from tests import backend
from tests.e2e.console.scene import MORNING, Scene, build
from tests.integration.console.consortium import Person

_CLIENT: Final = "osler-console"
_READY_SECONDS: Final = 40.0


@dataclass
class Town:
    """Where everything answers."""

    scene: Scene
    parts: Parts
    stage: Stage
    issuer: str
    console: str
    pairing: str
    persona_secret: str
    children: dict[str, asyncio.subprocess.Process] = field(default_factory=dict[str, asyncio.subprocess.Process])

    async def publish(self, events: Sequence[Event]) -> None:
        """Say events as their publishers do, in this order."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.parts.kafka_bootstrap,
            security_protocol=self.parts.kafka_protocol,
            sasl_mechanism=self.parts.kafka_mechanism,
            sasl_plain_username=self.parts.kafka_username,
            sasl_plain_password=self.parts.kafka_password,
            acks="all",
        )
        await producer.start()
        try:
            for event in events:
                record = record_of(event)
                await producer.send(
                    event.topic, record.value, record.key, record.partition, headers=list(record.headers)
                )
            await producer.flush()
        finally:
            await producer.stop()

    @asynccontextmanager
    async def api(self, persona: str) -> AsyncGenerator[httpx.AsyncClient]:
        """Pairing's interface, as a persona, without a browser."""
        grant = {
            "grant_type": "urn:osler:grant-type:persona",
            "persona": persona,
            "persona_secret": self.persona_secret,
        }
        async with httpx.AsyncClient() as http:
            given = (await http.post(f"{self.issuer}/token", data=grant)).raise_for_status().json()
        headers = {"Authorization": f"Bearer {given['access_token']}"}
        async with httpx.AsyncClient(base_url=self.pairing, headers=headers) as client:
            yield client

    async def propose(self, mentor: Person, mentee: Person) -> UUID:
        """A proposal by Rosa through pairing's own interface."""
        async with self.api("rosa") as pairing:

            async def proposed() -> Any:
                form = {"mentor_id": str(mentor.person_id), "mentee_id": str(mentee.person_id)}
                answer = await pairing.post("/pairs", json=form)
                return answer.json() if answer.status_code == HTTPStatus.CREATED else None

            return UUID((await eventually(proposed))["pair_id"])  # pairing may hear of the people a moment later

    async def state(self, pair_id: UUID) -> str:
        """How a pair stands in pairing."""
        async with self.api("rosa") as pairing:
            return (await pairing.get(f"/pairs/{pair_id}")).json()["state"]

    async def start(self, name: str, *arguments: str, environment: dict[str, str], ready: str) -> None:
        """Start a program of ours and wait until it is ready."""
        give_back(int(ready.split(":")[2].partition("/")[0]))
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", name, *arguments, env={**_inherited(), **environment}
        )
        self.children[name] = child

        async def answers() -> bool:
            assert child.returncode is None, f"{name} ended by itself"
            try:
                async with httpx.AsyncClient() as http:
                    return (await http.get(ready, timeout=2)).is_success
            except httpx.HTTPError:
                return False

        await eventually(answers, within=_READY_SECONDS, every=0.1)

    async def stop(self, name: str) -> int:
        """Ask a program to end; its exit code."""
        child = self.children.pop(name)
        if child.returncode is None:
            child.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(child.wait(), 20)
        except TimeoutError:
            child.kill()
            return await child.wait()


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("OSLER_")}


@asynccontextmanager
async def town(folder: Path) -> AsyncGenerator[Town]:
    """Everything up, with the scene told; down again at the end."""
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(backend.both_parts(folder / "parts", durable=False))
        engines = Engines(parts.admin_url, parts.kafka_bootstrap, parts.kafka_username, parts.kafka_password)
        passwords = new_passwords()
        await asyncio.to_thread(apply_topics, engines, passwords)
        stage = await make_stage(engines, passwords, ["console", "pairing"])
        await stage.step_to(MORNING)
        issuer, console, pairing = (f"http://127.0.0.1:{spare_port()}" for _ in range(3))
        built = Town(build(), parts, stage, issuer, console, pairing, token_urlsafe())
        stack.push_async_callback(_stop_all, built)
        await _start(built, folder)
        await built.publish(built.scene.events)
        await eventually(lambda: _has_heard(built), within=_READY_SECONDS)
        yield built


async def _stop_all(built: Town) -> None:
    for name in list(built.children):
        await built.stop(name)


async def _start(built: Town, folder: Path) -> None:
    personas = folder / "personas.json"
    personas.write_text(json.dumps(built.scene.personas), encoding="utf-8")
    client = token_urlsafe()
    await built.start(
        "deploy.local.issuer",
        built.issuer.rpartition(":")[2],
        str(personas),
        environment={
            "OSLER_ENV": "local",
            "OSLER_ISSUER_KEY": new_key(),
            "OSLER_CLIENT_ID": _CLIENT,
            "OSLER_CLIENT_SECRET": client,
            "OSLER_REDIRECT_URIS": f"{built.console}/signed-in",
            "OSLER_PERSONA_SECRET": built.persona_secret,
        },
        ready=f"{built.issuer}/readyz",
    )
    for name, url in (("pairing", built.pairing), ("console", built.console)):
        environment = built.stage.environment(name) | {
            "OSLER_HTTP_PORT": url.rpartition(":")[2],
            "OSLER_ISSUER": built.issuer,
            "OSLER_CONSOLE_URL": built.console,
            "OSLER_CLIENT_ID": _CLIENT,
            "OSLER_CLIENT_SECRET": client,
            "OSLER_CONTACTS_KEY": LOCAL_CONTACTS_KEY,
            "OSLER_SERVICE_URLS": json.dumps({"pairing": built.pairing}),
        }
        await built.start(f"services.{name}", environment=environment, ready=f"{url}/readyz")


async def _has_heard(built: Town) -> bool:
    connection = await asyncpg.connect(built.stage.admin_url)
    try:
        pairs = await connection.fetchval("SELECT count(*) FROM console.pairs WHERE mentor_name IS NOT NULL")
        people = await connection.fetchval("SELECT count(*) FROM console.people WHERE name IS NOT NULL")
        asked = await connection.fetchval("SELECT count(*) FROM console.feedback_requests")
        waiting = await connection.fetchval("SELECT count(*) FROM console.parked")
    finally:
        await connection.close()
    told = Counter(type(event) for event in built.scene.events)
    heard = (pairs, people, asked)
    return heard == (told[PairProposed], told[ContactRecorded], told[FeedbackRequested]) and not waiting
