"""From a claim and its experiments to the verdict on it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision
from harness.claims.measured import Measured
from harness.results.fingerprint_record import FingerprintRecord

STEAL_TOLERATED = 0.15
"""Share of the CPU that the hypervisor may take: it shifts figures by as much, and the gaps between what
supports and what refutes are wider."""


def unmet(claim: Claim, fingerprint: FingerprintRecord) -> str:
    """What the machine of `fingerprint` lacks for a claim's experiments; empty where it lacks nothing."""
    needs, lacks = claim.needs, []
    cpus, memory = fingerprint.largest_node
    if max(cpus, 1) < needs.cpus:
        lacks.append(f"{needs.cpus} CPUs (this machine has {cpus})")
    if memory < needs.memory_bytes:
        lacks.append(f"{needs.memory_bytes / 1e9:.0f} GB of memory (this machine has {memory / 1e9:.0f})")
    if needs.containers and not fingerprint.has_containers:
        lacks.append(f"Docker ({needs.why or 'it can only be tried in containers'})")
    return " and ".join(lacks)


def decide(claim: Claim, results: Mapping[str, Measured], lacking: str) -> Decision:
    """The verdict on a claim.

    Args:
        results: by name, the experiments that were measured.
        lacking: what the machine lacks for them, as `unmet` tells.
    """
    absent = [name for name in claim.experiments if name not in results]
    if absent and lacking:
        return Decision("not-testable-here", f"needs {lacking}")
    if absent:
        return Decision("inconclusive", f"not measured: {', '.join(absent)}")
    try:
        decision = claim.decide(results)
    except (LookupError, ValueError) as error:
        return Decision("inconclusive", f"too little was measured ({' '.join(str(error).split())})")
    spoilt = [why for name in claim.experiments if (why := _spoilt(claim, results[name]))]
    if spoilt and decision.verdict != "inconclusive":
        told = f"{spoilt[0]}; else it would be {decision.verdict}: {decision.evidence}"
        return Decision("inconclusive", told, decision.numbers)
    return decision


def _spoilt(claim: Claim, result: Measured) -> str:
    """The first reason why a result says nothing on a claim; empty where there is none."""
    bursts = result.bursts()
    steal = float(bursts["host_steal_fraction"].max()) if "host_steal_fraction" in bursts else 0.0
    tolerated = claim.expects | ({"steal"} if steal <= STEAL_TOLERATED else set())
    for reason in result.document.validity.reasons:
        if reason.severity != "note" and reason.code not in tolerated:
            return f"{result.document.name}: {reason.message}"
    return ""
