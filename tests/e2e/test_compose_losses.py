"""Code servers that die and come back: the claims on losses rest on it."""

from pathlib import Path

import pytest

from harness.claims.losses import server_losses
from harness.claims.measured import Measured
from harness.results.claims import read_claims
from harness.results.folder import ResultFolder
from tests.integration.bench_support import ROOT, document, run, traces

pytestmark = pytest.mark.e2e

SCENARIOS = ROOT / "workloads" / "scenarios" / "claims"


def test_a_server_killed_at_its_limit_is_started_again_and_measuring_goes_on(tmp_path: Path) -> None:
    out, state = tmp_path / "claims", tmp_path / "state"
    code, output = run("claims", "--only", "oom-kills-all-light", "--out", str(out), state=state)
    assert code == 0, output
    assert traces(state) == []
    [record] = read_claims(out).claims
    assert record.stack == "compose"
    result = ResultFolder(out / "oom-light")
    bursts = result.table("bursts")
    lost = bursts[bursts["lost_replica"] == "server-1"]
    assert len(lost)
    assert set(lost["lost_cause"]) == {"oom"}
    assert (lost["back_after_seconds"] > 0).all()
    # every burst was fired, those after a loss too
    assert (bursts["phase"] == "measure").sum() == 3
    [cell] = result.read_document().cells
    assert [event.kind for event in cell.events].count("restart") == len(lost)
    # all went down with the server, and Dagster's records do not know
    for loss in server_losses(Measured(result.read_document(), result.table)):
        assert loss.lost == loss.in_flight
    assert lost["runs_stuck"].sum() > 0
    assert record.verdict in ("supported", "inconclusive"), record.evidence


def test_one_replica_is_killed_and_the_others_live_on(tmp_path: Path) -> None:
    out, state = tmp_path / "result", tmp_path / "state"
    scenario = str(SCENARIOS / "replicas.yaml")
    options = ("--stack", "compose", "--set", "load.repeats=1")
    code, output = run("bench", scenario, *options, "--out", str(out), state=state)
    assert code == 4, output
    assert traces(state) == []
    assert "server-lost" in {reason.code for reason in document(out).validity.reasons}
    bursts = ResultFolder(out).table("bursts")
    [burst] = bursts[bursts["phase"] == "measure"].to_dict("records")
    assert burst["lost_cause"] == "killed"
    replicas = ResultFolder(out).table("replicas")
    assert set(replicas["replica"]) == {"server-1", "server-2", "server-3"}
    runs = ResultFolder(out).table("runs")
    runs = runs[runs["burst"] == burst["burst"]]
    at = burst["lost_at_epoch_seconds"]
    # none of the dead one's runs outlived it, and all of the others' did
    ended = runs["run_end_epoch_seconds"]
    assert not ((runs["replica"] == burst["lost_replica"]) & (ended > at)).any()
    others = runs[~runs["replica"].isin([burst["lost_replica"], ""])]
    assert (others["status"] == "SUCCESS").all()


def test_runs_lost_from_the_queue_do_not_keep_their_places(tmp_path: Path) -> None:
    out, state = tmp_path / "result", tmp_path / "state"
    scenario = str(SCENARIOS / "cap-steps.yaml")
    options = ("--stack", "compose", "--set", "load.repeats=2")
    code, output = run("bench", scenario, *options, "--out", str(out), state=state)
    assert code == 4, output
    assert traces(state) == []
    bursts = ResultFolder(out).table("bursts")
    first, second = bursts[bursts["phase"] == "measure"].to_dict("records")
    assert first["lost_cause"] == "oom"
    assert first["runs_stuck"] > 0
    # the next burst's runs started, though those of the first had filled the queue's places
    runs = ResultFolder(out).table("runs")
    later = runs[runs["burst"] == second["burst"]]
    assert later["run_start_epoch_seconds"].notna().sum() >= 2
