"""Made-up streams of runs, for the claims on headroom."""

from __future__ import annotations

from harness.claims.measured import Measured
from harness.results.scenario_record import ScenarioRecord
from tests.unit.claims.made import Rows, measured

SECONDS = 6.0
LAUNCHES, WINDOW = 20, 60.0


def arrivals(runs: int = 60, peak: int = 5) -> Measured:
    """Three bursts that share `runs` runs of about 6 seconds, and whose peak was `peak`."""
    bursts: Rows = [{"burst": n, "level": LAUNCHES, "concurrency_peak": peak} for n in range(3)]
    rows: Rows = [
        {
            "burst": n % 3,
            "process_started_epoch_seconds": 10.0 * n,
            "process_exited_epoch_seconds": 10.0 * n + SECONDS + 0.01 * (n % 7),
        }
        for n in range(runs)
    ]
    made = measured({"bursts": bursts, "runs": rows})
    scenario = {"load": {"shape": "poisson", "window": WINDOW}}
    return Measured(made.document.model_copy(update={"scenario": ScenarioRecord(scenario)}), made._table)
