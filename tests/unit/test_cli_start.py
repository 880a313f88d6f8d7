"""Commands start without what they do not need; how fast is for `make perf`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from harness.cli.lazy import Entry, loaded
from harness.cli.main import COMMANDS
from tests.unit.cli_support import ROOT, Run

HEAVY = {"scipy", "pandas", "pyarrow", "numpy", "altair", "vl_convert", "docker", "grpc", "locust", "gevent"}
HEAVY |= {"starlette", "uvicorn", "requests", "ruptures"}
IMPORTED = """
import json, sys
from harness.cli.main import main
sys.argv = ["dagster-sizing", *json.loads(sys.argv[1])]
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def imported(*arguments: str) -> set[str]:
    """Top-level modules that a command had imported at its end."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, json.dumps(arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("--help",), ("scenario", "check", "workloads/scenarios/quick.yaml")],
    ids=" ".join,
)
def test_what_only_reads_words_imports_no_heavy_library(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments) & HEAVY == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "results/claims/light"),
        ("size", "results/claims/light", "--run-duration", "45s", "--runs-per-hour", "200"),
    ],
    ids=lambda told: told[0],
)
def test_reading_a_result_imports_neither_pandas_nor_pictures(arguments: tuple[str, ...]) -> None:
    needed = {"numpy", "pyarrow", "scipy"} if arguments[0] == "size" else {"numpy", "pyarrow"}
    assert imported(*arguments) & HEAVY <= needed


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_the_list_of_commands_says_what_each_says_of_itself(entry: Entry) -> None:
    told = loaded(entry, "markdown").help
    assert " ".join(told.split("\n\n")[0].split()) == entry.help


def test_a_command_that_does_not_exist_is_answered_with_the_nearest(run: Run) -> None:
    done = run("scenarios")
    assert done.returncode == 2
    assert "scenario" in done.stderr
