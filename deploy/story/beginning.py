"""The first morning: the consortium is founded, hospitals join and agree, and their rosters are imported."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from deploy.local.platform import Platform
from deploy.local.postgres import Postgres
from deploy.local.surroundings import Secrets
from deploy.story.acts import SendRoster, World
from deploy.story.calendar import START
from deploy.story.doors import StoryStopped
from deploy.story.hospitals import AGREEMENTS, CHIEF, HOSPITALS, OFFICE, Hospital
from deploy.story.people import first_roster
from services.directory.app import found_consortium
from services.directory.use_cases import NewInstitution, NewPerson
from shared.platform.settings import PlatformSettings

_DIRECTORY: Final = "directory"
_NOTICE_DAYS: Final = 30
Quiet = Callable[[], Coroutine[Any, Any, None]]


async def begin(platform: Platform, world: World, quiet: Quiet) -> None:
    """Everything up to the imported rosters, as the people whose work it is."""
    await _found(platform.postgres, platform.secrets)
    await quiet()
    chief = OFFICE.subject(CHIEF.external_id)
    for hospital in HOSPITALS:
        if hospital is not OFFICE:
            await world.doors.post(_DIRECTORY, "/institutions", chief, _joining(hospital))
    await asyncio.gather(*(_add_programmes(world, hospital) for hospital in HOSPITALS))
    await _agree(world, chief)
    await asyncio.gather(*(_send(world, hospital) for hospital in HOSPITALS))
    await quiet()


async def send_same_files_again(world: World, quiet: Quiet) -> None:
    """Import every first roster a second time. Raises StoryStopped where a preview finds something new or changed."""
    await asyncio.gather(*(_send_again(world, hospital) for hospital in HOSPITALS))
    await quiet()


async def _found(postgres: Postgres, known: Secrets) -> None:
    login = f"{_DIRECTORY}_worker"
    settings = PlatformSettings(
        clock="stepped",
        worker_database=postgres.url(login, known.passwords()[login]),
        sign_in_secret=known.sign_in(),  # pyright: ignore[reportArgumentType] - pydantic makes it a SecretStr
        contacts_key=known.contacts_key(),  # pyright: ignore[reportArgumentType] - the same
    )
    office = NewInstitution(OFFICE.name, OFFICE.mail_domain, OFFICE.time_zone, OFFICE.locale)
    chief = NewPerson(CHIEF.external_id, CHIEF.name, CHIEF.email)
    someone = OFFICE.administrator
    await found_consortium(settings, office, chief, NewPerson(someone.external_id, someone.name, someone.email))


def _joining(hospital: Hospital) -> dict[str, Any]:
    someone = hospital.administrator
    return {
        "name": hospital.name,
        "mail_domain": hospital.mail_domain,
        "time_zone": hospital.time_zone,
        "locale": hospital.locale,
        "administrator": {"external_id": someone.external_id, "name": someone.name, "email": someone.email},
    }


async def _add_programmes(world: World, hospital: Hospital) -> None:
    for code in hospital.programmes:
        body = {"code": code, "name": code.replace("_", " ").capitalize()}
        await world.doors.post(_DIRECTORY, "/programmes", hospital.administrator_subject, body)


async def _agree(world: World, chief: str) -> None:
    joined = await world.doors.list(_DIRECTORY, "/institutions", chief)
    ids = {institution["mail_domain"]: institution["institution_id"] for institution in joined}
    by_key = {hospital.key: ids[hospital.mail_domain] for hospital in HOSPITALS}
    for lending in AGREEMENTS:
        body = {
            "lender_institution_id": by_key[lending.lender],
            "borrower_institution_id": by_key[lending.borrower],
            "cap": lending.cap,
            "starts_at": START.isoformat(),
            "notice_days": _NOTICE_DAYS,
        }
        await world.doors.post(_DIRECTORY, "/agreements", chief, body)
        world.count("agreements signed")


async def _send(world: World, hospital: Hospital) -> None:
    act = SendRoster(
        START,
        hospital.administrator_subject,
        first_roster(hospital),
        hospital.mail_domain,
        hospital.wrong_rows,
    )
    await act.do(world)
    world.count(act.name)


async def _send_again(world: World, hospital: Hospital) -> None:
    by, content = hospital.administrator_subject, first_roster(hospital).read_bytes()
    draft = await world.doors.send_csv(_DIRECTORY, "/roster-imports", by, content)
    if draft["counts"]["new"] or draft["counts"]["changed"]:
        raise StoryStopped(f"The same roster of {hospital.name} came again, and the preview says {draft['counts']}.")
    await world.doors.post(_DIRECTORY, f"/roster-imports/{draft['import_id']}/apply", by, {"rows": "good"})
