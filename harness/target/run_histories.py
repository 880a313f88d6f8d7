"""What became of the runs of a burst, as Dagster tells it over GraphQL.

Only fields are asked for that Dagster 1.8 to 1.13 share. `creationTime` is whole seconds in 1.8; the event
log has milliseconds in every version, as strings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from harness.target.first_cause import ERROR_FIELDS, first_cause, with_fix
from harness.target.graphql import GraphQLClient, GraphQLError, NotGraphQLError

TERMINAL = frozenset({"SUCCESS", "FAILURE", "CANCELED"})
"""Statuses that a run never leaves."""

BEGUN = ("STARTING", "STARTED", "CANCELING")
"""Statuses of a run that its code server may be at work for."""

RUNS_PER_PAGE = 100
EVENTS_PER_PAGE = 1000

_STATUSES = """
query Statuses($filter: RunsFilter!, $cursor: String, $limit: Int!) {
  runsOrError(filter: $filter, cursor: $cursor, limit: $limit) {
    __typename
    ... on Runs { results { runId status } }
    ... on InvalidPipelineRunsFilterError { message }
    ... on PythonError { message }
  }
}
"""

_RUNS = """
query Runs($filter: RunsFilter!, $cursor: String, $limit: Int!) {
  runsOrError(filter: $filter, cursor: $cursor, limit: $limit) {
    __typename
    ... on Runs { results { runId jobName status creationTime startTime endTime } }
    ... on InvalidPipelineRunsFilterError { message }
    ... on PythonError { message }
  }
}
"""

_EVENTS = f"""
query Events($runId: ID!, $cursor: String, $limit: Int!) {{
  logsForRun(runId: $runId, afterCursor: $cursor, limit: $limit) {{
    __typename
    ... on EventConnection {{
      cursor
      hasMore
      events {{
        __typename
        ... on MessageEvent {{ timestamp message }}
        ... on StepEvent {{ stepKey }}
        ... on ErrorEvent {{ error {{ {ERROR_FIELDS} }} }}
        ... on StepWorkerStartedEvent {{ metadataEntries {{ label ... on TextMetadataEntry {{ text }} }} }}
        ... on MaterializationEvent {{
          metadataEntries {{
            label
            ... on FloatMetadataEntry {{ floatValue }}
            ... on IntMetadataEntry {{ intValue }}
          }}
        }}
      }}
    }}
    ... on RunNotFoundError {{ message }}
    ... on PythonError {{ message }}
  }}
}}
"""

_STAGE_OF_EVENT = {
    "RunEnqueuedEvent": "enqueued",
    "RunDequeuedEvent": "dequeued",
    "RunStartingEvent": "starting",
    "RunStartEvent": "run_start",
    "RunSuccessEvent": "run_end",
    "RunFailureEvent": "run_end",
    "RunCanceledEvent": "run_end",
}
_STEP_START = "ExecutionStepStartEvent"
_STEP_FAILURE = "ExecutionStepFailureEvent"
_STEP_ENDS = (_STEP_FAILURE, "ExecutionStepSuccessEvent", "ExecutionStepUpForRetryEvent")
_STEP_PROCESS = "StepWorkerStartedEvent"
"""Only of steps that have a process of their own, which tells its pid."""
_RUN_FAILURE = "RunFailureEvent"
_PROCESS_STARTED = re.compile(r"Started process for run \(pid: (\d+)\)")
_PROCESS_EXITED = re.compile(r"Process for run exited \(pid: \d+\)")
_ELSEWHERE = re.compile(
    r"Creating Kubernetes run worker job|Launching run in ECS task|Launching run in a new container"
)
"""What the launchers of isolated runs tell: such a run is no process of the code server."""


@dataclass(frozen=True)
class StepHistory:
    """One attempt of a step: where it ran, and from when to when."""

    step: str
    """Its key."""
    pid: int | None
    """Its own process; None where it ran in that of its run."""
    began_epoch_seconds: float
    """Its process came up, or else the step started."""
    ended_epoch_seconds: float | None


@dataclass(frozen=True)
class RunHistory:
    """One run: how it ended and when each stage was reached; None for a stage it did not reach.

    `created`, `started` and `ended` are the run record's own; the others come from the event log.
    """

    run_id: str
    job: str
    status: str
    pid: int | None
    """Process of the run, as its code server named it."""
    steps: int
    """Steps that started."""
    failure: str
    """The step that failed first and its exception, or why the run itself failed; empty where nothing did."""
    metadata: str
    """JSON object of the numbers that the run's materializations report; empty where there are none."""
    created_epoch_seconds: float | None
    started_epoch_seconds: float | None
    ended_epoch_seconds: float | None
    enqueued_epoch_seconds: float | None
    dequeued_epoch_seconds: float | None
    starting_epoch_seconds: float | None
    process_started_epoch_seconds: float | None
    run_start_epoch_seconds: float | None
    run_end_epoch_seconds: float | None
    process_exited_epoch_seconds: float | None
    attempts: tuple[StepHistory, ...] = ()
    """Of its steps, in the order in which they began."""


