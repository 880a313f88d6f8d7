"""From a claim and what was measured to its verdict."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness.claims.base import Claim, Decision, Needs
from harness.claims.judge import decide, unmet
from harness.claims.measured import Measured
from harness.results.fingerprint_record import FingerprintRecord
from harness.results.result_document import Reason, Validity
from tests.unit.claims.made import measured


def supported(_measured: Mapping[str, Measured]) -> Decision:
    return Decision("supported", "because")


CLAIM = Claim("some-claim", "says", "doubt", ("one", "two"), "rule", supported, "advice")
ROOMY = {"cpu_count": 8, "memory_total_bytes": 64e9, "engine": {"version": "27"}}


def results(severity: str = "", code: str = "failed-runs", steal: float = 0.0) -> dict[str, Measured]:
    made = measured({"bursts": [{"burst": 0, "host_steal_fraction": steal}]})
    if severity:
        reason = Reason.model_validate({"severity": severity, "code": code, "message": "why", "cell": "c"})
        state = "valid" if severity == "note" else severity
        validity = Validity.model_validate({"state": state, "reasons": [reason]})
        made = Measured(made.document.model_copy(update={"validity": validity}), made._table)
    return {"one": measured({"bursts": []}), "two": made}


def test_what_was_measured_decides() -> None:
    assert decide(CLAIM, results(), "") == Decision("supported", "because")
    assert decide(CLAIM, results("note"), "").verdict == "supported"


def test_what_was_not_measured_is_open_or_not_testable_here() -> None:
    one = {"one": results()["one"]}
    assert decide(CLAIM, one, "") == Decision("inconclusive", "not measured: two")
    assert decide(CLAIM, one, "64 CPUs") == Decision("not-testable-here", "needs 64 CPUs")


@pytest.mark.parametrize("severity", ["invalid", "inconclusive"])
def test_a_result_that_is_not_valid_decides_nothing(severity: str) -> None:
    decision = decide(CLAIM, results(severity), "")
    assert decision.verdict == "inconclusive"
    assert "why" in decision.evidence
    assert "else it would be supported" in decision.evidence


def test_what_a_claim_expects_does_not_spoil_it() -> None:
    expecting = replace(CLAIM, expects=frozenset({"oom-kill"}))
    assert decide(expecting, results("invalid", "oom-kill"), "").verdict == "supported"
    assert decide(expecting, results("invalid", "failed-runs"), "").verdict == "inconclusive"


def test_a_little_steal_is_within_the_gaps_and_much_is_not() -> None:
    assert decide(CLAIM, results("inconclusive", "steal", steal=0.14), "").verdict == "supported"
    assert decide(CLAIM, results("inconclusive", "steal", steal=0.16), "").verdict == "inconclusive"


@pytest.mark.parametrize("error", [KeyError("burst"), LookupError("two cells"), ValueError("no numbers")])
def test_data_that_lacks_something_leaves_it_open(error: Exception) -> None:
    def fail(_measured: Mapping[str, Measured]) -> Decision:
        raise error

    decision = decide(replace(CLAIM, decide=fail), results(), "")
    assert decision.verdict == "inconclusive"
    assert "too little was measured" in decision.evidence


def test_what_a_machine_lacks_is_said_with_what_it_has() -> None:
    assert unmet(CLAIM, FingerprintRecord({"cpu_count": 1})) == ""
    needy = replace(CLAIM, needs=Needs(cpus=4, memory_bytes=int(16e9), containers=True, why="replicas"))
    assert unmet(needy, FingerprintRecord(ROOMY)) == ""
    nodes = {
        "small": {"cpu_count": 2, "memory_total_bytes": 8e9},
        "large": {k: ROOMY[k] for k in ("cpu_count", "memory_total_bytes")},
    }
    cluster = {"kubernetes": "v1.31.0", "by_node": nodes}
    assert unmet(needy, FingerprintRecord({"cpu_count": None, "cluster": cluster})) == ""
    assert "4 CPUs" in unmet(
        needy, FingerprintRecord({"cluster": cluster | {"by_node": {"small": nodes["small"]}}})
    )
    lacks = unmet(needy, FingerprintRecord({"cpu_count": 2, "memory_total_bytes": 8e9, "engine": None}))
    assert (
        lacks == "4 CPUs (this machine has 2) and 16 GB of memory (this machine has 8) and Docker (replicas)"
    )
