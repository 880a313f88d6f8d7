"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.memory_linear import CLAIM
from tests.unit.claims.made import Rows, measured

BASE, PER_RUN = 100e6, 90e6
NOISE = (-1e6, 0.0, 1e6)


def line(levels: tuple[int, ...], factor: float = 1.0, **more: object) -> Rows:
    return [
        {
            "burst": 3 * number + repeat,
            "level": level,
            "concurrency_peak": level,
            "memory_peak_bytes": factor * (BASE + PER_RUN * level + noise),
        }
        | more
        for number, level in enumerate(levels)
        for repeat, noise in enumerate(NOISE)
    ]


def decided(light: Rows, many: Rows) -> Decision:
    return CLAIM.decide({"light": measured({"bursts": light}), "many": measured({"bursts": many})})


def test_many_runs_on_the_line_support_it() -> None:
    decision = decided(line((1, 4, 10)), line((20, 40)))
    assert decision.verdict == "supported"
    assert "extrapolated from 10" in decision.evidence
    per_run = next(number for number in decision.numbers if number.name == "memory per run")
    assert per_run.value == pytest.approx(PER_RUN, rel=0.01)


@pytest.mark.parametrize("factor", [0.6, 1.5])
def test_many_runs_far_off_the_line_refute_it(factor: float) -> None:
    assert decided(line((1, 4, 10)), line((20, 40), factor)).verdict == "refuted"


@pytest.mark.parametrize("factor", [0.85, 1.18])
def test_between_the_ranges_it_stays_open(factor: float) -> None:
    assert decided(line((1, 4, 10)), line((20, 40), factor)).verdict == "inconclusive"


def test_bursts_that_differ_leave_it_open() -> None:
    assert decided(line((1, 4, 10)), line((20,)) + line((40,), 0.6)).verdict == "inconclusive"


def test_bursts_at_the_limit_do_not_count() -> None:
    assert decided(line((1, 4, 10)), line((20, 40), 0.6, oom_kills=1)).verdict == "inconclusive"
    assert decided(line((1, 4, 10)), line((20, 40), 0.6, drained=False)).verdict == "inconclusive"


def test_nothing_measured_leaves_it_open() -> None:
    assert decided([], []).verdict == "inconclusive"
    assert decided(line((1, 4, 10)), []).verdict == "inconclusive"
    assert decided(line((1, 4, 10)), line((20,))[:1]).verdict == "inconclusive"