@dataclass(frozen=True)
class EventTimes:
    """What the event log of one run says."""

    stages: dict[str, float]
    """First instant of each stage, in epoch seconds."""
    pid: int | None
    steps: int
    failure: str
    numbers: dict[str, float]
    """What materializations report, by label; the last one counts."""
    attempts: tuple[StepHistory, ...]
    isolated: bool = False
    """Whether the run was given a container of its own."""


def run_histories(client: GraphQLClient, tag: tuple[str, str]) -> list[RunHistory]:
    """Histories of all runs that carry `tag` (key, value), oldest first.

    Raises:
        GraphQLError: the webserver did not answer, or not with runs.
    """
    return [_history(client, run) for run in reversed(list(_tagged(client, _RUNS, tag)))]


def run_statuses(client: GraphQLClient, tag: tuple[str, str]) -> dict[str, str]:
    """Status of every run that carries `tag` (key, value), by run id; cheap enough to poll.

    Raises:
        GraphQLError: the webserver did not answer, or not with runs.
    """
    return {run["runId"]: run["status"] for run in _tagged(client, _STATUSES, tag)}


def runs_in_progress(client: GraphQLClient) -> int:
    """How many runs of the whole deployment have begun and not ended, up to a page of them.

    Raises:
        GraphQLError: the webserver did not answer, or not with runs.
    """
    variables = {"filter": {"statuses": list(BEGUN)}, "cursor": None, "limit": RUNS_PER_PAGE}
    answer = client.execute(_STATUSES, variables)["runsOrError"]
    return len(_expect(answer, "Runs")["results"])


def event_times(client: GraphQLClient, run_id: str) -> EventTimes:
    """What the event log of one run says.

    Raises:
        GraphQLError: the webserver did not answer, or not with events.
    """
    return read_events(list(_events(client, run_id)))


def read_events(events: list[dict[str, Any]]) -> EventTimes:
    """Stage times, process id, started steps, failure and reported numbers from the events of one run."""
    stages: dict[str, float] = {}
    numbers: dict[str, float] = {}
    pid: int | None = None
    steps = 0
    failures: list[str] = []
    isolated = False
    for event in events:
        stage = _STAGE_OF_EVENT.get(event["__typename"])
        if event["__typename"] == _STEP_START:
            steps += 1
        elif event["__typename"] in (_STEP_FAILURE, _RUN_FAILURE):
            failures.append(_failure(event))
        elif event["__typename"] == "MaterializationEvent":
            numbers |= _numbers(event.get("metadataEntries") or [])
        elif event["__typename"] == "EngineEvent":
            message = event["message"] or ""
            if started := _PROCESS_STARTED.search(message):
                stage, pid = "process_started", int(started[1])
            elif _PROCESS_EXITED.search(message):
                stage = "process_exited"
            isolated = isolated or bool(_ELSEWHERE.search(message))
        if stage is not None:
            stages.setdefault(stage, float(event["timestamp"]) / 1000)
    failure = failures[0] if failures else ""
    return EventTimes(stages, pid, steps, failure, numbers, _attempts(events), isolated)


