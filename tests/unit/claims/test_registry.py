"""What holds for every claim."""

import math
import re

import pytest

from harness.campaign.claims import SCENARIOS
from harness.claims.base import Claim
from harness.claims.registry import CLAIMS
from harness.scenario.load import load_scenario
from tests.unit.cli_support import ROOT

REQUIRED = {
    "run-is-thread", "memory-linear", "cpu-linear", "profiler", "littles-law", "burst", "workers-gate-runs",
    "workers-default", "workers-ge-runs", "thread-stack", "io-scales", "gil-plateau", "oom-kills-all",
    "cap-prevents-oom", "queued-signal", "sizes", "limits", "replicas-isolate", "replicas-parallel",
    "replicas-round-robin", "long-runs-replicas", "shared-state",
}  # fmt: skip
every_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)


def test_every_statement_of_the_guide_has_its_claims() -> None:
    ids = [claim.id for claim in CLAIMS]
    assert len(set(ids)) == len(ids)
    for name in REQUIRED:
        assert any(one == name or one.startswith(f"{name}-") for one in ids), name


@every_claim
def test_it_reads_as_a_whole(claim: Claim) -> None:
    for text in (claim.says, claim.doubt, claim.rule, claim.advice):
        assert len(text) > 20
    assert "upported" in claim.rule
    assert "refuted" in claim.rule


@every_claim
def test_its_experiments_are_scenarios_of_that_name(claim: Claim) -> None:
    assert claim.experiments
    for name in claim.experiments:
        assert load_scenario(SCENARIOS / f"{name}.yaml", ()).scenario.name == name


@every_claim
def test_it_says_that_it_needs_what_its_experiments_ask_for(claim: Claim) -> None:
    for name in claim.experiments:
        server = load_scenario(SCENARIOS / f"{name}.yaml", ()).scenario.server
        assert claim.needs.cpus >= (max(server.cpus) if max(server.cpus) > 2 else 1)
        assert claim.needs.containers or not (server.restart or max(server.replicas) > 1)


@every_claim
def test_its_rule_has_a_test_of_its_own(claim: Claim) -> None:
    file = ROOT / "tests" / "unit" / "claims" / f"test_{claim.id.replace('-', '_')}.py"
    text = file.read_text("utf-8")
    for helper in re.findall(r"from tests\.unit\.claims\.(\w+) import", text):
        text += (file.parent / f"{helper}.py").read_text("utf-8")
    for verdict in ("supported", "refuted", "inconclusive"):
        assert verdict in text, f"{file.name} lacks a case that is {verdict}"


def test_no_experiment_is_left_without_a_claim() -> None:
    used = {name for claim in CLAIMS for name in claim.experiments}
    assert used == {file.stem for file in SCENARIOS.glob("*.yaml")}


@pytest.mark.parametrize("claim", [one for one in CLAIMS if one.bounds is not None], ids=lambda one: one.id)
def test_the_words_of_a_rule_name_the_thresholds_that_it_decides_by(claim: Claim) -> None:
    assert claim.bounds is not None
    scale = 1e6 if claim.bounds.unit == "bytes" else 1.0
    _, _, words = claim.rule.rpartition("supported")
    for ranges, clause in zip(
        ((claim.bounds.supports,), claim.bounds.refutes), words.split("refuted"), strict=True
    ):
        told = {float(one) for one in re.findall(r"\d+(?:\.\d+)?", clause.replace("95 %", ""))}
        assert told == {end / scale for ends in ranges for end in ends if math.isfinite(end)}, clause
        for side, number in re.findall(r"(below|above) (\d+(?:\.\d+)?)", clause):
            assert float(number) * scale in {high if side == "below" else low for low, high in ranges}, clause
