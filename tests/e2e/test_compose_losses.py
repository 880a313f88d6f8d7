"""Code servers that die and come back: the claims on losses rest on it."""

from pathlib import Path

import pytest

from harness.claims.losses import server_losses
from harness.claims.measured import Measured
from harness.results.claims_document import read_claims
from harness.results.folder import ResultFolder
from tests.integration.bench_support import ROOT, document, run, traces

pytestmark = pytest.mark.e2e

SCENARIOS = ROOT / "workloads" / "scenarios" / "claims"


def lossy(scenario: str, folder: Path, *settings: str) -> ResultFolder:
    """The result of a scenario of the claims in which code servers are lost."""
    out, state = folder / "result", folder / "state"
    options = ["--stack", "compose", *(word for setting in settings for word in ("--set", setting))]
    code, output = run("bench", str(SCENARIOS / scenario), *options, "--out", str(out), state=state)
    assert code == 4, output
    assert traces(state) == []
    assert "server-lost" in {reason.code for reason in document(out).validity.reasons}
    return ResultFolder(out)


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
    # launches that do not overlap go to whichever replica the name gives
    stream = ("load.shape=soak", "load.window=12s", "load.repeats=1")
    result = lossy("replicas.yaml", tmp_path, *stream)
    bursts = result.table("bursts")
    [burst] = bursts[bursts["phase"] == "measure"].to_dict("records")
    assert burst["lost_cause"] == "killed"
    replicas = result.table("replicas")
    assert set(replicas["replica"]) == {"server-1", "server-2", "server-3"}
    runs = result.table("runs")
    runs = runs[runs["burst"] == burst["burst"]]
    at = burst["lost_at_epoch_seconds"]
    # none of the dead one's runs outlived it, and all of the others' did
    ended = runs["run_end_epoch_seconds"]
    assert not ((runs["replica"] == burst["lost_replica"]) & (ended > at)).any()
    others = runs[~runs["replica"].isin([burst["lost_replica"], ""])]
    assert (others["status"] == "SUCCESS").all()


@pytest.mark.slow
def test_runs_lost_from_the_queue_do_not_keep_their_places(tmp_path: Path) -> None:
    result = lossy("cap-steps.yaml", tmp_path, "load.repeats=2")
    bursts = result.table("bursts")
    first, second = bursts[bursts["phase"] == "measure"].to_dict("records")
    assert first["lost_cause"] == "oom"
    assert first["runs_stuck"] > 0
    # the next burst's runs started, though those of the first had filled the queue's places
    runs = result.table("runs")
    later = runs[runs["burst"] == second["burst"]]
    assert later["run_start_epoch_seconds"].notna().sum() >= 2
