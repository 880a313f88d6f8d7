"""What a webserver's answer to `launchRun` means. Pure, and light enough for the Locust process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["launched", "refused", "error", "timeout"]
MESSAGE_LENGTH = 500


@dataclass(frozen=True)
class Answer:
    """Outcome of one launch.

    `launched`: there is a run. `refused`: Dagster checked the launch and declined it. `error`: something
    failed on the way (HTTP, GraphQL, or Dagster while launching; a run may exist all the same).
    `timeout`: no answer in time; a run may exist all the same.
    """

    outcome: Outcome
    run_id: str | None = None
    message: str = ""


def read_answer(status: int, body: bytes) -> Answer:
    """Outcome of an answer with HTTP status `status`."""
    try:
        document = json.loads(body)
    except ValueError:
        return Answer("error", message=f"HTTP {status}: the answer is not JSON: {one_line(body[:200])}")
    if not isinstance(document, dict):
        return Answer("error", message=f"HTTP {status}: the answer is not a GraphQL answer")
    if document.get("errors"):
        return Answer("error", message=f"GraphQL: {one_line(_first_message(document))}")
    result = (document.get("data") or {}).get("launchRun")
    if status >= 400 or not isinstance(result, dict):
        return Answer("error", message=f"HTTP {status}: the answer holds no launchRun")
    kind = str(result.get("__typename"))
    if kind == "LaunchRunSuccess":
        return Answer("launched", run_id=str(result["run"]["runId"]))
    message = f"{kind}: {one_line(_first_message(result))}"
    return Answer("error" if kind == "PythonError" else "refused", message=message)


def one_line(text: object) -> str:
    """`text` on one line, cut to a length that is fit for a table."""
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return " ".join(decoded.split())[:MESSAGE_LENGTH]


def _first_message(holder: dict[str, Any]) -> str:
    if holder.get("message"):
        return str(holder["message"])
    errors = holder.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else "no reason given"
    return str(first.get("message", first)) if isinstance(first, dict) else str(first)