def _attempts(events: list[dict[str, Any]]) -> tuple[StepHistory, ...]:
    """Attempts of steps: a step that is tried again begins a new one."""
    found: dict[str, list[StepHistory]] = {}
    for event in events:
        kind, step = event["__typename"], event.get("stepKey")
        if not step or kind not in (_STEP_PROCESS, _STEP_START, *_STEP_ENDS):
            continue
        at = float(event["timestamp"]) / 1000
        of_step = found.setdefault(step, [])
        is_open = bool(of_step) and of_step[-1].ended_epoch_seconds is None
        if kind == _STEP_PROCESS:
            of_step.append(StepHistory(step, _told_pid(event), at, None))
        elif kind == _STEP_START and not is_open:
            of_step.append(StepHistory(step, None, at, None))
        elif kind in _STEP_ENDS and is_open:
            of_step[-1] = replace(of_step[-1], ended_epoch_seconds=at)
    flat = [one for of_step in found.values() for one in of_step]
    return tuple(sorted(flat, key=lambda one: one.began_epoch_seconds))


def _told_pid(event: dict[str, Any]) -> int | None:
    told = {one["label"]: one.get("text") or "" for one in event.get("metadataEntries") or ()}
    return int(told["pid"]) if told.get("pid", "").isdecimal() else None


def _failure(event: dict[str, Any]) -> str:
    why = first_cause(event["error"]) if event.get("error") else with_fix(event.get("message") or "")
    return f"step {event['stepKey']}: {why}" if event.get("stepKey") else why


def _numbers(entries: list[dict[str, Any]]) -> dict[str, float]:
    values = {entry["label"]: entry.get("floatValue", entry.get("intValue")) for entry in entries}
    return {label: float(value) for label, value in values.items() if value is not None}


def _history(client: GraphQLClient, run: dict[str, Any]) -> RunHistory:
    times = event_times(client, run["runId"])
    return RunHistory(
        run_id=run["runId"],
        job=run["jobName"],
        status=run["status"],
        pid=times.pid,
        steps=times.steps,
        failure=times.failure,
        metadata=json.dumps(times.numbers) if times.numbers else "",
        created_epoch_seconds=run["creationTime"],
        started_epoch_seconds=run["startTime"],
        ended_epoch_seconds=run["endTime"],
        enqueued_epoch_seconds=times.stages.get("enqueued"),
        dequeued_epoch_seconds=times.stages.get("dequeued"),
        starting_epoch_seconds=times.stages.get("starting"),
        process_started_epoch_seconds=times.stages.get("process_started"),
        run_start_epoch_seconds=times.stages.get("run_start"),
        run_end_epoch_seconds=times.stages.get("run_end"),
        process_exited_epoch_seconds=times.stages.get("process_exited"),
        attempts=times.attempts,
    )


def _tagged(client: GraphQLClient, document: str, tag: tuple[str, str]) -> Iterator[dict[str, Any]]:
    """All runs with `tag`, newest first, page by page; the cursor is the last run id of a page."""
    variables: dict[str, Any] = {
        "filter": {"tags": [{"key": tag[0], "value": tag[1]}]},
        "cursor": None,
        "limit": RUNS_PER_PAGE,
    }
    while True:
        answer = client.execute(document, variables)["runsOrError"]
        page = _expect(answer, "Runs")["results"]
        yield from page
        if len(page) < RUNS_PER_PAGE:
            return
        variables["cursor"] = page[-1]["runId"]


def _events(client: GraphQLClient, run_id: str) -> Iterator[dict[str, Any]]:
    variables: dict[str, Any] = {"runId": run_id, "cursor": None, "limit": EVENTS_PER_PAGE}
    while True:
        page = _expect(client.execute(_EVENTS, variables)["logsForRun"], "EventConnection")
        yield from page["events"]
        if not page["hasMore"]:
            return
        if not page["events"]:
            raise NotGraphQLError(f"run {run_id}: more events are promised, and none come")
        variables["cursor"] = page["cursor"]


def _expect(answer: dict[str, Any], kind: str) -> dict[str, Any]:
    if answer["__typename"] != kind:
        raise GraphQLError(f"{answer['__typename']}: {answer.get('message', 'no message')}")
    return answer
