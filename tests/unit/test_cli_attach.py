"""What `bench --attach` refuses before it loads anything."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.unit.cli_support import Run

QUICK = "workloads/scenarios/quick.yaml"
LOADED = ("--attach", "http://127.0.0.1:9")
ALLOWED = (*LOADED, "--yes-load-this-deployment", "--highest", "9")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--attach", "nowhere"], "--attach nowhere: the address of a Dagster instance"),
        (LOADED, "if you may, say --yes-load-this-deployment"),
        ([*LOADED, "--yes-load-this-deployment"], "--highest: say how many runs"),
        (ALLOWED, "--metrics: say where readings come from"),
        ([*ALLOWED, "--stop-above", "much"], "--stop-above much"),
        ([*LOADED, "--resume"], "--resume: a load on a deployment"),
        ([*LOADED, "--stack", "compose"], "--stack: with --attach"),
        (["--highest", "9"], "--highest: belongs to --attach"),
        (["--metrics", "csv=x"], "--metrics: belongs to --attach"),
    ],
)
def test_a_load_has_to_be_allowed_and_bounded(run: Run, arguments: Sequence[str], expected: str) -> None:
    done = run("bench", QUICK, *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert expected in done.stderr
