"""Views on small tables with known answers."""

import numpy as np
import pandas as pd
import pytest

from harness.results.result_document import EventRecord
from harness.sizing.fitting import fit_result
from harness.views import bursts, stages, timeline
from harness.views.processes import roles
from harness.views.thin import thin
from tests.unit.results_sample import CELL, NO_REPLICAS, burst_row, cell_record, document

MIB = 2**20


def readings(count: int, **changes: object) -> pd.DataFrame:
    """One reading a tenth of a second, of a server that uses one core and 100 MiB."""
    at = np.arange(count) / 10
    values = {
        "at_epoch_seconds": 1000 + at,
        "memory_bytes": 100.0 * MIB,
        "usage_bytes": 120.0 * MIB,
        "cpu_seconds": at,
        "periods": 10 * at,
        "throttled_periods": 0.0,
        "oom_kills": 0.0,
        "replica": "server",
        "cell_id": CELL,
        "burst": 0,
    }
    return pd.DataFrame(values | changes)


def test_thinning_keeps_the_peak_and_the_trough_of_a_long_line() -> None:
    values = np.random.default_rng(1).normal(100, 1, 360_000)
    values[123_456], values[300_001] = 900.0, -50.0
    frame = pd.DataFrame({"seconds": np.arange(360_000) / 50, "memory": values})
    found = thin(frame, "seconds", "memory", 1000)
    assert len(found) <= 1000
    assert found["memory"].max() == 900.0
    assert found["memory"].min() == -50.0
    assert found["seconds"].is_monotonic_increasing
    assert thin(frame.iloc[:10], "seconds", "memory", 1000).equals(frame.iloc[:10])


def test_memory_is_told_in_mib_since_the_first_sample_and_keeps_its_peak() -> None:
    samples = readings(5000)
    samples.loc[4321, "memory_bytes"] = 700 * MIB
    found = timeline.memory(samples, timeline.start_of(samples))
    assert found["seconds"].min() == 0
    assert found["memory_mib"].max() == 700
    assert found["seconds"].iloc[int(found["memory_mib"].argmax())] == pytest.approx(432.1)
    assert len(found) <= timeline.MOST_POINTS


def test_very_many_bursts_are_drawn_as_one_line_of_bounded_length() -> None:
    samples = pd.concat([readings(20, burst=number) for number in range(500)], ignore_index=True)
    samples["at_epoch_seconds"] = 1000 + samples.index / 10
    samples.loc[7777, "memory_bytes"] = 900 * MIB
    found = timeline.memory(samples, timeline.start_of(samples))
    assert len(found) <= 2 * timeline.MOST_POINTS
    assert set(found["line"]) == {0}
    assert found["memory_mib"].max() == 900
    few = timeline.memory(samples[samples["burst"] < 5], 1000.0)
    assert (few["line"] == few["burst"]).all()


def test_cpu_is_cores_over_windows_and_throttling_a_share_of_periods() -> None:
    samples = readings(100)
    samples["throttled_periods"] = samples["periods"] / 4
    found = timeline.cpu(samples, timeline.start_of(samples))
    assert found["cores"].to_numpy() == pytest.approx(1.0)
    assert found["throttled"].to_numpy() == pytest.approx(0.25)
    assert timeline.cpu(readings(1), 1000.0).empty
    uncounted = timeline.cpu(readings(100, periods=np.nan), 1000.0)
    assert uncounted["throttled"].isna().all()  # not: never throttled
    idle = timeline.cpu(readings(100, periods=0.0), 1000.0)
    assert (idle["throttled"] == 0).all()


