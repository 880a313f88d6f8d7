import numpy as np
import pandas as pd
import pytest

from harness.experiment.oom import oom_victims
from harness.experiment.replica_totals import (
    assign_replicas,
    replica_rows,
    total_processes,
    total_samples,
)
from harness.experiment.summary import BurstTimes

MIB = 2**20


def samples(
    replica: str, at: list[float], memory: list[float], oom_kills: list[int] | None = None
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "at_epoch_seconds": at,
            "memory_bytes": memory,
            "cpu_seconds": np.linspace(0, 1, len(at)),
            "oom_kills": oom_kills or [0] * len(at),
            "replica": replica,
        }
    )


def processes(*rows: tuple[str, float, int, int, str, float, float]) -> pd.DataFrame:
    """Rows of replica, at, pid, ppid, role, created, RSS in MiB."""
    columns = ["replica", "at_epoch_seconds", "pid", "ppid", "role", "created_epoch_seconds", "rss_bytes"]
    frame = pd.DataFrame(list(rows), columns=columns)
    return frame.assign(rss_bytes=frame["rss_bytes"] * MIB, status="running", threads=1)


def runs(*rows: tuple[str, int | None, str, float | None]) -> pd.DataFrame:
    """Rows of run id, pid, status, instant of its process's first word."""
    frame = pd.DataFrame(list(rows), columns=["run_id", "pid", "status", "process_started_epoch_seconds"])
    return frame.astype({"process_started_epoch_seconds": "float64"})


def test_one_replica_is_its_own_total() -> None:
    one = samples("a", [1, 2], [10, 20])
    assert total_samples(one).equals(one.drop(columns="replica"))


def test_totals_hold_the_last_reading_of_each_replica() -> None:
    both = pd.concat([samples("a", [1.0, 2.0, 3.0], [10, 20, 30]), samples("b", [1.5, 2.5], [100, 200])])
    total = total_samples(both)
    assert total["at_epoch_seconds"].tolist() == [1.0, 2.0, 3.0]
    # before its first reading, the first stands in; after its last, the last
    assert total["memory_bytes"].tolist() == [110, 120, 230]


def test_the_peak_of_the_total_is_not_the_sum_of_peaks_that_came_apart() -> None:
    apart = pd.concat([samples("a", [1, 2, 3], [9, 1, 1]), samples("b", [1, 2, 3], [1, 1, 9])])
    assert total_samples(apart)["memory_bytes"].max() == 10


@pytest.mark.parametrize("order", [("dies", "lives"), ("lives", "dies")])
def test_a_replica_that_died_cuts_nothing_off_and_holds_no_memory(order: tuple[str, str]) -> None:
    after = [float(second) for second in range(20)]
    of = {
        "dies": samples("dies", [0.0, 1.0, 2.0], [100, 200, 300]).assign(cpu_seconds=[0.0, 3.0, 6.0]),
        "lives": samples("lives", after, [0.0] * 15 + [700.0] * 5).assign(cpu_seconds=np.linspace(0, 16, 20)),
    }
    total = total_samples(pd.concat([of[name] for name in order]))
    assert total["at_epoch_seconds"].iloc[-1] == 19.0
    assert total["memory_bytes"].max() == 700
    assert total["memory_bytes"].iloc[2] == 300
    assert total["cpu_seconds"].iloc[-1] == pytest.approx(22.0)
    walks = processes(
        *(("dies", at, 1, 0, "server", 0, 50) for at in (0.0, 1.0, 2.0)),
        *(("lives", at, 1, 0, "server", 0, 50) for at in after),
    )
    walks = pd.concat([walks[walks["replica"] == name] for name in order])
    counted = total_processes(walks).groupby("at_epoch_seconds").size()
    assert counted.loc[2.0] == 2
    assert counted.loc[19.0] == 1


def test_processes_count_once_per_walk_of_the_first_replica() -> None:
    table = processes(
        ("a", 1.0, 1, 0, "server", 0, 50),
        ("b", 0.9, 1, 0, "server", 0, 50),
        ("b", 0.9, 7, 1, "run", 0.5, 90),
        ("a", 2.0, 1, 0, "server", 0, 50),
        ("b", 1.9, 1, 0, "server", 0, 50),
    )
    total = total_processes(table)
    assert total.groupby("at_epoch_seconds").size().to_dict() == {1.0: 3, 2.0: 2}


