from typing import Any

import pytest

from harness.target.first_cause import first_cause, raised, with_fix
from harness.target.run_histories import read_events

LAUNCH = (
    "dagster._core.errors.DagsterInvalidConfigError: Error in config for job etl\n"
    "    Error 1: Post processing at path root:resources:warehouse failed:\n"
    "dagster._config.errors.PostProcessingError: You have attempted to fetch the environment variable "
    '"TOKEN" which is not set. In order for this execution to succeed it must be set in this environment.\n\n'
    'Stack Trace:\n  File "post_process.py", line 83, in _post_process\nValueError: of the stack\n'
)
"""As Dagster 1.13 answers to a launch, shortened."""


def test_of_a_whole_stack_the_exception_and_its_fix_are_kept() -> None:
    found = first_cause({"message": LAUNCH, "causes": []})
    assert found == "environment variable TOKEN is not set; set it under server.env or in server.env_file"


def test_the_innermost_cause_is_the_users_own() -> None:
    causes = [{"message": "Middle"}, {"message": "RuntimeError: first try\n  fails\n"}]
    assert first_cause({"message": "Outer", "causes": causes}) == "RuntimeError: first try fails"
    assert first_cause({"message": "Outer", "cause": {"message": "KeyError: 'x'"}}) == "KeyError: 'x'"
    assert first_cause({"message": "Outer", "cause": None, "causes": None}) == "Outer"
    assert first_cause({"message": None}) == "no reason given"


def test_what_names_no_exception_stays_whole() -> None:
    assert raised("deadline\n exceeded") == "deadline exceeded"
    assert raised("") == ""
    assert len(raised("x" * 10_000)) == 500


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("ModuleNotFoundError: No module named 'polars'", "location.requirements"),
        (
            "CheckError: Cannot access partition_key for a non-partitioned run",
            "give the workload a partition",
        ),
    ],
)
def test_the_fix_names_the_field(said: str, part: str) -> None:
    assert part in with_fix(said)


def test_a_failed_run_tells_its_first_step() -> None:
    error = {"message": "Error occurred while executing op", "causes": [{"message": "OSError: disk full\n"}]}
    events: list[dict[str, Any]] = [
        {"__typename": "ExecutionStepFailureEvent", "timestamp": "1000", "stepKey": "load", "error": error},
        {
            "__typename": "RunFailureEvent",
            "timestamp": "2000",
            "message": "Steps failed: load",
            "error": None,
        },
    ]
    assert read_events(events).failure == "step load: OSError: disk full"
    assert read_events(events[1:]).failure == "Steps failed: load"
    assert read_events([]).failure == ""
