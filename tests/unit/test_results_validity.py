from typing import Any

import pandas as pd
import pytest

from harness.results.result_document import LimitsRecord
from harness.results.validity import judge
from tests.unit.results_sample import burst_row, bursts, cell_record


def codes(frame: pd.DataFrame, **cell: Any) -> tuple[str, set[str]]:
    validity = judge([cell_record(**cell)], frame)
    return validity.state, {reason.code for reason in validity.reasons}


def spoiled(rows: int = 1, **changes: Any) -> pd.DataFrame:
    frame = [burst_row(4, i, **(changes if i < rows else {})) for i in range(12)]
    return pd.DataFrame(frame)


def test_a_clean_result_is_valid() -> None:
    assert codes(bursts()) == ("valid", set())


@pytest.mark.parametrize(
    ("frame", "state", "code"),
    [
        (spoiled(runs_succeeded=3), "inconclusive", "failed-runs"),
        (spoiled(rows=6, runs_succeeded=3), "invalid", "failed-runs"),
        (spoiled(oom_kills=1), "invalid", "oom-kill"),
        (spoiled(processes_left=1.0), "invalid", "left-behind"),
        (spoiled(generator_saturated=True), "invalid", "generator-saturated"),
        (spoiled(drained=False), "invalid", "not-drained"),
        (spoiled(rows=12, missed_readings=40), "inconclusive", "missed-readings"),
        (spoiled(rows=12, missed_readings=200), "invalid", "missed-readings"),
        (spoiled(host_steal_fraction=0.2), "inconclusive", "steal"),
        (spoiled(watermark_bytes=9e9), "valid", "missed-peak"),
        (spoiled(launch_seconds_max=31.0), "valid", "slow-answer"),
    ],
)
def test_each_fault_is_found_and_weighed(frame: pd.DataFrame, state: str, code: str) -> None:
    assert codes(frame) == (state, {code})


def test_faults_in_warmup_do_not_count() -> None:
    frame = pd.concat([bursts(), pd.DataFrame([burst_row(2, 99, phase="warmup", oom_kills=3)])])
    assert codes(frame) == ("valid", set())


def test_an_unfinished_cell_makes_the_result_inconclusive() -> None:
    assert codes(bursts(), state="running") == ("inconclusive", {"not-finished"})
    assert codes(pd.DataFrame(), state="pending") == ("inconclusive", {"not-finished"})


def test_missing_limits_are_said_but_do_not_spoil() -> None:
    limits = LimitsRecord(enforced=False, method="none", reason="no rights", cpus=2.0, memory_bytes=1)
    validity = judge([cell_record(limits=limits)], bursts())
    assert validity.state == "valid"
    assert "limits: not enforced" in validity.reasons[0].message


def test_a_burst_that_was_measured_again_is_told_but_does_not_count() -> None:
    disturbed = burst_row(2, 99, phase="disturbed", host_steal_fraction=0.3)
    frame = pd.concat([bursts(), pd.DataFrame([disturbed])])
    assert codes(frame) == ("valid", {"measured-again"})


def test_a_cell_that_broke_off_is_invalid_and_says_why() -> None:
    validity = judge([cell_record(state="running", failure="postgres-1 ended with exit code 0")], bursts())
    assert validity.state == "invalid"
    assert [r.message for r in validity.reasons] == ["postgres-1 ended with exit code 0"]


def test_the_victims_of_the_memory_limit_are_named() -> None:
    frame = spoiled(oom_kills=1, oom_victims="run 1a2b, pid 7, 400 MiB RSS").fillna({"oom_victims": ""})
    [reason] = judge([cell_record()], frame).reasons
    assert "(run 1a2b, pid 7, 400 MiB RSS)" in reason.message


def test_what_failed_is_said_with_how_many() -> None:
    validity = judge([cell_record()], spoiled(runs_succeeded=3, failure="step load: OSError: disk full"))
    assert validity.reasons[0].message.endswith("did not end in SUCCESS: step load: OSError: disk full")


def test_a_node_that_was_short_of_something_is_said() -> None:
    frame = spoiled(node_pressure="MemoryPressure").fillna({"node_pressure": ""})
    validity = judge([cell_record()], frame)
    assert validity.state == "inconclusive"
    assert "(MemoryPressure)" in validity.reasons[0].message


@pytest.mark.parametrize(
    ("method", "cpus", "busy", "foreign", "state"),
    [
        ("kubernetes", 2.0, 0.99, 0.6, "inconclusive"),
        ("kubernetes", 2.0, 0.80, 0.6, "valid"),  # some of the node was idle
        ("kubernetes", 1.0, 0.99, 0.9, "valid"),  # it took what the limit leaves over
        ("docker, cgroup v1", 2.0, 0.99, 0.6, "valid"),  # there the load is on the same machine
    ],
)
def test_a_node_whose_cpus_others_took_is_said(
    method: str, cpus: float, busy: float, foreign: float, state: str
) -> None:
    limits = LimitsRecord(enforced=True, method=method, reason="", cpus=cpus, memory_bytes=2**30, host_cpus=2)
    frame = spoiled(host_busy_fraction=busy, foreign_cpu_cores=foreign)
    validity = judge([cell_record(limits=limits)], frame)
    assert validity.state == state
    assert [reason.code for reason in validity.reasons] == (["node-shared"] if state != "valid" else [])