def test_runs_in_progress_rise_and_fall_with_their_starts_and_ends() -> None:
    runs = pd.DataFrame(
        {
            "process_started_epoch_seconds": [1001.0, np.nan, 1003.0, np.nan, 1006.0],
            "run_start_epoch_seconds": [1001.5, 1002.0, 1003.5, np.nan, 1006.5],
            "process_exited_epoch_seconds": [1004.0, 1003.0, 1005.0, np.nan, np.nan],
            "run_end_epoch_seconds": [1003.5, 1002.5, 1004.5, np.nan, np.nan],
            "burst": 1,
        }
    )
    rows = pd.DataFrame({"burst": [1], "drained_epoch_seconds": [1009.0], "lost_at_epoch_seconds": [1008.0]})
    found = timeline.in_progress(runs, rows, 1000.0)
    # an end counts before a start at the same instant, so two never become three
    assert list(zip(found["seconds"], found["runs"], strict=True)) == [
        (0.0, 0),
        (1.0, 1),
        (2.0, 2),
        (3.0, 1),
        (3.0, 2),
        (4.0, 1),
        (5.0, 0),
        (6.0, 1),  # lost with its server, and never ended
        (8.0, 0),
    ]
    assert timeline.in_progress(runs.iloc[3:4], rows, 1000.0).empty


def test_an_oom_kill_is_marked_where_the_count_of_its_own_server_rose() -> None:
    first = readings(10, replica="server-1", oom_kills=[0.0] * 6 + [2.0] * 4)
    second = readings(10, replica="server-2", oom_kills=1.0)
    event = EventRecord(at_epoch_seconds=1003.0, service="server-1", kind="oom")
    cell = cell_record(events=(event,))
    found = timeline.oom_kills(pd.concat([first, second]), cell, 1000.0)
    assert found[["seconds", "kills"]].to_numpy().tolist() == [pytest.approx([0.6, 2.0])]
    of_events = timeline.oom_kills(second, cell, 1000.0)  # the count went with the server
    assert of_events[["seconds", "kills"]].to_numpy().tolist() == [[3.0, 1.0]]


def test_roles_are_summed_and_a_role_that_is_gone_counts_as_nothing() -> None:
    processes = pd.DataFrame(
        {
            "at_epoch_seconds": [1000.0, 1000.0, 1000.0, 1001.0],
            "burst": 0,
            "role": ["run", "run", "server", "server"],
            "pss_bytes": [MIB, 2 * MIB, 10 * MIB, 11 * MIB],
        }
    )
    found = roles(processes, 1000.0).set_index(["seconds", "role"])["memory_mib"]
    assert found.to_dict() == {(0, "server"): 10, (0, "run"): 3, (1, "server"): 11, (1, "run"): 0}
    apart = pd.concat([processes.assign(replica="a"), processes.assign(replica="b")], ignore_index=True)
    apart.loc[4:, "at_epoch_seconds"] += 0.2  # read after the first
    both = roles(apart, 1000.0).set_index(["seconds", "role"])["memory_mib"]
    assert both[(0, "server")] == 20
    late = pd.concat(
        [apart.drop(index=7), apart.iloc[[3]].assign(at_epoch_seconds=1002.0)], ignore_index=True
    )
    found = roles(late, 1000.0).set_index(["seconds", "role"])["memory_mib"]
    assert (found[(1, "server")], found[(2, "server")]) == (21, 21)  # of b the 10 of its last reading


