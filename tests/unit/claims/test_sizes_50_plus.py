"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.measured import Measured
from harness.claims.sizes_50_plus import CLAIM
from harness.results.scenario_record import ScenarioRecord
from tests.unit.claims.made import Rows, measured


def bursts(ratio: float, repeats: int = 3) -> Rows:
    """Bursts of 25 runs at one a second, and of 50 at `ratio` a second."""
    return [
        {
            "burst": 10 * level + repeat,
            "level": level,
            "runs_succeeded": level,
            "runs_failed": 0,
            "window_seconds": level / rate * (1 + 0.01 * (repeat - 1)),
        }
        for level, rate in ((25, 1.0), (50, ratio))
        for repeat in range(repeats)
    ]


def decided(rows: Rows, duration: float | str = 0.0) -> Decision:
    made = measured({"bursts": rows})
    scenario = {"workloads": [{"workload": "cpu_bound", "duration": duration}]}
    document = made.document.model_copy(update={"scenario": ScenarioRecord(scenario)})
    return CLAIM.decide({"size-25-50": Measured(document, made._table)})


def test_hardly_more_throughput_supports_it() -> None:
    decision = decided(bursts(1.0))
    assert decision.verdict == "supported"
    assert decision.numbers[0].value == pytest.approx(1.0)


def test_much_more_throughput_refutes_it() -> None:
    assert decided(bursts(1.8)).verdict == "refuted"


def test_between_the_ranges_it_stays_open() -> None:
    assert decided(bursts(1.3)).verdict == "inconclusive"


def test_runs_that_wait_for_each_other_leave_it_open() -> None:
    assert decided(bursts(1.0), "auto").verdict == "inconclusive"


def test_too_little_leaves_it_open() -> None:
    assert decided(bursts(1.0, repeats=2)).verdict == "inconclusive"
    assert decided(bursts(1.0)[:3]).verdict == "inconclusive"
    assert decided([]).verdict == "inconclusive"
    assert decided([{"burst": n, "level": 25 + 25 * (n % 2)} for n in range(6)]).verdict == "inconclusive"


def test_what_it_needs() -> None:
    assert (CLAIM.needs.cpus, CLAIM.needs.memory_bytes) == (8, 32e9)
