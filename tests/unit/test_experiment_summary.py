import math

import numpy as np
import pandas as pd
import pytest

from harness.experiment.summary import (
    BurstTimes,
    is_saturated,
    peak_overlap,
    processes_left,
    summarise_companions,
    summarise_readings,
    summarise_runs,
    used_between,
)

TIMES = BurstTimes(idle_from=100.0, released=101.0, drained=110.0)


def samples() -> pd.DataFrame:
    rows = []
    for tick in range(0, 111):
        at = 99.9 + tick * 0.1
        running = at >= 101.0
        rows.append(
            {
                "at_epoch_seconds": at,
                "usage_bytes": 900 if running else 500,
                "memory_bytes": 700 if running else 300,
                "working_set_bytes": 800 if running else 400,
                "cpu_seconds": 5.0 + (at - 101.0) * 2.0 if running else 5.0,
                "throttled_seconds": None,
                "oom_kills": 0,
            }
        )
    return pd.DataFrame(rows)


def processes() -> pd.DataFrame:
    rows = [
        (100.5, 1, "server", "sleeping", 100, 90, 80, 10),
        (102.0, 1, "server", "sleeping", 110, 90, 80, 12),
        (102.0, 2, "run", "sleeping", 100, 60, 50, 3),
        (102.0, 3, "run", "zombie", 0, 0, 0, 1),
    ]
    columns = ["at_epoch_seconds", "pid", "role", "status", "rss_bytes", "pss_bytes", "uss_bytes", "threads"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize(
    ("starts", "ends", "peak"),
    [([], [], 0), ([1], [2], 1), ([1, 2], [2, 3], 1), ([1, 1.5], [2, 3], 2), ([1, 2, 3], [9, 8, 7], 3)],
)
def test_peak_overlap_counts_what_runs_at_one_instant(
    starts: list[float], ends: list[float], peak: int
) -> None:
    assert peak_overlap(starts, ends) == peak


def test_peaks_come_from_the_burst_and_idle_values_from_before_it() -> None:
    row = summarise_readings(samples(), processes(), TIMES)
    assert (row["memory_idle_bytes"], row["memory_peak_bytes"]) == (300, 700)
    assert (row["usage_peak_bytes"], row["working_set_peak_bytes"]) == (900, 800)
    assert row["idle_cpu_cores"] == pytest.approx(0.0, abs=0.01)
    assert row["cpu_seconds"] == pytest.approx(18.0, rel=0.01)
    assert row["oom_kills"] == 0


def test_a_column_the_machine_does_not_have_is_missing_not_zero() -> None:
    assert math.isnan(summarise_readings(samples(), processes(), TIMES)["throttled_seconds"])


def test_zombies_and_idle_walks_are_left_out_of_the_tree_sums() -> None:
    row = summarise_readings(samples(), processes(), TIMES)
    assert row["processes_peak"] == 2
    assert row["threads_peak"] == 15
    assert row["rss_peak_bytes"] == 210


def test_what_a_burst_left_behind_is_counted_before_the_next() -> None:
    columns = ["at_epoch_seconds", "role", "status", "created_epoch_seconds"]
    walks = pd.DataFrame(
        [
            (100.2, "other", "sleeping", 60.0),  # gone before the release
            (100.7, "server", "sleeping", 60.0),
            (100.7, "helper", "sleeping", 60.0),
            (100.7, "other", "sleeping", 40.0),  # was there before measuring began
            (100.7, "other", "sleeping", 60.0),
            (100.7, "other", "zombie", 60.0),
            (100.7, "other", "running", 100.5),  # the server's own, of the quiet time
            (102.0, "other", "sleeping", 101.5),  # of this burst
        ],
        columns=columns,
    )
    assert processes_left(walks, 50.0, TIMES) == 1
    assert math.isnan(processes_left(walks[:0], 50.0, TIMES))


def test_cpu_is_interpolated_between_readings() -> None:
    frame = pd.DataFrame({"at_epoch_seconds": [0.0, 10.0], "cpu_seconds": [0.0, 5.0]})
    assert used_between(frame, 2.0, 4.0) == pytest.approx(1.0)
    assert math.isnan(used_between(frame.head(1), 2.0, 4.0))


def test_the_webserver_is_read_until_it_answered_and_the_daemon_until_the_end() -> None:
    released, drained = TIMES.released, TIMES.drained
    at = np.arange(TIMES.idle_from, drained + 0.5, 0.5)
    used = {"webserver": 0.1 * (at - at[0]) + 5.0 * (at > released + 1.0), "daemon": 0.2 * (at - at[0])}
    read = pd.concat(
        [
            pd.DataFrame({"at_epoch_seconds": at, "cpu_seconds": cpu, "memory_bytes": 10.0, "replica": name})
            for name, cpu in used.items()
        ]
    )
    launches = pd.DataFrame({"answered_epoch_seconds": [released + 0.5, released + 1.0]})
    row = summarise_companions(read, launches, TIMES)
    assert row["webserver_cpu_seconds"] == pytest.approx(0.1)
    assert row["webserver_window_seconds"] == pytest.approx(1.0)
    assert row["daemon_cpu_seconds"] == pytest.approx(0.2 * (drained - released))
    assert row["webserver_idle_cpu_cores"] == pytest.approx(0.1)
    assert row["daemon_memory_peak_bytes"] == 10.0
    unread = summarise_companions(read.head(0), launches, TIMES)
    assert math.isnan(unread["daemon_cpu_seconds"])
    assert math.isnan(unread["webserver_memory_peak_bytes"])


def test_runs_are_counted_by_how_they_ended() -> None:
    launches = pd.DataFrame(
        {
            "outcome": ["launched", "launched", "error"],
            "intended_epoch_seconds": [101.0] * 3,
            "sent_epoch_seconds": [100.5, 100.5, 100.5],
            "answered_epoch_seconds": [102.0, 103.0, 104.0],
        }
    )
    runs = pd.DataFrame(
        {
            "status": ["SUCCESS", "FAILURE"],
            "run_start_epoch_seconds": [103.0, 104.0],
            "run_end_epoch_seconds": [106.0, 107.0],
            "process_started_epoch_seconds": [102.9, None],
            "process_exited_epoch_seconds": [106.1, None],
        }
    )
    row = summarise_runs(launches, runs, samples(), TIMES)
    assert (row["launches"], row["launches_answered"]) == (3, 2)
    assert (row["runs_succeeded"], row["runs_failed"]) == (1, 1)
    assert row["concurrency_peak"] == 2
    assert row["launch_span_seconds"] == pytest.approx(3.0)
    assert row["launch_seconds_max"] == pytest.approx(3.5)
    assert row["exec_window_seconds"] == pytest.approx(4.0)
    assert row["exec_cpu_seconds"] == pytest.approx(8.0, rel=0.02)
    assert row["run_seconds"] == pytest.approx(6.0)


def test_saturation_is_judged_against_what_the_server_may_use() -> None:
    assert is_saturated(9.0, 5.0, 2.0)
    assert not is_saturated(5.0, 5.0, 2.0)
    assert not is_saturated(float("nan"), float("nan"), 2.0)