def test_runs_are_matched_with_processes_by_pid_and_time_though_pids_recur() -> None:
    table = processes(
        ("a", 5.0, 20, 1, "run", 1.0, 90),
        ("b", 5.0, 20, 1, "run", 2.0, 90),
        ("b", 5.0, 21, 1, "run", 2.1, 90),
    )
    told = runs(("r2", 20, "SUCCESS", 4.0), ("r1", 20, "SUCCESS", 3.1), ("r3", 21, "SUCCESS", 4.2))
    assigned = assign_replicas(told, table, ("a", "b")).set_index("run_id")["replica"]
    assert assigned.to_dict() == {"r1": "a", "r2": "b", "r3": "b"}


def test_pss_of_two_replicas_is_added_although_no_instant_has_both() -> None:
    table = processes(
        ("a", 1.0, 1, 0, "server", 0, 60),
        ("b", 1.0, 1, 0, "server", 0, 60),
        ("a", 2.0, 1, 0, "server", 0, 60),
        ("b", 2.0, 1, 0, "server", 0, 60),
        ("b", 2.0, 20, 1, "run", 2.0, 60),
    ).assign(pss_bytes=[50.0, np.nan, np.nan, 40.0, 30.0], uss_bytes=np.nan)
    sums = total_processes(table).groupby("at_epoch_seconds")["pss_bytes"].sum()
    assert sums.to_dict() == {1.0: 50.0, 2.0: 120.0}
    assert total_processes(table)["uss_bytes"].isna().all()


def test_a_run_whose_process_was_never_seen_is_given_to_nobody() -> None:
    table = processes(("a", 5.0, 20, 1, "run", 1.0, 90))
    told = runs(("r1", 20, "SUCCESS", 3.0), ("r2", 33, "SUCCESS", 3.0), ("r3", None, "FAILURE", None))
    assigned = assign_replicas(told, table, ("a", "b")).set_index("run_id")["replica"]
    assert assigned.to_dict() == {"r1": "a", "r2": "", "r3": ""}


def test_with_one_replica_every_run_is_its_own() -> None:
    told = runs(("r1", None, "FAILURE", None))
    assert assign_replicas(told, processes(), ("server",))["replica"].tolist() == ["server"]


def test_each_replica_gets_its_row_even_without_runs() -> None:
    columns = ["usage_bytes", "working_set_bytes", "throttled_seconds"]
    both = pd.concat([samples("a", [1, 2, 3], [9, 9, 9]), samples("b", [1, 2, 3], [5, 5, 5])])
    both = both.assign(**dict.fromkeys(columns, 0.0))
    table = processes(("a", 2.5, 1, 0, "server", 0, 50), ("a", 2.5, 20, 1, "run", 2.2, 90))
    table = table.assign(pss_bytes=1.0, uss_bytes=1.0)
    told = runs(("r1", 20, "SUCCESS", 2.4)).assign(replica="a")
    rows = {r["replica"]: r for r in replica_rows(both, table, told, ("a", "b"), BurstTimes(1, 2, 3))}
    assert (rows["a"]["runs"], rows["a"]["run_processes"], rows["b"]["runs"]) == (1, 1, 0)
    assert rows["b"]["memory_peak_bytes"] == 5


def killed(kills: int) -> pd.DataFrame:
    return samples("a", [1, 2, 3], [1, 1, 1], [2, 2, 2 + kills])


def test_the_victim_is_the_run_that_vanished_without_success() -> None:
    table = processes(
        ("a", 1.0, 1, 0, "server", 0, 60),
        ("a", 1.0, 20, 1, "run", 0, 400),
        ("a", 1.0, 21, 1, "run", 0, 300),
        ("a", 1.0, 22, 1, "run", 0, 500),
        ("a", 3.0, 1, 0, "server", 0, 60),
        ("a", 3.0, 22, 1, "run", 0, 500),
    )
    told = runs(
        ("11111111-x", 20, "FAILURE", 0.5), ("22222222-x", 21, "SUCCESS", 0.5), ("3333", 22, "STARTED", 0.5)
    ).assign(replica="a")
    assert oom_victims(killed(1), table, told) == ["run 11111111, pid 20, 400 MiB RSS"]


def test_no_more_victims_than_kills_and_none_without() -> None:
    table = processes(
        ("a", 1.0, 20, 1, "run", 0, 400),
        ("a", 1.0, 30, 20, "step", 0, 500),
        ("a", 3.0, 1, 0, "server", 0, 60),
    )
    told = runs(("11111111-x", 20, "STARTED", 0.5)).assign(replica="a")
    assert oom_victims(killed(1), table, told) == ["a step of run 11111111, pid 30, 500 MiB RSS"]
    assert oom_victims(killed(0), table, told) == []
