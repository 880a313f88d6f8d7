"""The page of a trial, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from harness.report.pages.trial_page import render_trial_page
from harness.report.pictures.attempts import attempts_picture
from harness.results.trial_document import BoundaryRecord
from harness.sizing.shapes import MIB
from harness.views.compared_attempts import attempts_of
from tests.unit.pages_support import HOSTILE, assert_escaped, rows, shown
from tests.unit.test_cli_try import attempt, trial


def boundaries() -> tuple[BoundaryRecord, ...]:
    return (
        BoundaryRecord(
            axis="runs",
            runs=None,
            memory_bytes=1024 * MIB,
            recommended=9,
            predicted=9,
            predicted_low=8,
            predicted_high=10,
            held=10,
            broke=11,
        ),
        BoundaryRecord(
            axis="memory",
            runs=9,
            memory_bytes=None,
            recommended=1024 * MIB,
            predicted=1010 * MIB,
            predicted_low=909 * MIB,
            predicted_high=1111 * MIB,
            held=960 * MIB,
            broke=928 * MIB,
        ),
    )


ATTEMPTS = (
    attempt("size", "held"),
    attempt("runs-10", "held", runs=10),
    attempt("runs-11", "killed", runs=11, bursts=1, bursts_held=0, why="the kernel killed the server"),
    attempt("memory-928mib", "killed", memory_bytes=928 * MIB, memory_peak_bytes=None),
    attempt("memory-960mib", "unclear", memory_bytes=960 * MIB, why="runs failed"),
)


def test_a_trial_shows_whether_it_held_and_where_it_breaks() -> None:
    whole = trial(*ATTEMPTS, boundaries=boundaries(), forced=True, finished_at="2026-01-01T01:00:00+00:00")
    text = shown(render_trial_page(whole))
    for words in (
        "the size HELD: 5 of 5 bursts of 9 runs held",
        "Forced:",
        "What held and what broke was measured",
        "predicted was computed",
        "9 (8 to 10)",
        "1,010 MiB (909 MiB to 1,111 MiB)",
        "the kernel killed the server",
        "runs-11",
        "0 of 1",
    ):
        assert words in text, words


def test_attempts_are_drawn_with_the_prediction() -> None:
    picture = attempts_picture(trial(*ATTEMPTS, boundaries=boundaries()))
    assert picture is not None
    drawn = {row["attempt"]: row for row in rows(picture) if "attempt" in row}
    assert {name: row["outcome"] for name, row in drawn.items()} == {
        one.folder: one.outcome for one in ATTEMPTS
    }
    assert {name: row["at"] for name, row in drawn.items() if row["at"]} == {
        "size": "recommended",
        "runs-11": "broke",
        "memory-928mib": "broke",
    }
    assert (drawn["runs-11"]["memory_mib"], drawn["runs-11"]["runs"]) == (1024.0, 11)
    assert drawn["memory-928mib"]["peak_mib"] is None
    in_runs, in_memory = [row for row in rows(picture) if "axis" in row]
    assert (in_runs["runs_low"], in_runs["runs"], in_runs["runs_high"]) == (8, 9, 10)
    assert (in_memory["memory_low"], in_memory["memory_mib"], in_memory["memory_high"]) == (909, 1010, 1111)
    assert in_memory["runs"] == 9
    assert "predicted to hold up to 9 runs (8 to 10) in 1,024 MiB" in picture.text


@pytest.mark.parametrize(
    ("size", "badge"),
    [
        (attempt("size", "held"), '<span class="badge good">held</span>'),
        (attempt("size", "held", start_seconds=70.0), '<span class="badge bad">held, but too late</span>'),
        (attempt("size", "killed", bursts_held=2), '<span class="badge bad">broke</span>'),
        (attempt("size", "unclear", bursts_held=2), '<span class="badge open">unclear</span>'),
        (attempt("runs-9", "held"), '<span class="badge open">not tried to the end</span>'),
    ],
)
def test_the_badge_of_a_trial_says_how_it_ended(size: Any, badge: str) -> None:
    assert badge in render_trial_page(trial(size))


def test_a_trial_that_was_interrupted_is_a_page() -> None:
    started = shown(render_trial_page(trial(attempt("size", "held"))))
    assert "No boundary was searched yet: the trial has not come to its end" in started
    picture = attempts_picture(trial(attempt("size", "held")))
    assert picture is not None
    assert [row["outcome"] for row in rows(picture)] == ["held"]
    assert attempts_picture(trial()) is None
    assert "was not tried to the end" in shown(render_trial_page(trial()))
    assert attempts_of(trial()).empty


def test_hostile_names_in_a_trial_are_shown_and_not_run() -> None:
    hostile = trial(
        attempt("size", "killed", why=HOSTILE),
        attempt(HOSTILE, "held"),
        result=HOSTILE,
        peak={HOSTILE: 9},
        fingerprint={"cpu_model": HOSTILE},
    )
    assert_escaped(render_trial_page(hostile))
