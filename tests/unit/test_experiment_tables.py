"""Raw tables: the same columns whatever happened."""

import json
import math

import pandas as pd

from harness.experiment.summary import BurstTimes, summarise_pings, summarise_ticks
from harness.experiment.tables import launches_frame, pings_frame, runs_frame, ticks_frame
from harness.load.generator import Sent
from harness.load.requests import Kind
from harness.observe.pings import no_pings

TIMES = BurstTimes(idle_from=9.0, released=10.0, drained=20.0)


def sent(
    kind: Kind, index: int = 0, answered: float = 12.0, message: str = "", outcome: str = "evaluated"
) -> Sent:
    return Sent(index, kind, 10.0, 10.0, answered, None, outcome, message, 200, 0)  # type: ignore[arg-type]


def evaluation(began: float, ended: float) -> str:
    return json.dumps({"began_epoch_seconds": began, "ended_epoch_seconds": ended, "pid": 7, "thread": 8})


def test_launches_and_ticks_go_to_tables_of_their_own() -> None:
    fired = [
        sent("launch", 0, outcome="launched"),
        sent("sensor", 1, message=evaluation(10.5, 11.0)),
        sent("schedule", 2),
    ]
    launches, ticks = launches_frame(fired), ticks_frame(fired)
    assert list(launches["index"]) == [0]
    assert list(ticks["index"]) == [1, 2]
    assert list(ticks["thread"].dropna()) == [8.0]
    assert list(launches_frame([])) == list(launches)
    assert list(ticks_frame([])) == list(ticks)


def test_ticks_at_once_are_counted_inside_the_server_where_they_tell_of_it() -> None:
    told = ticks_frame(
        [sent("sensor", 0, message=evaluation(10.0, 11.0)), sent("sensor", 1, message=evaluation(11.0, 12.0))]
    )
    assert summarise_ticks(told, TIMES)["tick_concurrency_peak"] == 1
    untold = ticks_frame([sent("sensor", 0), sent("sensor", 1)])
    row = summarise_ticks(untold, TIMES)
    assert row["tick_concurrency_peak"] == 2
    assert (row["ticks"], row["ticks_evaluated"], row["tick_seconds_max"], row["tick_span_seconds"]) == (
        2,
        2,
        2.0,
        2.0,
    )


def test_no_ticks_at_all() -> None:
    row = summarise_ticks(ticks_frame([]), TIMES)
    assert (row["ticks"], row["ticks_evaluated"], row["tick_concurrency_peak"]) == (0, 0, 0)


def test_pings_stand_beside_the_truth() -> None:
    pings = pd.DataFrame({"sent_epoch_seconds": [9.0, 10.5, 11.5, 13.0]})
    runs = pd.DataFrame(
        {"process_started_epoch_seconds": [11.0, None], "process_exited_epoch_seconds": [None, None]}
    )
    launches = launches_frame([sent("launch", 0, answered=11.0, outcome="launched")])
    ticks = ticks_frame([sent("sensor", 1, answered=float("nan"), outcome="timeout")])
    table = pings_frame(pings, runs, launches, ticks)
    assert list(table["requests_in_progress"]) == [0, 2, 1, 1]
    assert list(table["runs_in_progress"]) == [0, 0, 1, 1]


def test_pings_are_told_by_the_slowest_and_the_fullest() -> None:
    pings = pd.DataFrame(
        {
            "sent_epoch_seconds": [9.0, 10.0, 14.0],
            "answered_epoch_seconds": [9.1, 13.0, float("nan")],
            "outcome": ["ok", "ok", "timeout"],
            "num_running_requests": [1.0, 4.0, float("nan")],
            "num_queued_requests": [0.0, 12.0, float("nan")],
        }
    )
    row = summarise_pings(pings)
    assert (row["pings"], row["pings_answered"], row["ping_seconds_max"]) == (3, 2, 3.0)
    assert (row["requests_running_max"], row["requests_queued_max"]) == (4.0, 12.0)


def test_no_pings_tell_nothing() -> None:
    row = summarise_pings(no_pings())
    assert (row["pings"], row["pings_answered"]) == (0, 0)
    assert math.isnan(row["ping_seconds_max"])
    assert math.isnan(row["requests_queued_max"])


def test_no_pings_and_no_runs() -> None:
    assert pings_frame(no_pings(), runs_frame([]), launches_frame([]), ticks_frame([])).empty
