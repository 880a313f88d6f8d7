"""The way to a boundary, and how an attempt is judged."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.results.result_document import EventRecord
from harness.results.trial_document import AttemptRecord
from harness.sizing.shapes import MIB
from harness.sizing.trial import (
    judge_attempt,
    memory_boundary,
    memory_predicted,
    memory_step,
    next_step,
    runs_boundary,
    runs_predicted,
)
from tests.unit.results_sample import burst_row, cell_record
from tests.unit.sizing_made import kind


def attempt(memory_mib: int, runs: int, outcome: str) -> AttemptRecord:
    return AttemptRecord(
        folder=f"{memory_mib}-{runs}",
        cpus=2.0,
        memory_bytes=memory_mib * MIB,
        runs=runs,
        bursts=2,
        bursts_held=2 if outcome == "held" else 0,
        outcome=outcome,
        oom_kills=0,
        runs_failed=0,
        memory_peak_bytes=None,
        start_seconds=None,
        answer_seconds=None,
        throttled_seconds=None,
    )


@given(st.integers(1, 400), st.integers(1, 400))
def test_the_last_that_holds_is_found_from_any_guess(boundary: int, guess: int) -> None:
    known: dict[int, bool] = {}
    while (step := next_step(known, guess, 1, 500)) is not None:
        assert step not in known
        known[step] = step <= boundary
        assert len(known) <= 25
    assert max(step for step, held in known.items() if held) == boundary
    assert min(step for step, held in known.items() if not held) == boundary + 1
    if guess == boundary:
        assert len(known) == 2


def test_what_held_before_does_not_delay_the_guess() -> None:
    assert next_step({3: True}, 10, 1, 500) == 10
    assert next_step({3: True, 10: True}, 10, 1, 500) == 11
    assert next_step({3: True, 10: False}, 10, 1, 500) == 6


def test_the_search_ends_at_its_limits() -> None:
    assert next_step({1: False}, 1, 1, 500) is None
    assert next_step({500: True}, 500, 1, 500) is None


def test_an_odd_attempt_beyond_the_first_kill_does_not_count() -> None:
    assert next_step({10: True, 11: False, 12: True}, 10, 1, 500) is None


def test_the_prediction_is_the_guides_sum_and_its_inverse() -> None:
    kinds = [kind()]
    found = memory_predicted(kinds, {"io_bound": 9})
    assert found.value == pytest.approx(1010 * MIB)
    assert found.low == pytest.approx(909 * MIB)
    runs = runs_predicted(kinds, lambda n: {"io_bound": n}, 1024 * MIB)
    assert (runs.low, runs.value, runs.high) == (8, 9, 10)


def test_a_mix_is_predicted_by_what_each_kind_costs() -> None:
    kinds = [kind(), kind("heavy", 400.0)]
    assert memory_predicted(kinds, {"io_bound": 3, "heavy": 1}).value == pytest.approx((110 + 700) * MIB)


def test_memory_goes_down_in_steps_of_about_two_percent() -> None:
    assert memory_step(300 * MIB) == 16 * MIB
    assert memory_step(1000 * MIB) == 32 * MIB
    assert memory_step(8000 * MIB) == 160 * MIB


def judged(*rows: dict[str, Any], **cell: Any) -> AttemptRecord:
    return judge_attempt("size", 9, cell_record(**cell), pd.DataFrame(list(rows)))


def row(burst: int = 0, **changes: Any) -> dict[str, Any]:
    return burst_row(9, burst, launch_answer_max_seconds=8.0, oom_victims="") | changes


def test_bursts_that_all_succeed_at_once_hold() -> None:
    found = judged(row(0), row(1, launch_span_seconds=12.5), row(2, phase="warmup", concurrency_peak=2))
    assert (found.outcome, found.bursts, found.bursts_held) == ("held", 2, 2)
    assert found.start_seconds == 12.5
    assert found.memory_peak_bytes is not None


def test_a_kill_is_one_whatever_else_happened() -> None:
    victims = "run abc (pid 7, 300 MiB)"
    found = judged(row(0), row(1, oom_kills=1, oom_victims=victims, runs_succeeded=8), failure="it died")
    assert (found.outcome, found.bursts_held, found.oom_kills) == ("killed", 1, 1)
    assert victims in found.why
    event = EventRecord(at_epoch_seconds=1.0, service="code-server", kind="oom", times=2)
    assert judged(events=(event,), failure="it died").outcome == "killed"
    warm = judged(row(0, phase="warmup", oom_kills=1))
    assert (warm.outcome, warm.bursts) == ("killed", 0)
    assert "in warm-up" in warm.why


@pytest.mark.parametrize(
    ("rows", "cell", "words"),
    [
        ([row(0, runs_succeeded=7)], {}, "runs failed in 1 of 1 bursts"),
        ([row(0, concurrency_peak=5)], {}, "only 5 of 9 runs"),
        ([row(0)], {"failure": "the webserver did not answer"}, "the webserver did not answer"),
        ([], {}, "no burst"),
    ],
)
def test_anything_else_amiss_is_unclear(rows: list[dict[str, Any]], cell: dict[str, Any], words: str) -> None:
    found = judged(*rows, **cell)
    assert found.outcome == "unclear"
    assert words in found.why


def test_a_boundary_is_what_held_below_the_first_kill() -> None:
    attempts = [
        attempt(1024, 9, "held"),
        attempt(1024, 10, "held"),
        attempt(1024, 11, "killed"),
        attempt(1024, 14, "held"),
        attempt(960, 9, "held"),
        attempt(928, 9, "killed"),
    ]
    predicted = runs_predicted([kind()], lambda n: {"io_bound": n}, 1024 * MIB)
    runs = runs_boundary(attempts, 1024 * MIB, 9, predicted)
    assert (runs.held, runs.broke, runs.off) == (10, 11, 1)
    assert runs.margin == pytest.approx(1 / 9)
    memory = memory_boundary(attempts, 9, 1024 * MIB, memory_predicted([kind()], {"io_bound": 9}))
    assert (memory.held, memory.broke) == (960 * MIB, 928 * MIB)
    assert memory.margin == pytest.approx(64 / 1024)
    assert runs_boundary([], 1024 * MIB, 9, predicted).margin is None
