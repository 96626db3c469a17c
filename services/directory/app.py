"""The directory put together; building it connects to nothing."""

from functools import cache
from uuid import UUID

from services.directory import use_cases
from services.directory.api import make_door, make_routes
from services.directory.consumers import events, watch_contacts
from services.directory.timers import clock
from shared.contracts.contacts import ContactErased, ContactRecorded
from shared.contracts.directory import (
    AgreementEnded,
    AgreementNoticeGiven,
    AgreementSigned,
    CapsSet,
    ConflictPolicySet,
    DutyAssigned,
    DutyRemoved,
    ErasureDelayed,
    InstitutionJoined,
    PersonErased,
    PersonJoined,
    PersonLeft,
    PersonReturned,
    PersonWentOnLeave,
    ProfileChanged,
    RoleAssigned,
    RoleRemoved,
)
from shared.platform.database import Database
from shared.platform.service import Service
from shared.platform.settings import PlatformSettings


def build() -> Service:
    """The service as data."""
    return Service(
        "directory",
        says=(
            InstitutionJoined,
            AgreementSigned,
            CapsSet,
            ConflictPolicySet,
            AgreementNoticeGiven,
            AgreementEnded,
            PersonJoined,
            PersonWentOnLeave,
            PersonReturned,
            PersonLeft,
            ErasureDelayed,
            RoleAssigned,
            RoleRemoved,
            DutyAssigned,
            DutyRemoved,
            ProfileChanged,
            PersonErased,
            ContactRecorded,
            ContactErased,
        ),
        routes=make_routes(cache(_keys)),
        events=(events,),
        timers=clock,
        background=(watch_contacts,),
        pages=(make_door(cache(_keys)),),
    )


def _keys() -> use_cases.Keys:
    """The keys of this process, read with its first use, because a service is also built where there are none."""
    return use_cases.Keys.of(PlatformSettings.read())


async def found_consortium(
    settings: PlatformSettings,
    office: use_cases.NewInstitution,
    chief: use_cases.NewPerson,
    own_administrator: use_cases.NewPerson | None = None,
) -> UUID:
    """Make the institution that runs the consortium, with the consortium's administrator, whose id is given.

    Twice is the same as once. `own_administrator` is for an office that is a hospital with people of its own.
    For the command line alone: it uses the worker login, and the running service sends what it says.
    """
    keys = use_cases.Keys.of(settings)
    async with Database.open(settings.worker_database, schema="directory", clock=settings.clock, size=1) as worker:
        return await worker.run(lambda tx: use_cases.found_consortium(tx, office, chief, keys, own_administrator))
