"""From what Dagster tells of runs to their lives as processes of the code server."""

import math
from collections.abc import Sequence

import pytest

from harness.sizing.instance_runs import ToldRun
from harness.sizing.run_lives import RunLife, completed, lives_of
from harness.target.run_histories import EventTimes, read_events


def told(
    number: int, job: str = "etl", status: str = "SUCCESS", tags: tuple[tuple[str, str], ...] = ()
) -> ToldRun:
    began = 1000.0 + 100 * number
    return ToldRun.model_validate(
        {
            "runId": f"run-{number}",
            "jobName": job,
            "status": status,
            "startTime": began,
            "endTime": None if status == "STARTED" else began + 30,
            "repositoryOrigin": {"repositoryLocationName": "here"},
            "tags": [{"key": key, "value": value} for key, value in tags],
        }
    )


def log(number: int, isolated: bool = False, up: float = 2.0, gone: float = 0.5) -> EventTimes:
    began = 1000.0 + 100 * number
    stages = {"starting": began - up - 1, "process_started": began - up, "process_exited": began + 30 + gone}
    return EventTimes(stages, 7, 1, "", {}, (), isolated)


def of(runs: Sequence[RunLife], number: int) -> tuple[float, float, float]:
    one = next(one for one in runs if one.run_id == f"run-{number}")
    return one.began - one.up, one.exited - one.ended, one.up - one.launched


def test_a_run_lives_from_its_process_until_that_exits() -> None:
    lives = lives_of([told(1)], {"run-1": log(1, up=1.5, gone=0.25)})
    assert of(lives.runs, 1) == pytest.approx((1.5, 0.25, 1.0))


def test_runs_whose_logs_were_not_read_have_the_median_of_those_that_were() -> None:
    logs = {f"run-{n}": log(n, up=up) for n, up in ((1, 1.0), (2, 2.0), (3, 9.0))}
    lives = lives_of([told(n) for n in range(1, 6)], logs)
    assert of(completed(lives.runs), 5) == pytest.approx((2.0, 0.5, 1.0))
    assert [one.told for one in lives.runs] == [True, True, True, False, False]


def test_a_run_that_goes_on_has_no_end() -> None:
    lives = lives_of([told(1, status="STARTED")], {})
    assert math.isinf(lives.runs[0].ended)
    assert math.isinf(lives.runs[0].exited)


def test_isolated_runs_are_left_out_and_counted() -> None:
    runs = [told(1), told(2, "heavy"), told(3, "heavy"), told(4)]
    lives = lives_of(runs, {"run-1": log(1), "run-2": log(2, isolated=True)}, never_started=2)
    assert [one.run_id for one in lives.runs] == ["run-1", "run-4"]
    assert (lives.isolated, lives.never_started) == (2, 2)


def test_the_tag_of_dagster_plus_is_believed_where_no_log_was_read() -> None:
    runs = [told(1), told(2), told(3, tags=(("dagster/isolation", "disabled"),))]
    lives = lives_of(runs, {"run-1": log(1, isolated=True)})
    assert [one.run_id for one in lives.runs] == ["run-3"]


@pytest.mark.parametrize(
    "message",
    [
        "Creating Kubernetes run worker job",
        "Creating Kubernetes run worker job in cluster 'x'",
        "[EcsRunLauncher] Launching run in ECS task",
        "Launching run in a new container 0123 with image x",
    ],
)
def test_launchers_of_isolated_runs_are_known_by_what_they_tell(message: str) -> None:
    event = {"__typename": "EngineEvent", "timestamp": "1", "message": message}
    assert read_events([event]).isolated
    assert not read_events([event | {"message": "Started process for run (pid: 7)."}]).isolated
