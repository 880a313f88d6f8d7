"""Made data on each side of the rule."""

import pytest

from harness.claims.base import Decision
from harness.claims.measured import Measured
from harness.claims.workers_default import CLAIM
from harness.results.fingerprint_record import FingerprintRecord
from tests.unit.claims.made import Rows, cell, measured

HOST = 4


def decided(sizes: list[list[float]], busiest: int = 4) -> Decision:
    """The pool told by the Pings of each burst, on a quota of 2 CPUs of a host with HOST."""
    bursts: Rows = [{"burst": n, "level": 24, "tick_concurrency_peak": busiest} for n in range(len(sizes))]
    pings: Rows = [
        {"burst": n, "outcome": "ok", "max_concurrent_requests": size}
        for n, told in enumerate(sizes)
        for size in told
    ]
    made = measured({"bursts": bursts, "pings": pings}, cell(grpc_max_workers=None, cpus=2.0))
    document = made.document.model_copy(update={"fingerprint": FingerprintRecord({"cpu_count": HOST})})
    return CLAIM.decide({"default": Measured(document, made._table)})


@pytest.mark.parametrize("size", [10.0, 20.0])
def test_five_per_cpu_of_quota_or_host_support_it(size: float) -> None:
    assert decided([[size, size]] * 3).verdict == "supported"


def test_another_size_refutes_it() -> None:
    decision = decided([[8.0]] * 3)
    assert decision.verdict == "refuted"
    assert decision.numbers[0].value == 8


def test_a_size_that_was_exceeded_is_not_believed() -> None:
    assert decided([[8.0]] * 3, busiest=9).verdict == "inconclusive"


@pytest.mark.parametrize(
    "sizes", [[[8.0], [10.0], [8.0]], [[8.0]] * 2, [[8.0, 10.0]] * 3, [[float("nan")]] * 3, []]
)
def test_all_else_leaves_it_open(sizes: list[list[float]]) -> None:
    assert decided(sizes).verdict == "inconclusive"
