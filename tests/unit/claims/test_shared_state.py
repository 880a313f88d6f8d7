"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.shared_state import CLAIM, SHARED_BYTES
from tests.unit.claims.made import Rows, measured

PLAIN = 100e6


def bursts(per_run: float, noise: float = 1e6, repeats: int = 3) -> Rows:
    return [
        {
            "burst": 10 * level + repeat,
            "level": level,
            "concurrency_peak": level,
            "memory_peak_bytes": 200e6 + per_run * level + noise * (repeat - 1),
        }
        for level in (1, 3, 5)
        for repeat in range(repeats)
    ]


def decided(plain: Rows, shared: Rows) -> Decision:
    return CLAIM.decide({"light": measured({"bursts": plain}), "shared-state": measured({"bursts": shared})})


def test_runs_that_add_none_of_the_state_support_it() -> None:
    assert decided(bursts(PLAIN), bursts(PLAIN + 0.05 * SHARED_BYTES)).verdict == "supported"


def test_runs_that_each_load_it_refute_it() -> None:
    decision = decided(bursts(PLAIN), bursts(PLAIN + SHARED_BYTES))
    assert decision.verdict == "refuted"
    assert decision.numbers[-1].value == pytest.approx(1.0, abs=0.02)


def test_half_of_it_or_a_wide_interval_leaves_it_open() -> None:
    assert decided(bursts(PLAIN), bursts(PLAIN + 0.5 * SHARED_BYTES)).verdict == "inconclusive"
    wide = bursts(PLAIN + SHARED_BYTES, noise=300e6)
    assert decided(bursts(PLAIN), wide).verdict == "inconclusive"
    assert decided(wide, bursts(PLAIN + SHARED_BYTES)).verdict == "inconclusive"


def test_too_little_leaves_it_open() -> None:
    assert decided([], []).verdict == "inconclusive"
    assert decided(bursts(PLAIN), bursts(PLAIN + SHARED_BYTES, repeats=1)).verdict == "inconclusive"
    dropped = [row | {"oom_kills": 1} for row in bursts(PLAIN + SHARED_BYTES)]
    assert decided(bursts(PLAIN), dropped).verdict == "inconclusive"
