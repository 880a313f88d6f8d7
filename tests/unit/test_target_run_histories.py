"""Recorded answers of two versions, served over real HTTP the way the webserver pages them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.target import run_histories as histories
from harness.target.graphql import GraphQLClient, GraphQLError
from harness.target.run_histories import TERMINAL, read_events, run_histories, run_statuses

RECORDED = Path(__file__).parents[1] / "fixtures" / "histories"
TAG = ("burst", "t1")


class Webserver(ThreadingHTTPServer):
    """Answers `runsOrError` and `logsForRun` from a recording, page by page."""

    def __init__(self, recording: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.recording = recording
        self.requests = 0

    def answer(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        self.requests += 1
        limit = variables["limit"]
        if "logsForRun" in query:
            return {"logsForRun": self._events(variables["runId"], variables["cursor"], limit)}
        runs = self.recording["runs"]
        ids = [run["runId"] for run in runs]
        first = ids.index(variables["cursor"]) + 1 if variables["cursor"] else 0
        wanted = [{"key": TAG[0], "value": TAG[1]}]
        found = runs[first : first + limit] if variables["filter"]["tags"] == wanted else []
        return {"runsOrError": {"__typename": "Runs", "results": found}}

    def _events(self, run_id: str, cursor: str | None, limit: int) -> dict[str, Any]:
        events = self.recording["events"].get(run_id)
        if events is None:
            return {"__typename": "RunNotFoundError", "message": f"Run {run_id} could not be found."}
        end = int(cursor or 0) + limit
        return {
            "__typename": "EventConnection",
            "events": events[int(cursor or 0) : end],
            "cursor": str(end),
            "hasMore": end < len(events),
        }


class Handler(BaseHTTPRequestHandler):
    server: Webserver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = json.dumps({"data": self.server.answer(body["query"], body["variables"])}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output clean."""


def recording(version: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RECORDED / f"dagster-{version}.json").read_text("utf-8"))
    return content


@pytest.fixture(params=["1.8.13", "1.13.27"])
def webserver(request: pytest.FixtureRequest) -> Iterator[Webserver]:
    with Webserver(recording(request.param)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(webserver: Webserver) -> Iterator[GraphQLClient]:
    client = GraphQLClient(f"http://127.0.0.1:{webserver.server_address[1]}/graphql")
    yield client
    client.close()


def test_histories_tell_how_each_run_went(client: GraphQLClient) -> None:
    by_job = {run.job: run for run in run_histories(client, TAG)}
    assert {job: run.status for job, run in by_job.items()} == {
        "j": "SUCCESS",
        "m": "SUCCESS",
        "f": "FAILURE",
    }
    assert {job: run.steps for job, run in by_job.items()} == {"j": 1, "m": 2, "f": 1}
    for run in by_job.values():
        assert run.pid is not None
        assert run.created_epoch_seconds is not None
        stages = (
            run.starting_epoch_seconds,
            run.process_started_epoch_seconds,
            run.run_start_epoch_seconds,
            run.run_end_epoch_seconds,
            run.process_exited_epoch_seconds,
        )
        times = [stage for stage in stages if stage is not None]
        assert len(times) == len(stages)
        assert times == sorted(times)


def test_runs_come_oldest_first(client: GraphQLClient) -> None:
    assert [run.job for run in run_histories(client, TAG)] == ["j", "m", "f"]


def test_pages_add_up_to_the_whole(client: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, statuses = run_histories(client, TAG), run_statuses(client, TAG)
    for runs_per_page in (1, 2, 3):
        monkeypatch.setattr(histories, "RUNS_PER_PAGE", runs_per_page)
        monkeypatch.setattr(histories, "EVENTS_PER_PAGE", 4)
        assert run_histories(client, TAG) == whole
        assert run_statuses(client, TAG) == statuses


def test_statuses_take_one_request_and_only_the_tag(client: GraphQLClient, webserver: Webserver) -> None:
    statuses = run_statuses(client, TAG)
    assert sorted(statuses.values()) == ["FAILURE", "SUCCESS", "SUCCESS"]
    assert set(statuses.values()) <= TERMINAL
    assert webserver.requests == 1
    assert run_statuses(client, ("burst", "other")) == {}


def test_an_answer_that_is_no_history_is_an_error(client: GraphQLClient, webserver: Webserver) -> None:
    lost = webserver.recording["runs"][0]["runId"]
    del webserver.recording["events"][lost]
    with pytest.raises(GraphQLError, match=f"RunNotFoundError: Run {lost}"):
        run_histories(client, TAG)


def test_a_queued_run_tells_when_it_was_enqueued() -> None:
    for events in recording("1.8.13")["events"].values():
        stages = read_events(events).stages
        assert stages["enqueued"] < stages["starting"]
    for events in recording("1.13.27")["events"].values():
        assert "enqueued" not in read_events(events).stages  # recorded without a queue


def test_stages_a_run_did_not_reach_are_absent() -> None:
    times = read_events(
        [
            {"__typename": "RunStartingEvent", "timestamp": "1700000000250", "message": ""},
            {"__typename": "EngineEvent", "timestamp": "1700000001000", "message": None},
            {"__typename": "RunCanceledEvent", "timestamp": "1700000002500", "message": "x"},
        ]
    )
    assert times.stages == {"starting": 1700000000.25, "run_end": 1700000002.5}
    assert (times.pid, times.steps) == (None, 0)


def test_the_first_of_several_ends_counts() -> None:
    end = {"__typename": "RunFailureEvent", "timestamp": "2000", "message": ""}
    assert read_events([end, end | {"timestamp": "5000"}]).stages == {"run_end": 2.0}


def event(kind: str, second: int, step: str, **more: Any) -> dict[str, Any]:
    at = f"17000000{second:02}000"
    return {"__typename": kind, "timestamp": at, "message": "", "stepKey": step} | more


def test_each_attempt_of_a_step_tells_where_and_when_it_ran() -> None:
    pid = {"metadataEntries": [{"label": "pid", "text": "77"}]}
    attempts = read_events(
        [
            event("StepWorkerStartedEvent", 1, "a", **pid),
            event("ExecutionStepStartEvent", 2, "a"),
            event("ExecutionStepStartEvent", 3, "b"),
            event("ExecutionStepUpForRetryEvent", 4, "b"),
            event("ExecutionStepSuccessEvent", 5, "a"),
            event("ExecutionStepStartEvent", 6, "b"),
        ]
    ).attempts
    told = [(one.step, one.pid, one.began_epoch_seconds, one.ended_epoch_seconds) for one in attempts]
    start = 1700000000
    assert told == [
        ("a", 77, start + 1, start + 5),
        ("b", None, start + 3, start + 4),
        ("b", None, start + 6, None),
    ]
