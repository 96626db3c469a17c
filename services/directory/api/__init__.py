"""The directory over HTTP: parse, call one use case, show what became of it; refuses to hold a rule."""

from services.directory.api import (
    consortium,
    duties,
    erasures,
    export,
    joining,
    people,
    profiles,
    provisioning,
    rosters,
)
from services.directory.api.fields import ReadKeys
from services.directory.api.scim import make_door
from shared.platform.http import Routes


def make_routes(keys: ReadKeys) -> tuple[Routes, ...]:
    """Every operation of the directory; `keys` is asked when one of them needs it, not before."""
    return (
        joining.make_routes(keys),
        consortium.routes,
        duties.routes,
        erasures.routes,
        export.routes,
        people.routes,
        profiles.routes,
        provisioning.routes,
        rosters.make_routes(keys),
    )


__all__ = ["make_door", "make_routes"]
