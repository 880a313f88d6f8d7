"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.littles_law import CLAIM
from tests.unit.claims.made import Rows, measured

LASTED, BEFORE = 6.0, 2.0
RUNS, WINDOW = 5, 40.0


def decided(beyond: float, bursts: int = 3, processes: bool = True) -> Decision:
    """Runs whose process is up `beyond` seconds longer than they last, and was created `BEFORE` earlier."""
    rows: Rows = [{"burst": number, "window_seconds": WINDOW} for number in range(bursts)]
    runs: Rows = []
    seen: Rows = []
    for number in range(bursts):
        for pid in range(RUNS):
            start, jitter = 100.0 * pid, 0.01 * (number - 1)
            runs.append(
                {
                    "burst": number,
                    "pid": pid,
                    "process_started_epoch_seconds": start,
                    "run_start_epoch_seconds": start + beyond / 2,
                    "run_end_epoch_seconds": start + beyond / 2 + LASTED,
                    "process_exited_epoch_seconds": start + beyond + LASTED + jitter,
                }
            )
            process = {"burst": number, "pid": pid, "created_epoch_seconds": start - BEFORE}
            seen += [process | {"role": "run"}, process | {"role": "helper", "created_epoch_seconds": 0.0}]
    tables = {"bursts": rows, "runs": runs} | ({"processes": seen} if processes else {})
    return CLAIM.decide({"arrivals": measured(tables)})


def test_a_process_up_hardly_longer_than_its_run_supports_it() -> None:
    assert decided(0.5).verdict == "supported"


def test_a_process_up_much_longer_refutes_it() -> None:
    assert decided(15.0).verdict == "refuted"


def test_between_the_ranges_it_stays_open() -> None:
    assert decided(8.0).verdict == "inconclusive"


def test_the_figures() -> None:
    values = {number.name: number.value for number in decided(0.5).numbers}
    assert values["process up beyond the run"] == pytest.approx(0.5)
    assert values["bias of 10 % below"] == pytest.approx(5.0)
    assert values["process in existence beyond the run"] == pytest.approx(0.5 + BEFORE)
    assert values["processes up, time-averaged"] == pytest.approx(RUNS * (LASTED + 0.5) / WINDOW)
    assert values["rate × duration"] == pytest.approx(RUNS * LASTED / WINDOW)


def test_without_readings_of_processes_the_rule_still_decides() -> None:
    decision = decided(0.5, processes=False)
    assert decision.verdict == "supported"
    assert "creation" not in decision.evidence


def test_too_little_leaves_it_open() -> None:
    assert decided(0.5, bursts=2).verdict == "inconclusive"
    assert CLAIM.decide({"arrivals": measured({})}).verdict == "inconclusive"
    bare: Rows = [{"burst": 0}]
    assert CLAIM.decide({"arrivals": measured({"bursts": bare, "runs": bare})}).verdict == "inconclusive"
