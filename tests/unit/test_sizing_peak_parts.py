"""Who made the peak: every process of the highest moment, under the step that was at work in it."""

from typing import Any

import pandas as pd

from harness.sizing.peak_parts import with_peak_parts
from tests.unit.results_sample import CELL, burst_row, document

MIB = 2**20
NONE = pd.DataFrame()
KEYS = {"cell_id": CELL, "burst": 1}


def process(at: float, role: str, pid: int, mib: float, replica: str = "server-1") -> dict[str, Any]:
    return KEYS | {
        "at_epoch_seconds": at,
        "role": role,
        "pid": pid,
        "pss_bytes": mib * MIB,
        "replica": replica,
    }


def step(key: str, pid: float, began: float, ended: float, run: str = "r1") -> dict[str, Any]:
    times = {"began_epoch_seconds": began, "ended_epoch_seconds": ended}
    return KEYS | {"run_id": run, "step": key, "pid": pid} | times


def run(run_id: str, pid: int, replica: str = "server-1") -> dict[str, Any]:
    return KEYS | {"run_id": run_id, "pid": pid, "replica": replica}


def parts(
    processes: list[dict[str, Any]],
    steps: pd.DataFrame = NONE,
    runs: pd.DataFrame = NONE,
) -> list[tuple[str, str, int, float]]:
    rows = [
        burst_row(1, 0, memory_peak_bytes=9e9, phase="warmup", released_epoch_seconds=0.0),
        burst_row(1, 1, memory_peak_bytes=2e9, released_epoch_seconds=100.0),
        burst_row(1, 2, memory_peak_bytes=1e9, released_epoch_seconds=200.0),
    ]
    [cell] = with_peak_parts(document(), pd.DataFrame(rows), pd.DataFrame(processes), steps, runs).cells
    assert abs(sum(one.share for one in cell.peak_parts) - (1 if cell.peak_parts else 0)) < 1e-9
    return [(one.role, one.step, one.processes, one.memory_bytes / MIB) for one in cell.peak_parts]


def test_each_step_of_the_highest_moment_has_its_memory() -> None:
    walk = [
        process(105, "server", 1, 100),
        process(105, "run", 10, 90),
        process(105, "step", 11, 300),
        process(105, "step", 12, 200),
        process(105, "step", 13, 80),
        process(105, "helper", 14, 10),
    ]
    higher_before_release = [process(99, "run", 10, 5000)]
    lower = [process(103, "step", 11, 700)]
    of_other_burst = [process(104, "run", 99, 9000) | {"burst": 2}]
    steps = pd.DataFrame(
        [step("part[1]", 11, 101, 103), step("part[b-2]", 12, 101, 110), step("part[3]", 77, 101, 110)]
    )
    found = parts(walk + higher_before_release + lower + of_other_burst, steps, pd.DataFrame([run("r1", 10)]))
    assert found == [
        ("step", "part[*]", 2, 500),
        ("server", "", 1, 100),
        ("run", "", 1, 90),
        ("step", "(starting)", 1, 80),
        ("helper", "", 1, 10),
    ]


def test_a_step_in_its_runs_own_process_is_told_while_it_is_at_work() -> None:
    nothing = float("nan")
    steps = pd.DataFrame(
        [
            step("load", nothing, 101, 104),
            step("train", nothing, 104.5, nothing),
            step("x", nothing, 1, 200, "r2"),
        ]
    )
    runs = pd.DataFrame([run("r1", 10), run("r2", 20)])
    assert parts([process(103, "run", 10, 50)], steps, runs) == [("run", "load", 1, 50)]
    assert parts([process(104.2, "run", 10, 50)], steps, runs) == [("run", "", 1, 50)]
    assert parts([process(106, "run", 10, 50)], steps, runs) == [("run", "train", 1, 50)]


def test_pids_of_several_containers_are_not_mixed_up() -> None:
    walks = [
        process(105, "run", 10, 50, "server-1"),
        process(105.4, "run", 10, 70, "server-2"),
        process(109, "run", 10, 60, "server-1"),
        process(112, "run", 10, 60, "server-2"),
    ]
    steps = pd.DataFrame([step("a", float("nan"), 101, 120), step("b", float("nan"), 101, 120, "r2")])
    runs = pd.DataFrame([run("r1", 10, "server-1"), run("r2", 10, "server-2")])
    assert parts(walks, steps, runs) == [("run", "b", 1, 70), ("run", "a", 1, 60)]


def test_older_results_show_roles_alone_and_rss_where_there_is_no_pss() -> None:
    walk = [process(105, "run", 10, 50), process(105, "server", 1, 80)]
    assert parts(walk) == [("server", "", 1, 80), ("run", "", 1, 50)]
    by_rss = [one | {"pss_bytes": None, "rss_bytes": one["pss_bytes"]} for one in walk]
    assert parts(by_rss) == [("server", "", 1, 80), ("run", "", 1, 50)]


def test_without_processes_there_is_no_table() -> None:
    assert parts([]) == []
    assert parts([process(99, "run", 10, 50)]) == []
