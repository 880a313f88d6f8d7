"""Claims in a cluster: code servers that are killed and come back, on two nodes at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.results.claims_document import read_claims
from harness.results.folder import ResultFolder
from tests.cluster.conftest import ON_CLUSTER
from tests.integration.bench_support import run

pytestmark = [*ON_CLUSTER, pytest.mark.timeout(2400)]


def test_claims_on_two_nodes_whose_servers_are_killed_and_come_back(tmp_path: Path) -> None:
    out = tmp_path / "claims"
    code, said = run(
        *("claims", "--only", "long-runs-replicas", "--only", "oom-kills-all-light"),
        *("--stack", "kubernetes", "--parallel", "2", "--out", str(out)),
        state=tmp_path / "state",
        timeout=1800,
    )
    print(said)
    assert code == 0, said
    bursts = {name: ResultFolder(out / name).table("bursts") for name in ("loss-short", "loss-long")}
    for frame in bursts.values():
        measured = frame[frame["phase"] == "measure"]
        assert set(measured["lost_cause"]) == {"killed"}
        assert (measured["back_after_seconds"] > 0).all()
    nodes = {name: set(frame["node"]) for name, frame in bursts.items()}
    assert nodes["loss-short"] == nodes["loss-long"], "a claim compares them, so they have one node"
    limited = ResultFolder(out / "oom-light").table("bursts")
    assert set(limited["node"]) == {"node1", "node2"} - nodes["loss-long"]
    assert limited["oom_kills"].sum() > 0
    document = read_claims(out)
    assert {one.id for one in document.claims} == {"long-runs-replicas", "oom-kills-all-light"}
    assert {one.stack for one in document.claims} == {"kubernetes"}
    assert document.finished_at
