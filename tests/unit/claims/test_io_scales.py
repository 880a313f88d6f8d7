"""Made data on each side of the rule."""

from harness.claims.base import Decision
from harness.claims.io_scales import CLAIM
from tests.unit.claims.made import Rows, measured


def burst(number: int, level: int, succeeded: int | None = None, peak: int | None = None) -> Rows:
    return [
        {
            "burst": number,
            "level": level,
            "launches": level,
            "runs_succeeded": level if succeeded is None else succeeded,
            "concurrency_peak": level if peak is None else peak,
            "memory_peak_bytes": 1e8 * level,
            "launch_span_seconds": float(level),
        }
    ]


def decided(rows: Rows) -> Decision:
    return CLAIM.decide({"many": measured({"bursts": rows})})


def test_whole_bursts_support_it() -> None:
    decision = decided(burst(0, 20) + burst(1, 40) + burst(2, 20) + burst(3, 40))
    assert decision.verdict == "supported"
    values = {number.name: (number.value, number.n) for number in decision.numbers}
    assert values["memory peak at 40"] == (4e9, 2)
    assert values["launch span at 40"] == (40.0, 2)


def test_bursts_that_fail_or_never_overlap_refute_it() -> None:
    assert decided(burst(0, 20, succeeded=19) + burst(1, 40, peak=19) + burst(2, 40, 3)).verdict == "refuted"


def test_a_few_that_miss_the_others_do_not_matter() -> None:
    assert decided(burst(0, 32, peak=30) + burst(1, 32, peak=20)).verdict == "supported"


def test_bursts_that_differ_or_are_few_leave_it_open() -> None:
    assert decided(burst(0, 20) + burst(1, 40, succeeded=39) + burst(2, 20)).verdict == "inconclusive"
    assert decided(burst(0, 40)).verdict == "inconclusive"


def test_lower_levels_do_not_count() -> None:
    assert decided(burst(0, 10) + burst(1, 10) + burst(2, 20)).verdict == "inconclusive"
    assert decided(burst(0, 10) + burst(1, 10) + burst(2, 10)).verdict == "inconclusive"


def test_nothing_measured_leaves_it_open() -> None:
    assert decided([]).verdict == "inconclusive"
    assert decided([{"burst": n, "level": 20} for n in range(3)]).verdict == "inconclusive"
