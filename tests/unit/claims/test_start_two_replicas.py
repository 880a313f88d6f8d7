"""Made data on each side of the rule."""

import pytest

from harness.claims.start_two_replicas import CLAIM
from tests.unit.claims.made import Rows, measured


def verdict(
    share: float, level: int = 30, count: int = 3, spread: tuple[int, int] = (30, 0), **more: object
) -> str:
    """Bursts whose fuller replica takes `share` of its memory."""
    bursts: Rows = [
        {"burst": n, "level": level, "launches": level, "runs_succeeded": level, "oom_kills": 0} | more
        for n in range(count)
    ]
    replicas: Rows = [
        {"burst": n, "replica": name, "runs": runs, "memory_peak_bytes": peak * 16e9}
        for n in range(count)
        for name, runs, peak in zip(("a", "b"), spread, (share, 0.01), strict=True)
    ]
    return CLAIM.decide({"two-replicas": measured({"bursts": bursts, "replicas": replicas})}).verdict


def test_room_on_both_supports_it() -> None:
    assert verdict(0.6) == "supported"


def test_failures_or_too_little_memory_refute_it() -> None:
    assert verdict(1.1) == "refuted"
    assert verdict(0.6, runs_succeeded=20) == "refuted"
    assert verdict(0.6, oom_kills=1) == "refuted"


@pytest.mark.parametrize("given", [{"share": 0.95}, {"share": 0.6, "count": 2}, {"share": 0.6, "level": 10}])
def test_all_else_leaves_it_open(given: dict[str, float]) -> None:
    assert verdict(**given) == "inconclusive"  # type: ignore[arg-type]
