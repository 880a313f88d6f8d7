"""A webserver that tells of runs that are given, as Dagster's does over GraphQL."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harness.sizing.run_lives import RunLife

VERSION = "1.13.27"


class ScriptedInstance(ThreadingHTTPServer):
    """Answers for the version, pages of runs, and their event logs."""

    daemon_threads = True

    def __init__(self, runs: Sequence[RunLife], isolated: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.runs = sorted(runs, key=lambda one: -one.began)
        self.isolated = isolated
        self.ticks: dict[str, list[float]] = {}
        """Begins of evaluations, by sensor."""
        self.asked = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Data for a query."""
        self.asked += 1
        if "version" in query:
            return {"version": VERSION}
        if "query Instigators" in query:
            return {"workspaceOrError": self._workspace()}
        if "query Ticks" in query:
            return {"told": self._ticks(variables)}
        if "logsForRun" in query:
            return {"logsForRun": self._log(variables["runId"])}
        return {"runsOrError": {"__typename": "Runs", "results": self._page(variables)}}

    def _workspace(self) -> dict[str, Any]:
        sensors = [{"name": name} for name in self.ticks]
        loaded = {
            "__typename": "RepositoryLocation",
            "repositories": [{"name": "code", "sensors": sensors, "schedules": []}],
        }
        broken = {"name": "broken", "locationOrLoadError": {"__typename": "PythonError"}}
        here = {"name": "here", "locationOrLoadError": loaded}
        return {"__typename": "Workspace", "locationEntries": [here, broken]}

    def _ticks(self, variables: dict[str, Any]) -> dict[str, Any]:
        """The newest first, as Dagster's storage has them."""
        known = self.ticks[variables["selector"]["sensorName"]]
        told = sorted((at for at in known if variables["after"] < at < variables["before"]), reverse=True)
        page = [{"timestamp": at, "endTimestamp": at + 0.5} for at in told[: variables["limit"]]]
        return {"__typename": "Sensor", "state": {"ticks": page}}

    def _page(self, variables: dict[str, Any]) -> list[dict[str, Any]]:
        if "statuses" in variables["filter"]:
            return []
        known = [run.run_id for run in self.runs]
        first = known.index(variables["cursor"]) + 1 if variables["cursor"] else 0
        return [_told(run) for run in self.runs[first : first + variables["limit"]]]

    def _log(self, run_id: str) -> dict[str, Any]:
        run = next(one for one in self.runs if one.run_id == run_id)
        launcher = "Creating Kubernetes run worker job" if self.isolated else "Launching run"
        events = [
            _event("RunStartingEvent", run.launched, ""),
            _event("EngineEvent", run.launched, launcher),
            _event("EngineEvent", run.up, "Started process for run (pid: 7)."),
            _event("RunStartEvent", run.began, ""),
            _event("RunSuccessEvent", run.ended, ""),
            _event("EngineEvent", run.exited, "Process for run exited (pid: 7)."),
        ]
        return {"__typename": "EventConnection", "cursor": "end", "hasMore": False, "events": events}


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedInstance

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"data": self.server.answer(asked["query"], asked["variables"])}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output clean."""


@contextmanager
def scripted_instance(runs: Sequence[RunLife], isolated: bool = False) -> Iterator[ScriptedInstance]:
    """One that answers while the block lasts."""
    with ScriptedInstance(runs, isolated) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _told(run: RunLife) -> dict[str, Any]:
    return {
        "runId": run.run_id,
        "jobName": run.job,
        "status": run.status,
        "creationTime": run.launched,
        "startTime": run.began,
        "endTime": run.ended,
        "repositoryOrigin": {"repositoryLocationName": run.location},
        "tags": [],
    }


def _event(kind: str, at: float, message: str) -> dict[str, Any]:
    return {"__typename": kind, "timestamp": str(1000 * at), "message": message}
