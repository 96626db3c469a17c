"""Which time a data folder lives in, decided once; refuses to mix stepped weeks into data that lives in real time."""

from datetime import datetime

from deploy.local.folder import DataFolder, write_atomically
from deploy.local.problems import LocalProblem

_REAL = "real"


class ClockDiffers(LocalProblem):
    """This folder's data lives in the other time."""


def start_of_clock(folder: DataFolder, stepped_from: datetime | None) -> datetime | None:
    """Where this folder's stepped clock began, or None where time is real; the first call decides. Raises ClockDiffers.

    A folder whose clock was stepped stays so: its people would otherwise live through the same weeks twice.
    """
    path = folder.path / "clock"
    if not path.exists():
        write_atomically(path, stepped_from.isoformat() if stepped_from else _REAL)
    decided = path.read_text()
    if decided != _REAL:
        return datetime.fromisoformat(decided)
    if stepped_from:
        raise ClockDiffers(
            f"The data in {folder.path} lives in real time, and the demo steps through weeks in seconds. Nothing was "
            "changed: name another folder in OSLER_DATA, or delete this one with `osler reset`."
        )
    return None