def some_bursts(slope_mib: float = 100.0, noise_mib: float = 0.001) -> pd.DataFrame:
    rows = [
        burst_row(
            level, number, memory_peak_bytes=(200 + slope_mib * level + noise_mib * (number // 3)) * MIB
        )
        for number, level in enumerate([1, 2, 4] * 3)
    ]
    return pd.DataFrame(rows)


def test_the_line_of_peaks_meets_the_limit_where_it_must() -> None:
    cell = cell_record(memory_bytes=1000 * MIB)
    rows = some_bursts()
    unfitted = bursts.peaks(rows, cell, seed=1)
    assert unfitted is not None
    assert unfitted.line.empty  # as of a result that is not valid
    fitted = fit_result(document(cells=(cell,)), rows, NO_REPLICAS).cells[0]
    found = bursts.peaks(rows, fitted, seed=1)
    assert found is not None
    assert found.limit_mib == 1000
    assert found.crossed_at == pytest.approx(8.0, abs=0.01)
    assert found.held_up_to == pytest.approx(8.0, abs=0.01)  # the points lie on the line, nearly
    assert found.line["at_once"].max() == pytest.approx(8.4, abs=0.01)  # drawn to beyond the crossing
    assert found.line.loc[found.line["at_once"] > 4, "extrapolated"].all()
    assert not found.line.loc[found.line["at_once"] < 4, "extrapolated"].any()
    assert (found.line["at_once"] == 4).sum() == 2  # where the two parts join
    assert (found.line["low"] < found.line["memory_mib"]).all()
    noisy = bursts.peaks(some_bursts(noise_mib=5.0), fitted, seed=1)
    assert noisy is not None
    assert noisy.crossed_at is not None
    assert noisy.held_up_to is not None
    assert noisy.held_up_to < noisy.crossed_at - 0.1
    band = np.interp(noisy.held_up_to, noisy.line["at_once"], noisy.line["high"])
    assert band == pytest.approx(1000, abs=0.5)
    small = bursts.peaks(rows, fitted.model_copy(update={"memory_bytes": 100 * MIB}), seed=1)
    assert small is not None
    assert small.crossed_at is None  # the base alone is above the limit
    assert small.held_up_to is None


def test_too_few_bursts_give_points_and_no_line() -> None:
    found = bursts.peaks(some_bursts().iloc[:2], cell_record(), seed=1)
    assert found is not None
    assert len(found.points) == 2
    assert found.line.empty
    assert found.crossed_at is None
    assert bursts.peaks(pd.DataFrame(), cell_record(), seed=1) is None


def test_launches_are_counted_from_the_intended_instant_by_level() -> None:
    launched = pd.DataFrame(
        {
            "run_id": ["a", "b", "c"],
            "intended_epoch_seconds": 10.0,
            "answered_epoch_seconds": [11.0, 12.0, 13.0],
            "cell_id": CELL,
            "burst": 2,
        }
    )
    runs = pd.DataFrame({"run_id": ["a", "b"], "run_start_epoch_seconds": [11.5, 13.5], "cell_id": CELL})
    found = bursts.launches(launched, runs, some_bursts(), CELL).set_index(["what", "quantile"])
    assert set(found["level"]) == {4}
    assert found.loc[("answered", "median"), "seconds"] == 2.0
    assert found.loc[("answered", "slowest"), "launches"] == 3
    assert found.loc[("started", "slowest"), "seconds"] == 3.5
    assert found.loc[("started", "slowest"), "launches"] == 2  # the third never started


def test_stages_follow_one_another_and_a_run_that_never_started_has_the_first_only() -> None:
    marks = {
        "created_epoch_seconds": [100.0, 101.0],
        "starting_epoch_seconds": [102.0, 105.0],
        "process_started_epoch_seconds": [104.0, np.nan],
        "run_start_epoch_seconds": [104.5, np.nan],
        "run_end_epoch_seconds": [110.0, np.nan],
        "process_exited_epoch_seconds": [110.2, np.nan],
    }
    runs = pd.DataFrame({**marks, "job": "io", "status": ["SUCCESS", "FAILURE"], "cell_id": CELL, "burst": 3})
    found = stages.stages(runs, CELL, 3)
    first = found[found["number"] == 1]
    assert tuple(first["stage"]) == stages.STAGES
    assert (first["from_seconds"].iloc[1:].to_numpy() == first["to_seconds"].iloc[:-1].to_numpy()).all()
    assert first["to_seconds"].iloc[-1] == pytest.approx(10.2)
    assert found.loc[found["number"] == 2, "stage"].tolist() == ["queued"]
    assert stages.stages(runs, CELL, 9).empty


def test_the_slowest_burst_is_one_of_the_highest_level() -> None:
    rows = some_bursts()
    rows.loc[0, "window_seconds"] = 99.0  # of level 1
    rows.loc[5, "window_seconds"] = 50.0
    assert stages.slowest_burst(rows, CELL) == (5, 4)
    assert stages.slowest_burst(rows.iloc[:0], CELL) is None
