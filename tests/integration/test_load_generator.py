"""The generator with a real Locust; only the webserver is a stand-in, and it is not what is measured."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from typing import Any

import psutil
import pytest

from harness.errors import ExperimentError
from harness.load.generator import LoadGenerator, LoadPlan, LoadReport
from harness.load.requests import Request
from tests.launch_server import RunningServer, running_server

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

READY = 60.0
PARENT = """
import sys, time
from harness.load.generator import LoadGenerator, LoadPlan
from harness.load.requests import Request
with LoadGenerator() as generator:
    requests = (Request("launch", {"params": {}}),) * 4
    generator.prepare(LoadPlan(sys.argv[1], requests, (0.0,) * 4, 30.0, processes=2))
    generator.wait_ready(60)
    print("ready", flush=True)
    time.sleep(600)
"""


def plan(url: str, launches: list[dict[str, Any]], **changes: Any) -> LoadPlan:
    numbered = tuple(
        Request("launch", {"params": {"number": i} | params}) for i, params in enumerate(launches)
    )
    values: dict[str, Any] = {"offsets": (0.0,) * len(launches), "timeout_seconds": 30.0}
    return LoadPlan(url=url, requests=numbered, **(values | changes))


def fire(planned: LoadPlan, ahead: float = 0.3) -> tuple[LoadReport, float]:
    with LoadGenerator() as generator:
        generator.prepare(planned)
        generator.wait_ready(READY)
        released = time.time() + ahead
        generator.release(released)
        return generator.finished(planned.timeout_seconds), released


def locusts() -> list[psutil.Process]:
    return [p for p in psutil.Process().children(recursive=True) if "locust" in p.cmdline()]


@pytest.fixture
def server() -> Any:
    with running_server() as running:
        yield running


@pytest.mark.parametrize("processes", [1, 2])
def test_users_connect_before_the_release_and_launch_exactly_once(
    server: RunningServer, processes: int
) -> None:
    report, released = fire(plan(server.url, [{}] * 10, processes=processes))
    events = server.stop()

    opened = [event for event in events if event["kind"] == "open"]
    posted = [event for event in events if event["kind"] == "post"]
    assert len(opened) == 10
    assert all(event["at"] < released for event in opened)
    assert all(event["at"] >= released for event in posted)
    assert sorted(event["number"] for event in posted) == list(range(10))
    assert {event["connection"] for event in posted} == {event["connection"] for event in opened}

    assert [launch.index for launch in report.sent] == list(range(10))
    for launch in report.sent:
        assert (launch.outcome, launch.http_status, launch.message) == ("launched", 200, "")
        assert launch.run_id == f"run-{launch.index}"
        assert launch.intended_epoch_seconds == released
        assert released <= launch.sent_epoch_seconds <= launch.answered_epoch_seconds
    assert report.lateness == max(launch.sent_epoch_seconds for launch in report.sent) - released
    assert report.cpu_fraction >= 0
    assert report.processes == processes
    workers = [launch.worker_index for launch in report.sent]
    assert workers == [index % processes for index in range(10)]


def test_launches_keep_to_their_offsets(server: RunningServer) -> None:
    offsets = (0.0, 0.2, 0.5)
    report, released = fire(plan(server.url, [{}] * 3, offsets=offsets))
    arrived = {event["number"]: event["at"] for event in server.stop() if event["kind"] == "post"}
    for launch, offset in zip(report.sent, offsets, strict=True):
        assert launch.intended_epoch_seconds == released + offset
        assert arrived[launch.index] >= launch.intended_epoch_seconds


def test_a_slow_server_does_not_hold_the_load_up(server: RunningServer) -> None:
    # The server answers nobody before all have asked: a closed loop would never get an answer.
    held = [{"behave": "hold", "together": 6}] * 6
    report, _ = fire(plan(server.url, held, offsets=(0.0, 0.1, 0.1, 0.2, 0.2, 0.3)))
    assert [launch.outcome for launch in report.sent] == ["launched"] * 6


def test_each_outcome_is_told_apart_and_nothing_is_sent_twice(server: RunningServer) -> None:
    expected = {
        "launch": ("launched", 200),
        "refuse": ("refused", 200),
        "python-error": ("error", 200),
        "graphql-error": ("error", 400),
        "not-json": ("error", 502),
        "hang-up": ("error", 0),
        "silent": ("timeout", 0),
    }
    report, _ = fire(plan(server.url, [{"behave": name} for name in expected], timeout_seconds=1.5))
    assert [(launch.outcome, launch.http_status) for launch in report.sent] == list(expected.values())
    by_name = dict(zip(expected, report.sent, strict=True))
    assert by_name["refuse"].message == 'RunConfigValidationInvalid: Missing entry "ops" at root.'
    assert by_name["graphql-error"].message == "GraphQL: Cannot query field x"
    assert by_name["silent"].message == "no answer within 1.5s"
    assert math.isnan(by_name["silent"].answered_epoch_seconds)
    assert all(launch.message for launch in report.sent if launch.outcome != "launched")
    posted = [event["number"] for event in server.stop() if event["kind"] == "post"]
    assert sorted(posted) == list(range(len(expected)))


def test_a_late_launch_finds_its_connection_fresh() -> None:
    with running_server(idle_seconds=1.5) as server:
        report, released = fire(plan(server.url, [{}] * 2, offsets=(0.0, 4.0)))
        events = server.stop()
    last = next(event for event in events if event["kind"] == "post" and event["number"] == 1)
    opened = next(e for e in events if e["kind"] == "open" and e["connection"] == last["connection"])
    assert released < opened["at"] < released + 4.0 <= last["at"]
    assert report.sent[1].outcome == "launched"


def test_a_generator_that_is_behind_its_schedule_says_so(server: RunningServer) -> None:
    report, _ = fire(plan(server.url, [{}] * 2), ahead=-1.0)
    assert report.lateness >= 1.0
    assert report.saturated


def test_no_webserver_is_found_out_before_anything_is_fired(server: RunningServer) -> None:
    server.stop()
    with LoadGenerator() as generator:
        generator.prepare(plan(server.url, [{}] * 3))
        with pytest.raises(ExperimentError, match=f"cannot connect to {server.url}: .*refused"):
            generator.wait_ready(READY)


def test_a_webserver_that_dies_before_the_release_makes_errors(server: RunningServer) -> None:
    with LoadGenerator() as generator:
        generator.prepare(plan(server.url, [{}] * 3))
        generator.wait_ready(READY)
        server.stop()
        generator.release(time.time())
        report = generator.finished(10)
    assert [launch.outcome for launch in report.sent] == ["error"] * 3
    assert all(launch.run_id is None and launch.message for launch in report.sent)


@pytest.mark.parametrize("processes", [1, 2])
def test_closing_leaves_no_process_and_closing_twice_is_fine(server: RunningServer, processes: int) -> None:
    generator = LoadGenerator()
    generator.prepare(plan(server.url, [{}] * 2, processes=processes))
    generator.wait_ready(READY)
    found = locusts()
    assert len(found) == (1 if processes == 1 else 3)
    assert all(os.getsid(process.pid) != os.getsid(0) for process in found)  # Ctrl-C does not reach it
    generator.close()
    assert not [process for process in found if process.is_running()]
    generator.close()


def test_closing_while_locust_starts_leaves_no_process(server: RunningServer) -> None:
    with LoadGenerator() as generator:
        generator.prepare(plan(server.url, [{}] * 2))
        found = psutil.Process().children(recursive=True)
    server.stop()
    assert found
    assert not [process for process in found if process.is_running()]


def test_a_locust_that_dies_is_reported_not_waited_for(server: RunningServer) -> None:
    with LoadGenerator() as generator:
        generator.prepare(plan(server.url, [{"behave": "silent"}] * 2))
        generator.wait_ready(READY)
        generator.release(time.time())
        locusts()[0].kill()
        with pytest.raises(ExperimentError, match="ended with exit code -9"):
            generator.finished(60)


def test_a_missing_report_is_a_time_out(server: RunningServer) -> None:
    with LoadGenerator() as generator:
        generator.prepare(plan(server.url, [{}, {"behave": "silent"}]))
        generator.wait_ready(READY)
        generator.release(time.time())
        with pytest.raises(ExperimentError, match="reported 1 of 2 requests"):
            generator.finished(0)


def test_killing_the_harness_ends_locust_and_its_workers(server: RunningServer) -> None:
    command = [sys.executable, "-c", PARENT, server.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        orphans = psutil.Process(parent.pid).children(recursive=True)
        assert len(orphans) == 3  # a master and two workers
        parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(orphans, timeout=30)
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]
