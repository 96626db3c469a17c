"""What many runs came to, as a table: runs, faults by kind, commands, events, violations, seconds to converge."""

from collections import Counter
from collections.abc import Sequence
from statistics import median

from tests.chaos.run import Outcome


def summary(outcomes: Sequence[Outcome]) -> str:
    """The table, and the seeds that broke a promise."""
    if not outcomes:
        return "no run"
    failed = [outcome for outcome in outcomes if outcome.violations]
    converged = [outcome.converged_after for outcome in outcomes if outcome.converged_after]
    kinds = Counter(fault for outcome in outcomes for fault in outcome.faults)
    rows: list[tuple[str, str]] = [
        ("runs", str(len(outcomes))),
        ("runs that broke a promise", str(len(failed))),
        ("violations", str(sum(len(outcome.violations) for outcome in outcomes))),
        ("commands acknowledged or unknown", str(sum(outcome.commands for outcome in outcomes))),
        ("events committed", str(sum(outcome.events for outcome in outcomes))),
        ("seconds to converge, median", f"{median(converged):.1f}" if converged else "-"),
        ("seconds to converge, longest", f"{max(converged):.1f}" if converged else "-"),
        ("faults", str(sum(kinds.values()))),
        *((f"  {kind}", str(times)) for kind, times in sorted(kinds.items())),
    ]
    wide = max(len(name) for name, _ in rows)
    table = "\n".join(f"{name:<{wide}}  {value:>8}" for name, value in rows)
    seeds = "".join(f"\nseed {outcome.seed}: {outcome.violations[0]}" for outcome in failed)
    return table + seeds
