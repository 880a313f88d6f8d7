import json

import pytest

from harness.load.answers import Answer, read_answer


def answer(result: object, status: int = 200) -> Answer:
    return read_answer("launch", status, json.dumps({"data": {"launchRun": result}}).encode())


def test_a_launched_run_has_its_id() -> None:
    found = answer({"__typename": "LaunchRunSuccess", "run": {"runId": "abc", "status": "STARTING"}})
    assert found == Answer("launched", run_id="abc")


def test_a_refusal_gives_dagsters_first_reason_on_one_line() -> None:
    errors = [{"message": "Missing entry\n  at root"}, {"message": "another"}]
    found = answer({"__typename": "RunConfigValidationInvalid", "errors": errors})
    assert found == Answer("refused", message="RunConfigValidationInvalid: Missing entry at root")


def test_a_refusal_without_a_reason_is_still_one() -> None:
    assert answer({"__typename": "NoModeProvidedError"}).outcome == "refused"


def test_a_failure_inside_dagster_is_an_error_not_a_refusal() -> None:
    found = answer({"__typename": "PythonError", "message": "deadline exceeded"})
    assert found == Answer("error", message="deadline exceeded")


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (502, b"<html>\xff", "HTTP 502: the answer is not JSON: <html>"),
        (200, b"", "HTTP 200: the answer is not JSON"),
        (200, b"[1]", "HTTP 200: the answer is not a GraphQL answer"),
        (200, b'{"data": null}', "HTTP 200: the answer holds no launchRun"),
        (200, b'{"data": {"launchRun": null}}', "HTTP 200: the answer holds no launchRun"),
        (400, b'{"errors": [{"message": "no such\\nfield"}]}', "GraphQL: no such field"),
        (200, b'{"data": {}, "errors": ["plain"]}', "GraphQL: plain"),
    ],
)
def test_anything_else_is_an_error_that_says_what_came(status: int, body: bytes, message: str) -> None:
    found = read_answer("launch", status, body)
    assert found.outcome == "error"
    assert found.message.startswith(message)


def test_what_dagster_tells_counts_whatever_the_http_status_is() -> None:
    found = answer({"__typename": "PythonError", "message": "OSError: disk full\n"}, status=500)
    assert found == Answer("error", message="OSError: disk full")


def test_long_messages_are_cut() -> None:
    assert len(answer({"__typename": "RunConflict", "message": "x" * 10_000}).message) < 600
