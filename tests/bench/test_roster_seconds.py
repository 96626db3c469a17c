"""What an administrator waits for with a roster of 5,000 rows: its preview, its import, a change of all, its revert."""

import time
from collections.abc import Awaitable
from typing import Any, TypeVar

import pytest

from services.directory.app import build
from shared.platform.settings import LOCAL_CONTACTS_KEY
from shared.testing.running import Running, run_service
from shared.testing.stage import Engines, make_stage
from tests.bench.measuring import Bound, Figure, Lap
from tests.bench.report import Report
from tests.integration.directory.consortium import Consortium, Hospital, found
from tests.unit.directory.rosters import a_roster

ROWS = 5_000
PREVIEW_MS, APPLY_MS = 3_000.0, 10_000.0
STEPS = ("preview", "import", "change of all", "the same again", "revert")
T = TypeVar("T")


@pytest.fixture(scope="module")
async def figures(engines: Engines, passwords: dict[str, str], report: Report) -> dict[str, Figure]:
    """Each step's seconds, round by round; the rounds are lived through once for all steps."""
    rows = report.size(ROWS)
    stage = await make_stage(engines, passwords, ["directory"], stepped=False)
    measured = {
        step: Figure(f"roster, {step}", (Bound("p50 ms", PREVIEW_MS if step == "preview" else APPLY_MS),))
        for step in STEPS
    }
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OSLER_CONTACTS_KEY", LOCAL_CONTACTS_KEY)
        async with run_service(stage, build(), watched=False) as directory:
            consortium = await found(directory)
            for _ in range(report.rounds):
                for step, seconds in (await _live_through(consortium, rows)).items():
                    measured[step].product.append(Lap(rows, waits=[seconds]))
    return measured


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("step", STEPS)
async def test_a_roster_is_shown_in_3_seconds_and_imported_changed_and_reverted_in_10(
    step: str, figures: dict[str, Figure], report: Report
) -> None:
    report.judge(figures[step])


async def _live_through(consortium: Consortium, rows: int) -> dict[str, float]:
    """Seconds of each step, at a hospital that has just joined."""
    hospital = await consortium.add_hospital()
    first, changed = _file(rows, "Ada"), _file(rows, "Eva")
    shown, preview = await _timed(hospital.preview(first))
    imported, done = await _timed(_apply(hospital, preview))
    assert done["counts"]["new"] == rows
    before = await _state(consortium.running, hospital)
    changing, changes = await _timed(hospital.apply(changed))
    assert changes["counts"]["changed"] == rows
    said = len(await consortium.running.said())
    repeated, same = await _timed(hospital.apply(changed))
    assert (same["counts"]["same"], len(await consortium.running.said())) == (rows, said)
    reverting, reverted = await _timed(hospital.post(f"/roster-imports/{changes['import_id']}/revert"))
    assert reverted.json()["state"] == "reverted"
    assert await _state(consortium.running, hospital) == before
    return dict(zip(STEPS, (shown, imported, changing, repeated, reverting), strict=True))


def _file(rows: int, name: str) -> bytes:
    return a_roster(
        *(
            {"external_id": f"e{number}", "email": f"p{number}@hospital.example", "name": f"{name} {number}"}
            for number in range(rows)
        )
    )


async def _apply(hospital: Hospital, preview: dict[str, Any]) -> dict[str, Any]:
    answer = await hospital.post(f"/roster-imports/{preview['import_id']}/apply", json={"rows": "all"})
    return answer.raise_for_status().json()


async def _timed(work: Awaitable[T]) -> tuple[float, T]:
    begun = time.perf_counter()
    done = await work
    return time.perf_counter() - begun, done


async def _state(directory: Running, hospital: Hospital) -> str:
    """A hash of everything that a roster says of a hospital's people."""
    [row] = await directory.rows(
        """
        SELECT md5(string_agg(p.external_id || p.name || p.email || p.time_zone || p.status || r.role || r.places
                              || r.shared_places || coalesce(r.programme, ''), '|' ORDER BY p.external_id, r.role))
        FROM people p JOIN roles r USING (institution_id, person_id) WHERE institution_id = $1
        """,
        hospital.institution_id,
    )
    return row[0]
