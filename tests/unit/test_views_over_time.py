"""Views of Pings, ticks, processes and throughput on small tables with known answers."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.results.scenario_record import ScenarioRecord
from harness.views import pings, processes, ticks
from harness.views.throughput import is_held, throughput
from tests.unit.results_sample import CELL, burst_row, cell_record

MIB = 2**20


def readings(**changes: object) -> pd.DataFrame:
    """A server of ten threads and two runs of five at 1000, one of which has ended at 1001."""
    values = {
        "at_epoch_seconds": [1000.0, 1000.0, 1000.0, 1001.0, 1001.0, 1001.0],
        "burst": 0,
        "role": ["server", "run", "run", "server", "run", "run"],
        "status": ["sleeping"] * 5 + ["zombie"],
        "threads": [10, 5, 5, 10, 5, 1],
        "pss_bytes": [10.0 * MIB, 4 * MIB, 4 * MIB, 10 * MIB, 4 * MIB, np.nan],
        "uss_bytes": [9.0 * MIB, 3 * MIB, 3 * MIB, 9 * MIB, 3 * MIB, np.nan],
        "rss_bytes": [20.0 * MIB, 9 * MIB, 9 * MIB, 20 * MIB, 9 * MIB, np.nan],
    }
    return pd.DataFrame(values | changes)


def test_threads_and_processes_are_counted_over_all_servers_without_those_that_ended() -> None:
    found = processes.counts(readings(), 1000.0).set_index(["seconds", "what"])["number"]
    assert found.to_dict() == {
        (0, "threads"): 20,
        (0, "processes"): 3,
        (1, "threads"): 15,
        (1, "processes"): 2,
    }
    assert processes.counts(readings(), 1000.4)["seconds"].min() == 0  # a reading is rounded to an instant
    two = pd.concat([readings(replica="a"), readings(replica="b")], ignore_index=True)
    two.loc[6:, "at_epoch_seconds"] += 0.2  # read after the first
    both = processes.counts(two, 1000.0).set_index(["seconds", "what"])["number"]
    assert both[(0, "processes")] == 6
    one_late = two.drop(index=[6, 7, 8])  # of b the burst's first reading is a second after a's
    late = processes.counts(one_late, 1000.0).set_index(["seconds", "what"])["number"]
    assert (late[(0, "processes")], late[(1, "processes")]) == (3 + 2, 2 + 2)
    assert processes.counts(readings(threads=np.nan), 1000.0).empty


def test_without_pss_memory_is_told_in_the_next_best_measure() -> None:
    assert processes.measure_of(readings()) == "pss_bytes"
    no_pss = readings(pss_bytes=np.nan)
    assert processes.measure_of(no_pss) == "uss_bytes"
    assert processes.measure_of(no_pss.drop(columns="uss_bytes")) == "rss_bytes"
    assert processes.measure_of(readings(pss_bytes=np.nan, uss_bytes=np.nan, rss_bytes=np.nan)) is None
    found = processes.roles(no_pss, 1000.0, "uss_bytes").set_index(["seconds", "role"])["memory_mib"]
    assert found[(0, "run")] == 6


def test_a_server_whose_pss_is_seldom_read_holds_it_while_it_is_walked() -> None:
    instants = [1000.0 + second for second in range(9)]
    often = pd.DataFrame({"at_epoch_seconds": instants, "pss_bytes": [n * MIB for n in range(10, 19)]})
    seldom = pd.DataFrame({"at_epoch_seconds": instants, "pss_bytes": [100 * MIB] + [np.nan] * 8})
    gone = seldom[:4]
    for other, sums in ((seldom, [n + 100 for n in range(10, 19)]), (gone, [110, 111, 112, 113, 114, 115])):
        both = pd.concat([often.assign(replica="a"), other.assign(replica="b")], ignore_index=True)
        found = processes.roles(both.assign(burst=0, role="server"), 1000.0)["memory_mib"]
        assert found.tolist()[: len(sums)] == sums
    assert found.tolist()[6:] == [16, 17, 18]
    alone = processes.roles(seldom.assign(burst=0, role="server"), 1000.0)
    assert alone["memory_mib"].tolist() == [100]


def some_pings() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sent_epoch_seconds": [1000.0, 1001.0, 1002.0],
            "answered_epoch_seconds": [1000.5, np.nan, 1002.25],
            "outcome": ["ok", "timeout", "ok"],
            "max_concurrent_requests": [4.0, np.nan, 4.0],
            "num_running_requests": [1.0, np.nan, 3.0],
            "num_queued_requests": [0.0, np.nan, 2.0],
            "requests_in_progress": [0, 5, 5],
            "runs_in_progress": [0, 1, 2],
            "burst": 1,
        }
    )


def test_pings_are_told_by_when_they_were_sent_and_lost_ones_apart() -> None:
    found = pings.latencies(some_pings(), 1000.0)
    assert list(zip(found["seconds"], found["answered_after_seconds"], strict=True)) == [(0, 0.5), (2, 0.25)]
    lost = pings.unanswered(some_pings(), 1000.0)
    assert lost[["seconds", "outcome"]].to_numpy().tolist() == [[1.0, "timeout"]]


def test_what_pings_tell_stands_beside_what_was_so() -> None:
    servers = [some_pings().assign(replica=name) for name in ("a", "b")]
    found = pings.told(pd.concat(servers, ignore_index=True), 1000.0)
    by_what = dict(iter(found.groupby("what")))
    assert set(by_what) == {*pings.TRUE.values(), *pings.TOLD.values()}
    assert set(by_what["requests in progress"]["replica"]) == {"all"}
    assert by_what["requests in progress"]["number"].max() == 5  # of all servers, so not twice
    told = by_what["told: running requests"]
    assert told.groupby("replica")["number"].max().to_dict() == {"a": 3, "b": 3}
    assert 1.0 not in set(told["seconds"])  # a Ping without an answer tells nothing


def some_ticks(**changes: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "burst": [0, 0, 0, 1, 2],
            "intended_epoch_seconds": 10.0,
            "began_epoch_seconds": [10.5, 11.5, 12.5, 10.1, 99.0],
            "answered_epoch_seconds": [11.0, 12.0, 13.0, 10.6, 99.0],
            "outcome": ["evaluated"] * 4 + ["error"],
        }
        | changes
    )


def test_ticks_are_told_by_how_many_were_fired_at_once() -> None:
    rows = pd.DataFrame([burst_row(3, 0, ticks=3), burst_row(1, 1, ticks=1), burst_row(3, 2, ticks=3)])
    found = ticks.shares(some_ticks(), rows, CELL)
    three = found[(found["at_once"] == 3) & (found["what"] == "answered")]
    assert list(zip(three["share"], three["seconds"], strict=True)) == [(0, 1), (0.5, 2), (1, 3)]
    assert set(three["ticks"]) == {3}
    one = found[(found["at_once"] == 1) & (found["what"] == "evaluation began")]
    assert one["seconds"].to_numpy() == pytest.approx(0.1)
    assert ticks.not_evaluated(some_ticks(), rows, CELL) == 1
    untold = ticks.shares(some_ticks(began_epoch_seconds=np.nan), rows, CELL)
    assert set(untold["what"]) == {"answered"}
    uncounted = ticks.shares(some_ticks(), rows.assign(ticks=np.nan), CELL)
    assert set(uncounted["at_once"]) == {3, 1}  # the level, then


FIXED = ScenarioRecord({"workloads": [{"workload": "io_bound", "duration": 8.0}]})
HELD = ScenarioRecord({"workloads": [{"workload": "io_bound", "duration": "auto"}]})


def test_runs_that_the_harness_holds_are_counted_by_their_starts() -> None:
    rows = pd.DataFrame(
        [
            burst_row(level, number, exec_window_seconds=2.0, launch_span_seconds=4.0)
            for number, level in enumerate([1, 2, 4] * 4)
        ]
    )
    ended = throughput(rows, cell_record(), FIXED)
    started = throughput(rows, cell_record(), HELD)
    assert ended is not None
    assert started is not None
    assert ended.points.groupby("level")["per_second"].mean().to_dict() == {1: 0.5, 2: 1, 4: 2}
    assert started.points.groupby("level")["per_second"].mean().to_dict() == {1: 0.25, 2: 0.5, 4: 1}
    assert (ended.started, started.started) == (False, True)
    assert "still rises" in ended.why_none
    spread = throughput(rows, cell_record(), ScenarioRecord(FIXED.root | {"load": {"shape": "soak"}}))
    assert spread is not None
    assert "spread over time" in spread.why_none
    assert throughput(rows.assign(launches=0, ticks=1), cell_record(), FIXED) is None
    assert throughput(rows.assign(exec_window_seconds=np.nan), cell_record(), FIXED) is None


def test_a_plateau_has_its_levels_its_interval_and_its_bursts() -> None:
    rows = pd.DataFrame(
        [
            burst_row(level, number, exec_window_seconds=window * (1 + 0.01 * (number // 3)))
            for number, (level, window) in enumerate([(1, 1.0), (4, 2.0), (8, 4.0)] * 4)
        ]
    )
    found = throughput(rows, cell_record(), FIXED)
    assert found is not None
    [plateau] = found.plateau.to_dict("records")
    assert (plateau["from_level"], plateau["to_level"], plateau["bursts"]) == (4, 8, 8)
    assert plateau["low"] < plateau["per_second"] < plateau["high"]
    assert plateau["per_second"] == pytest.approx(2.0, rel=0.03)
    assert found.why_none == ""


@pytest.mark.parametrize(
    ("workloads", "held"),
    [
        ([{"workload": "io_bound", "duration": "auto"}, {"workload": "cpu_bound", "duration": 0.0}], True),
        ([{"workload": "cpu_bound", "duration": "auto"}, {"workload": "io_bound", "duration": 0.0}], False),
        ([{"workload": "cpu_bound", "name": "io_bound", "duration": 3.0}], False),
        ([{"job": "io_bound"}], False),  # how long it lasts is its own affair
        ([{"job": "io_bound", "hold": "ops.wait.config.seconds"}], True),
        ([{"mix": [{"runs": {"workload": "io_bound", "duration": 1.0}}]}], False),
        ([{"mix": [{"runs": {"job": "one"}}, {"runs": {"workload": "io_bound"}}]}], True),
        ([], True),  # not known: the cautious side
    ],
)
def test_who_chooses_how_long_runs_last_is_told_by_the_scenario(
    workloads: list[dict[str, Any]], held: bool
) -> None:
    assert is_held(cell_record(), ScenarioRecord({"workloads": workloads})) is held


def test_the_scalability_law_is_told_where_there_are_bursts_enough() -> None:
    waits = {level: (1 + 0.05 * (level - 1) + 0.01 * level * (level - 1)) / 2 for level in (1, 2, 4, 8, 16)}
    rows = pd.DataFrame(
        [
            burst_row(level, number, exec_window_seconds=waits[level])
            for number, level in enumerate(sorted([*waits] * 2))
        ]
    )
    found = throughput(rows, cell_record(), FIXED)
    assert found is not None
    assert found.law is not None
    assert found.law.coherency.value == pytest.approx(0.01, rel=1e-3)
    assert found.law.peak_level == pytest.approx(9.75, abs=0.1)
    few = throughput(rows.iloc[::2], cell_record(), FIXED)
    assert few is not None
    assert few.law is None
