"""What a webserver's answer to a launch or a tick means. Pure, and light enough for the Locust process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from harness.load.requests import FIELDS, Kind
from harness.target.first_cause import first_cause, one_line, with_fix

Outcome = Literal["launched", "evaluated", "refused", "error", "timeout"]


@dataclass(frozen=True)
class Answer:
    """Outcome of one request.

    `launched`: there is a run. `evaluated`: the tick was, and `message` is its skip reason. `refused`:
    Dagster checked the request and declined it. `error`: something failed on the way (HTTP, GraphQL, or
    Dagster while launching; a run may exist all the same). `timeout`: no answer in time; a run may exist all
    the same.
    """

    outcome: Outcome
    run_id: str | None = None
    message: str = ""


def read_answer(kind: Kind, status: int, body: bytes) -> Answer:
    """Outcome of an answer with HTTP status `status`."""
    try:
        document = json.loads(body)
    except ValueError:
        return Answer("error", message=f"HTTP {status}: the answer is not JSON: {one_line(body[:200])}")
    if not isinstance(document, dict):
        return Answer("error", message=f"HTTP {status}: the answer is not a GraphQL answer")
    if document.get("errors"):
        return Answer("error", message=f"GraphQL: {one_line(_first_message(document))}")
    result = (document.get("data") or {}).get(FIELDS[kind])
    # Dagster answers with HTTP 500 where it tells of an exception: what it tells counts.
    if not isinstance(result, dict):
        return Answer("error", message=f"HTTP {status}: the answer holds no {FIELDS[kind]}")
    type_name = str(result.get("__typename"))
    if type_name == "LaunchRunSuccess":
        return Answer("launched", run_id=str(result["run"]["runId"]))
    if type_name == "DryRunInstigationTick":
        return _evaluation(result.get("evaluationResult") or {})
    if type_name == "PythonError":
        return Answer("error", message=first_cause(result))
    return Answer("refused", message=f"{type_name}: {with_fix(one_line(_first_message(result)))}")


def _evaluation(result: dict[str, Any]) -> Answer:
    if result.get("error"):
        return Answer("error", message=first_cause(result["error"]))
    requested = len(result.get("runRequests") or ())
    said = result.get("skipReason") or (f"{requested} runs requested" if requested else "")
    return Answer("evaluated", message=one_line(said))


def _first_message(holder: dict[str, Any]) -> str:
    if holder.get("message"):
        return str(holder["message"])
    errors = holder.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else "no reason given"
    return str(first.get("message", first)) if isinstance(first, dict) else str(first)
