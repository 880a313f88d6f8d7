"""The rule of `limits_mixed`, on its own experiment and numbers."""

from harness.claims.limits_long import CLAIM
from harness.claims.measured import Measured
from tests.unit.claims.made import Rows, measured


def verdict(mean: float, level: int = 12, count: int = 2, **more: object) -> str:
    rows: Rows = [
        {
            "burst": n,
            "level": level,
            "launches": level,
            "runs_succeeded": level,
            "concurrency_peak": level,
            "run_seconds": mean * level,
        }
        | more
        for n in range(count)
    ]
    made = measured({"bursts": rows})
    scenario = {"workloads": [{"workload": "io_bound", "duration": 301.0}]}
    document = made.document.model_copy(update={"scenario": scenario})
    return CLAIM.decide({"long": Measured(document, made._table)}).verdict


def test_each_side_of_the_rule() -> None:
    assert verdict(302.0) == "refuted"
    assert verdict(302.0, runs_succeeded=11) == "supported"
    assert verdict(1.6 * 301) == "supported"
    assert verdict(1.4 * 301) == "inconclusive"
    assert verdict(302.0, level=10) == "inconclusive"
    assert verdict(302.0, count=1) == "inconclusive"
    assert verdict(302.0, concurrency_peak=11) == "inconclusive"
