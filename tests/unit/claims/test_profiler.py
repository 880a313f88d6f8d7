"""Made data on each side of the rule."""

import json

import pytest

from harness.claims.base import Decision
from harness.claims.figures import MIB
from harness.claims.profiler import CLAIM
from tests.unit.claims.made import Rows, measured

PER_RUN_MIB = 100.0


def decided(rss: float, traced: float, silent: bool = False, slope: float = PER_RUN_MIB) -> Decision:
    bursts: Rows = []
    runs: Rows = []
    for level in (1, 2, 4):
        for repeat in range(3):
            number = len(bursts)
            peak = (200 + slope * level + repeat - 1) * MIB
            bursts.append(
                {"burst": number, "level": level, "concurrency_peak": level, "memory_peak_bytes": peak}
            )
            # runs that are not alone say something else, which must not count
            told = {"rss_delta_mib": rss, "traced_peak_mib": traced} if level == 1 else {"rss_delta_mib": 1e6}
            runs += [{"burst": number, "metadata": "" if silent else json.dumps(told)}] * level
    return CLAIM.decide({"profiler": measured({"bursts": bursts, "runs": runs})})


def test_a_figure_like_the_memory_per_run_supports_it() -> None:
    assert decided(rss=100, traced=64).verdict == "supported"
    assert decided(rss=64, traced=100).verdict == "supported"


def test_a_figure_far_from_it_refutes_it() -> None:
    decision = decided(rss=50, traced=48)
    assert decision.verdict == "refuted"
    share = next(number for number in decision.numbers if number.name == "reported / measured")
    assert share.value == pytest.approx(0.5, rel=0.02)
    assert share.low is not None
    assert share.low < share.value
    assert decided(rss=50, traced=150).verdict == "refuted"


def test_between_the_ranges_it_stays_open() -> None:
    assert decided(rss=85, traced=50).verdict == "inconclusive"


def test_a_silent_asset_or_no_slope_leaves_it_open() -> None:
    assert decided(rss=50, traced=48, silent=True).verdict == "inconclusive"
    assert decided(rss=50, traced=48, slope=0).verdict == "inconclusive"


def test_nothing_measured_leaves_it_open() -> None:
    assert CLAIM.decide({"profiler": measured({})}).verdict == "inconclusive"
    bursts: Rows = [
        {
            "burst": n,
            "level": 1 + n % 2,
            "concurrency_peak": 1 + n % 2,
            "memory_peak_bytes": 1e8 * (1 + n % 2),
        }
        for n in range(8)
    ]
    assert CLAIM.decide({"profiler": measured({"bursts": bursts})}).verdict == "inconclusive"
