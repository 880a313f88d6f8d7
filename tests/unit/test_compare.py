"""`compare` and `matrix` on made results: verdicts, refusals, renderers, exit codes."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from harness.campaign.matrix import _set_aside_if_inconclusive, scenario_of_round
from harness.compare.verdicts import decide
from harness.model.intervals import Estimate
from harness.results.comparison_document import margin
from harness.results.folder import ResultFolder
from harness.results.matrix_document import MatrixDocument, RoundRecord, write_matrix
from harness.results.result_document import Reason, Validity
from harness.scenario.model import Scenario
from tests.unit.cli_support import Run
from tests.unit.results_sample import CELL, burst_row, cell_record, document
from tests.unit.scripted_campaign import Heard

LEVELS = [1, 2, 4, 6]


def made(
    folder: Path,
    version: str,
    seed: int,
    memory: float = 1.0,
    cpu: float = 1.0,
    repeats: int = 5,
    drift: float = 1.0,
    state: str = "valid",
    node: str = "",
    **changes: Any,
) -> Path:
    """A result whose runs cost `memory` times 100 MB and `cpu` times 2 CPU-seconds, with noise."""
    rng = np.random.default_rng(seed)
    cell = CELL.replace("1.13.27", version)
    rows = []
    for burst, level in enumerate(LEVELS * repeats):
        rows.append(
            burst_row(
                level,
                burst,
                cell_id=cell,
                node=node,
                memory_peak_bytes=200e6 + 100e6 * memory * level + rng.normal(0, 0.5e6),
                cpu_seconds=0.02 * (6 + level) + 2.0 * cpu * drift * level * rng.normal(1, 0.03),
                launch_span_seconds=drift * (0.5 + 0.7 * level) * rng.normal(1, 0.03),
                idle_cpu_cores=0.02 * rng.normal(1, 0.03),
                exec_cpu_seconds=0.04 + 0.2 * drift * level * rng.normal(1, 0.03),
            )
        )
    reasons = () if state == "valid" else (Reason(severity="invalid", code="x", message="it broke"),)
    values = {
        "name": folder.name,
        "cells": (
            cell_record(
                cell_id=cell,
                dagster_version=version,
                python_version="3.11.7",
                packages={"dagster": version, "grpcio": "1.60" if version < "1.12" else "1.70", "six": "1.0"},
            ),
        ),
        "validity": Validity(state=state, reasons=reasons),
        "scenario": {"name": version, "dagster": {"versions": [version]}, "load": {"levels": LEVELS}},
    }
    result = ResultFolder(folder)
    result.write_document(document(**(values | changes)))
    pd.DataFrame(rows).to_parquet(folder / "bursts.parquet")
    return folder


@pytest.mark.parametrize(
    ("ratio", "p_value", "verdict"),
    [
        ((1.08, 1.07, 1.09), 0.001, "regressed"),
        ((1.08, 0.98, 1.19), 0.2, "inconclusive"),
        ((0.92, 0.91, 0.93), 0.001, "improved"),
        ((1.00, 0.99, 1.01), 1.0, "no change"),
        ((1.02, 1.015, 1.025), 0.001, "no change"),  # real, and too small to matter
        ((1.02, 1.00, 1.04), 0.001, "inconclusive"),
        ((1.00, 0.90, 1.10), 1.0, "inconclusive"),
    ],
)
def test_a_verdict_needs_size_and_certainty(
    ratio: tuple[float, float, float], p_value: float, verdict: str
) -> None:
    assert decide(Estimate(*ratio, 9), p_value, margin(0.03, 0.0, 1.0)) == verdict


@pytest.mark.parametrize(
    ("baseline", "ends"),
    [
        (0.5, (1 / 1.1, 1.1)),  # 0.02 of it is less than the threshold
        (0.1, (0.8, 1.2)),
        (0.01, (0.0, 3.0)),  # it may even vanish
    ],
)
def test_what_is_negligible_is_no_change_whatever_its_share(
    baseline: float, ends: tuple[float, float]
) -> None:
    assert margin(0.10, 0.02, baseline) == pytest.approx(ends)


def test_nearly_nothing_may_double_or_vanish_and_has_not_changed() -> None:
    within = margin(0.10, 0.02, 0.005)
    assert decide(Estimate(2.0, 0.5, 4.0, 9), 0.001, within) == "no change"
    assert decide(Estimate(0.1, 0.01, 1.0, 9), 0.001, within) == "no change"
    assert decide(Estimate(6.0, 5.5, 6.5, 9), 0.001, within) == "regressed"
    assert decide(Estimate(2.0, 0.5, 8.0, 9), 0.5, within) == "inconclusive"


def verdicts(told: dict[str, Any]) -> dict[str, str]:
    return {one["constant"]: one["verdict"] for one in told["differences"]}


def test_planted_costs_are_found_and_nothing_else(run: Run, tmp_path: Path) -> None:
    a = made(tmp_path / "a", "1.11.16", 1)
    b = made(tmp_path / "b", "1.13.27", 2, memory=1.08, cpu=1.15)
    done = run("compare", str(a), str(b), "--format", "json")
    assert done.returncode == 7
    assert "2 regressed" in done.stderr
    told = json.loads(done.stdout)
    found = verdicts(told)
    assert found["memory_per_run_bytes"] == found["cpu_seconds_per_run"] == "regressed"
    assert sum(verdict in ("regressed", "improved") for verdict in found.values()) == 2
    names = {one["name"]: one["versions"] for one in told["packages"]}
    assert names["grpcio"] == {"1.11.16": "1.60", "1.13.27": "1.70"}
    assert "six" not in names
    back = run("compare", str(b), str(a), "--format", "json")
    assert back.returncode == 0
    assert verdicts(json.loads(back.stdout))["memory_per_run_bytes"] == "improved"


@pytest.mark.slow
def test_the_same_twenty_times_is_called_different_once_at_most(run: Run, tmp_path: Path) -> None:
    a = made(tmp_path / "a", "1.11.16", 100)
    changed = 0
    for seed in range(20):
        b = made(tmp_path / f"b{seed}", "1.13.27", seed)
        told = json.loads(run("compare", str(a), str(b), "--format", "json", "--fail-on", "nothing").stdout)
        changed += sum(verdict in ("regressed", "improved") for verdict in verdicts(told).values())
    assert changed <= 1


def matrix_document(rounds: list[RoundRecord]) -> MatrixDocument:
    return MatrixDocument(
        harness_version="0",
        created_at="",
        finished_at="now",
        scenario_sha256="",
        stack="process",
        versions=tuple(dict.fromkeys(one.dagster_version for one in rounds)),
        rounds=tuple(rounds),
    )


def test_rounds_in_turns_see_through_a_drift(run: Run, tmp_path: Path) -> None:
    """The machine takes half as much CPU again by each round, and the second version 15 % more."""
    rounds = []
    for number in range(1, 6):
        for version, cpu in (("1.11.16", 1.0), ("1.13.27", 1.15)):
            record = RoundRecord(number=number, dagster_version=version, folder=f"round-{number}-{version}")
            made(
                tmp_path / "m" / record.folder,
                version,
                number,
                cpu=cpu,
                repeats=1,
                drift=1.5 ** (number - 1),
            )
            rounds.append(record)
    written = matrix_document(rounds)
    write_matrix(tmp_path / "m", written)
    told = json.loads(run("compare", str(tmp_path / "m"), "--format", "json", "--fail-on", "nothing").stdout)
    assert told["baseline"]["label"] == "1.11.16"
    assert len(told["baseline"]["results"]) == 5
    assert told["remarks"] == []
    cpu = next(one for one in told["differences"] if one["constant"] == "cpu_seconds_per_run")
    assert cpu["verdict"] == "regressed", cpu
    write_matrix(tmp_path / "m", written.model_copy(update={"finished_at": ""}))
    done = run("compare", str(tmp_path / "m"))
    assert done.returncode == 2
    assert "not finished" in done.stderr


def matrix_of(folder: Path, *changes: dict[str, Any]) -> Path:
    """Rounds in turns, each with changes of its own to both of its results."""
    rounds = []
    for number, changed in enumerate(changes, 1):
        for version in ("1.11.16", "1.13.27"):
            record = RoundRecord(number=number, dagster_version=version, folder=f"round-{number}-{version}")
            made(folder / record.folder, version, number, repeats=2, **changed)
            rounds.append(record)
    write_matrix(folder, matrix_document(rounds))
    return folder


def test_rounds_after_the_first_must_be_alike_too(run: Run, tmp_path: Path) -> None:
    machine = {"cpu_count": 2, "kernel": "6.1"}
    same = matrix_of(tmp_path / "same", {"fingerprint": machine}, {"fingerprint": machine})
    assert run("compare", str(same), "--fail-on", "nothing").returncode == 0
    moved = matrix_of(
        tmp_path / "moved", {"fingerprint": machine}, {"fingerprint": machine | {"kernel": "6.9"}}
    )
    done = run("compare", str(moved), "--fail-on", "nothing")
    assert done.returncode == 2
    assert "round-1-1.11.16 and round-2-1.11.16: kernel: 6.1 and 6.9" in done.stderr
    cell = cell_record(
        cell_id=CELL.replace("1.13.27", "1.11.16"), dagster_version="1.11.16", packages={"dagster": "other"}
    )
    other = matrix_of(
        tmp_path / "other", {"fingerprint": machine}, {"fingerprint": machine, "cells": (cell,)}
    )
    done = run("compare", str(other), "--fail-on", "nothing")
    assert done.returncode == 2
    assert "rounds of 1.11.16: dagster 1.11.16 and other" in done.stderr


def test_a_round_on_two_nodes_is_refused_and_results_on_two_nodes_say_so(run: Run, tmp_path: Path) -> None:
    blocks = matrix_of(tmp_path / "blocks", {"node": "node1"}, {"node": "node2", "cpu": 1.5})
    done = run("compare", str(blocks), "--fail-on", "nothing")
    assert done.returncode == 0, done.stderr
    made(blocks / "round-2-1.13.27", "1.13.27", 2, repeats=2, node="node1")
    done = run("compare", str(blocks), "--fail-on", "nothing")
    assert done.returncode == 2
    assert "round 2: measured on node2, and on node1" in done.stderr
    alone = [blocks / "round-1-1.11.16", made(tmp_path / "b", "1.13.27", 2, node="node2")]
    done = run("compare", *map(str, alone), "--fail-on", "nothing")
    assert done.returncode == 0, done.stderr
    assert "measured on node1, and on node2; what tells these nodes apart" in " ".join(done.stdout.split())


def test_what_is_not_alike_is_refused_or_said(run: Run, tmp_path: Path) -> None:
    a = made(tmp_path / "a", "1.11.16", 1)
    other = {"cpu_count": 8, "memory_total_bytes": 8 * 2**30}
    b = made(tmp_path / "b", "1.13.27", 2, fingerprint=other, stack="compose")
    done = run("compare", str(a), str(b))
    assert done.returncode == 2
    assert "cpu_count: 2 and 8" in done.stderr
    forced = run("compare", str(a), str(b), "--force", "--format", "json", "--fail-on", "nothing")
    told = json.loads(forced.stdout)
    assert told["forced"]
    assert [text.split(": ")[1] for text in told["warnings"]] == ["cpu_count", "stack"]
    assert "not measured in turns" in told["remarks"][-1]
    c = made(tmp_path / "c", "1.13.27", 2, scenario={"name": "x", "load": {"levels": [1]}})
    assert "scenario: load" in run("compare", str(a), str(c)).stderr


def test_a_result_that_is_not_valid_is_refused(run: Run, tmp_path: Path) -> None:
    a = made(tmp_path / "a", "1.11.16", 1)
    b = made(tmp_path / "b", "1.13.27", 2, state="invalid")
    done = run("compare", str(a), str(b))
    assert done.returncode == 4
    assert "b is invalid" in done.stderr


def test_renderers_tell_the_same(run: Run, tmp_path: Path) -> None:
    a = made(tmp_path / "a", "1.11.16", 1)
    b = made(tmp_path / "b", "1.13.27", 2, memory=1.08)
    out = tmp_path / "out"
    shown = run("compare", str(a), str(b), "--out", str(out))
    assert shown.returncode == 7
    assert "memory_per_run_bytes" in shown.stdout
    assert "grpcio 1.60 → 1.70" in shown.stdout
    page = (out / "comparison.md").read_text()
    assert page.startswith("### Dagster 1.13.27 against Dagster 1.11.16: 1 regressed")
    assert page.count("<details>") == 1
    bars = "····│█···"  # 8 % is nearest to one block
    assert len([line for line in shown.stdout.splitlines() if bars in line and "regressed" in line]) == 1
    assert page.count(f"| `{bars}` |") == 2  # what changed, and all
    for told in (shown.stdout, page):
        assert "change: a tenth for each block, costlier to the right" in told
    told = json.loads((out / "comparison.json").read_text())
    cases = ElementTree.fromstring((out / "comparison.xml").read_text()).findall(".//testcase")
    assert len(cases) == len(told["differences"])
    failed = [case.get("name") for case in cases if case.find("failure") is not None]
    assert failed == ["memory_per_run_bytes"]
    skipped = sum(case.find("skipped") is not None for case in cases)
    assert skipped == sum(one["verdict"] == "inconclusive" for one in told["differences"])


def test_thresholds_and_exit_codes_are_ones_own(run: Run, tmp_path: Path) -> None:
    a = made(tmp_path / "a", "1.11.16", 1)
    b = made(tmp_path / "b", "1.13.27", 2, memory=1.08)
    assert run("compare", str(a), str(b), "--threshold", "memory=0.2").returncode == 0
    assert run("compare", str(a), str(b), "--fail-on", "nothing").returncode == 0
    few = made(tmp_path / "few", "1.13.27", 2, repeats=1)
    assert run("compare", str(a), str(few), "--fail-on", "inconclusive").returncode == 8
    assert run("compare", str(a), str(few)).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere", "elsewhere"], "nowhere"),
        (["A"], "only one version there"),
        (["A", "A", "--threshold", "memory"], "--threshold memory: one of memory, cpu, latency, count"),
        (["A", "A", "--threshold", "speed=0.1"], "--threshold speed=0.1"),
        (["A", "A", "--threshold", "cpu=-1"], "--threshold cpu=-1"),
    ],
)
def test_bad_input_to_compare(run: Run, tmp_path: Path, arguments: list[str], words: str) -> None:
    a = made(tmp_path / "a", "1.11.16", 1)
    done = run("compare", *(str(a) if word == "A" else word for word in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


QUICK = "workloads/scenarios/quick.yaml"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([QUICK], "at least two are expected"),
        ([QUICK, "--versions", "1.13.27"], "at least two are expected"),
        ([QUICK, "--versions", "1.13.27,1.13.27"], "each version once"),
        ([QUICK, "--versions", "1.13.27,,1.12.0"], "each version once"),
        ([QUICK, "--versions", "1.13.27,1.12.0", "--resume"], "name the folder of the matrix with --out"),
        ([QUICK, "--versions", "1.13.27,1.12.0", "--out", "HERE"], "holds a matrix already"),
        (
            [QUICK, "--versions", "1.13.27,1.12.0", "--out", "HERE", "--resume"],
            "matrix there is of another one",
        ),
        ([QUICK, "--versions", "1.13.27,1.12.0", "--out", "NEW", "--resume"], "no matrix to go on with"),
        (["nowhere.yaml", "--versions", "1.13.27,1.12.0"], "nowhere.yaml"),
        ([QUICK, "--versions", "1.13.27,1.12.0", "--parallel", "2"], "add --stack kubernetes"),
        (
            [QUICK, "--stack", "kubernetes", "--parallel", "2", "--node", "node1"],
            "chooses the nodes by itself",
        ),
        ([QUICK, "--versions", "1.13.27,1.12.0", "--round", "6"], "there are 5 rounds"),
        ([QUICK, "--versions", "1.13.27,1.12.0", "--round", "2", "--until-decided"], "leave --round out"),
        ([QUICK, "--versions", "1.13.27,1.12.0", "--node", "n", "--out", "NEW"], "--node n: --stack process"),
    ],
)
def test_bad_input_to_matrix(run: Run, tmp_path: Path, arguments: list[str], words: str) -> None:
    write_matrix(
        tmp_path / "here",
        MatrixDocument(
            harness_version="0",
            created_at="",
            scenario_sha256="",
            stack="process",
            versions=("1.0.0",),
            rounds=(),
        ),
    )
    places = {"HERE": str(tmp_path / "here"), "NEW": str(tmp_path / "new")}
    done = run("matrix", *(places.get(word, word) for word in arguments))
    assert done.returncode == 2, done.stdout
    assert words in done.stderr


def test_a_round_measures_one_version_with_its_share_of_the_repeats() -> None:
    scenario = Scenario.model_validate(
        {
            "name": "x",
            "workloads": [{"workload": "io_bound"}],
            "load": {"repeats": 5, "design": "optimal"},
            "seed": 3,
        }
    )
    one = scenario_of_round(scenario, RoundRecord(number=2, dagster_version="1.12.0", folder="f"), 3)
    assert one.dagster.versions == ("1.12.0",)
    assert (one.load.repeats, one.load.design) == (2, "balanced")
    assert one.seed == 5


def test_an_inconclusive_round_gives_its_place_to_another_try_and_is_kept(tmp_path: Path) -> None:
    heard = Heard()
    one = ResultFolder(tmp_path / "round-1-1.13.27")
    for number in (1, 2):
        one.write_document(document(validity=Validity(state="inconclusive"), name=f"try {number}"))
        _set_aside_if_inconclusive(one.path, heard)
        assert not one.exists
        kept = ResultFolder(tmp_path / f"round-1-1.13.27-set-aside-{number}").read_document()
        assert kept.name == f"try {number}"
    _set_aside_if_inconclusive(one.path, heard)
    unfinished = document(validity=Validity(state="inconclusive"), cells=(cell_record(state="running"),))
    for kept in (document(), unfinished, document(validity=Validity(state="invalid"))):
        one.write_document(kept)
        _set_aside_if_inconclusive(one.path, heard)
        assert one.read_document() == kept
