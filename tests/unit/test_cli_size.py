"""`dagster-sizing size`: the three ways to tell a demand, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.results.folder import ResultFolder
from harness.results.result_document import Reason, Validity
from harness.results.sizing_document import read_sizing
from harness.sizing.fitting import fit_result
from tests.unit.cli_support import Run
from tests.unit.results_sample import CELL, NO_REPLICAS, bursts, cell_record, document

MIB = 2**20
GUIDE = ("--run-duration", "45s", "--runs-per-hour", "200")


def write(folder: Path, *cells: str, valid: bool = True) -> Path:
    """A fitted result with cells of these workloads, all alike."""
    ids = {workload: CELL.replace("io_bound", workload) for workload in cells}
    tables = [bursts().assign(cell_id=ids[workload]) for workload in cells]
    records = tuple(cell_record(cell_id=ids[workload], workload=workload) for workload in cells)
    fitted = fit_result(document(cells=records), pd.concat(tables), NO_REPLICAS)
    if not valid:
        reason = Reason(severity="invalid", code="oom-kill", message="the kernel killed 2 processes")
        fitted = fitted.model_copy(update={"validity": Validity(state="invalid", reasons=(reason,))})
    result = ResultFolder(folder / "sample")
    result.write_document(fitted)
    roles = pd.DataFrame({"cell_id": list(ids.values()), "role": "run"})
    roles.to_parquet(result.path / "processes.parquet")
    return result.path


def test_which_executor_ran_is_not_guessed(run: Run, result: Path) -> None:
    (result / "processes.parquet").unlink()
    said = run("size", str(result), *GUIDE, "--executor", "in_process")
    assert said.returncode == 2
    assert "which executor ran is not known here" in said.stderr


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return write(tmp_path, "io_bound")


def sized(run: Run, *arguments: str) -> dict[str, Any]:
    done = run("size", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_guides_example_is_shown_beside_what_measuring_says(run: Run, result: Path) -> None:
    told = sized(run, str(result), *GUIDE)
    assert told["kinds"][0]["average"] == 2.5
    guide, usual, target, rare = told["peaks"]
    assert (guide["exact"], guide["total"]) == (6.25, 7)
    assert guide["total"] < usual["total"] < target["total"] < rare["total"]
    assert [peak["name"] for peak in told["peaks"] if peak["binds"]] == ["once in 100 days"]


def test_every_sum_can_be_checked_by_hand(run: Run, result: Path) -> None:
    told = sized(run, str(result), *GUIDE)
    costs = {cost["name"]: cost for cost in told["kinds"][0]["costs"]}
    for quantity in told["quantities"]:
        for need in quantity["needs"]:
            assert need["total"] == pytest.approx(sum(t["count"] * t["cost"] for t in need["terms"]))
        totals = [need["total"] for need in quantity["needs"]]
        assert totals == sorted(totals)
    target = told["quantities"][0]["needs"][1]
    base, per_run = costs["base_memory_bytes"]["high"], costs["memory_per_run_bytes"]["high"]
    assert target["total"] == pytest.approx(1.05 * (base + target["runs"] * per_run))
    bare = sized(run, str(result), *GUIDE, "--memory-headroom", "0")["quantities"][0]["needs"][1]
    assert bare["total"] == pytest.approx(base + target["runs"] * per_run)
    for shape in told["shapes"]:
        assert shape["memory_bytes"] >= target["total"]
        assert shape["max_concurrent_runs"] >= target["runs"]


def test_the_table_shows_terms_and_platforms(run: Run, result: Path) -> None:
    shown = run("size", str(result), *GUIDE).stdout
    for word in (
        "6.25 → 7",
        "binds",
        "MiB + ",
        "launches/s ×",
        "ecs-fargate",
        "kubernetes",
        "max_concurrent_runs",
    ):
        assert word in shown
    [rarest] = [line for line in shown.splitlines() if line.startswith("once in 1,000")]
    assert "████████" in rarest
    narrower = [line for line in shown.splitlines() if line.startswith(("guide", "once in 2 "))]
    assert len(narrower) == 2
    assert all("█" in line and "████████" not in line for line in narrower)


def test_a_mix_of_jobs_is_sized_by_what_each_costs_like(run: Run, tmp_path: Path) -> None:
    both = write(tmp_path, "io_bound", "cpu_bound")
    mix = tmp_path / "jobs.yaml"
    mix.write_text(
        "jobs:\n"
        "  - {name: fetch, workload: io_bound, duration: 45s, runs_per_hour: 60}\n"
        "  - {name: report, workload: cpu_bound, duration: 2m, every: 1h, at_once: 5}\n"
    )
    told = sized(run, str(both), "--jobs", str(mix))
    assert {kind["workload"]: round(kind["average"], 3) for kind in told["kinds"]} == {
        "cpu_bound": 0.167,
        "io_bound": 0.75,
    }
    binding = next(peak for peak in told["peaks"] if peak["binds"])
    assert binding["runs"]["cpu_bound"] == 5


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_run_history_is_sized_as_it_was(run: Run, result: Path, tmp_path: Path, ending: str) -> None:
    instants = pd.to_datetime(
        pd.Series([1.7e9 + 3600.0 * hour for hour in range(24) for _ in range(12)]), unit="s", utc=True
    )
    table = pd.DataFrame({"start": instants, "end": instants + pd.Timedelta(seconds=50), "location": "etl"})
    other = table.assign(location="other", end=instants + pd.Timedelta(seconds=3000))
    file = tmp_path / f"runs.{ending}"
    whole = pd.concat([table, other])
    if ending == "csv":
        whole.assign(start=whole["start"].map(str), end=whole["end"].map(str)).to_csv(file, index=False)
    else:
        whole.to_parquet(file)
    told = sized(run, str(result), "--history", str(file), "--location", "etl")
    [binding] = [peak for peak in told["peaks"] if peak["binds"]]
    assert binding["total"] == 12
    assert told["rests_on"] == "288 runs on 1 day"
    assert "1 day long and tells nothing of peaks rarer than once in 2 days" in told["warnings"][0]
    done = run("size", str(result), "--history", str(file))
    assert done.returncode == 2
    assert "name one: --location etl, other" in done.stderr


def test_far_extrapolation_is_refused_and_near_one_is_said(run: Run, result: Path) -> None:
    done = run("size", str(result), "--run-duration", "10m", "--runs-per-hour", "300")
    assert done.returncode == 2
    assert "load.levels=" in done.stderr
    forced = sized(run, str(result), "--run-duration", "10m", "--runs-per-hour", "300", "--force")
    assert forced["forced"]
    assert "extrapolated from 6" in forced["warnings"][0]
    near = sized(run, str(result), *GUIDE)
    assert "extrapolated" in near["warnings"][0]
    assert not near["forced"]


def test_a_result_that_is_not_valid_is_refused_or_said(run: Run, tmp_path: Path) -> None:
    bad = write(tmp_path, "io_bound", valid=False)
    done = run("size", str(bad), *GUIDE)
    assert done.returncode == 4
    assert "the kernel killed 2 processes" in done.stderr
    told = sized(run, str(bad), *GUIDE, "--force")
    assert told["forced"]
    assert "invalid" in told["warnings"][0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "a demand is expected"),
        ([*GUIDE, "--jobs", "x.yaml"], "in one way"),
        (["--run-duration", "45s"], "--runs-per-hour"),
        (["--run-duration", "soon", "--runs-per-hour", "1"], "a time such as"),
        (["--run-duration", "0s", "--runs-per-hour", "1"], "more than 0s"),
        (["--run-duration", "300000h", "--runs-per-hour", "1"], "at most 8760h"),
        ([*GUIDE, "--return-days", "1"], "--return-days 1"),
        ([*GUIDE, "--max-concurrent-runs", "0"], "--max-concurrent-runs 0"),
        ([*GUIDE, "--max-concurrent-runs", "2"], "the queue would grow without end"),
        ([*GUIDE, "--placement", "results/claims/light"], "server.replicas: measured on one code server"),
        ([*GUIDE, "--placement", "results/claims/replicas"], "goes whole to one replica"),
        ([*GUIDE, "--placement", "nowhere"], "nowhere"),
        ([*GUIDE, "--burst-headroom", "0.5"], "--burst-headroom 0.5"),
        ([*GUIDE, "--ticks", "-1"], "--ticks -1"),
        ([*GUIDE, "--workload", "nonsense"], "nothing was measured of workload nonsense"),
        ([*GUIDE, "--dagster-version", "1.0.0"], "1.0.0; it has io_bound on 1.13.27"),
        (["--jobs", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
        (["--jobs", "README.md"], "README.md"),
        (["--history", "nowhere.csv"], "nowhere.csv"),
        (["--history", "README.md"], "README.md"),
        ([*GUIDE, "--executor", "multiprocess"], "measured with the in_process executor"),
        ([*GUIDE, "--memory-headroom", "2"], "--memory-headroom 2"),
        ([*GUIDE, "--max-cpus", "0"], "--max-cpus 0"),
        ([*GUIDE, "--max-memory", "much"], "--max-memory much: a size such as"),
        ([*GUIDE, "--acceptable-loss", "0s"], "--acceptable-loss 0s: more than 0s"),
        ([*GUIDE, "--prices", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
        ([*GUIDE, "--out", "results/claims/light"], "holds a measured result"),
    ],
)
def test_bad_input_ends_in_a_clear_line_and_exit_code_2(
    run: Run, result: Path, arguments: list[str], words: str
) -> None:
    done = run("size", str(result), *arguments)
    assert done.returncode == 2, done.stdout
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("{name: a, workload: io_bound, duration: 45s}", "either runs_per_hour (at random) or every"),
        ("{name: a, workload: io_bound, duration: 45s, runs_per_hour: 1, every: 1h}", "either runs_per_hour"),
        ("{name: a, workload: io_bound, duration: 45s, runs_per_hour: -1}", "jobs.0.runs_per_hour"),
        ("{name: a, workload: io_bound, duration: 0s, runs_per_hour: 1}", "greater than 0s"),
        ("{name: a, workload: io_bound, length: 45s}", "jobs.0."),
        (
            "{name: a, workload: other, duration: 45s, runs_per_hour: 1}",
            "nothing was measured of workload other",
        ),
    ],
)
def test_a_job_that_is_wrong_is_named(run: Run, result: Path, tmp_path: Path, job: str, words: str) -> None:
    file = tmp_path / "jobs.yaml"
    file.write_text(f"jobs:\n  - {job}\n")
    done = run("size", str(result), "--jobs", str(file))
    assert done.returncode == 2, done.stdout
    assert words in done.stderr


def test_a_cap_below_the_peak_is_taken_only_when_asked_for(run: Run, result: Path, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text("jobs:\n  - {name: a, workload: io_bound, duration: 45s, every: 24h, at_once: 20}\n")
    whole = sized(run, str(result), "--jobs", str(jobs))
    assert whole["waiting"] is None
    assert all(shape["max_concurrent_runs"] >= 20 for shape in whole["shapes"])
    cut = sized(run, str(result), "--jobs", str(jobs), "--max-concurrent-runs", "5")
    assert {shape["max_concurrent_runs"] for shape in cut["shapes"]} == {5}
    assert [peak["total"] for peak in cut["peaks"] if peak["binds"]] == [5]
    assert cut["waiting"]["total"] == 20
    assert 3 * (45 + 5) < cut["waiting"]["seconds"] < 4 * 60
    shown = run("size", str(result), "--jobs", str(jobs), "--max-concurrent-runs", "5").stdout
    assert "the last starts within" in shown
    assert "Dagster+ launches them isolated" in shown
    assert (
        "no run waits" in run("size", str(result), "--jobs", str(jobs), "--max-concurrent-runs", "50").stdout
    )


def test_a_result_that_was_not_fitted_says_what_to_run(run: Run, tmp_path: Path) -> None:
    bare = ResultFolder(tmp_path / "bare")
    bare.write_document(document())
    done = run("size", str(bare.path), *GUIDE)
    assert done.returncode == 2
    assert "it was not fitted" in done.stderr


def test_prices_are_listed_and_replicas_explained(run: Run, result: Path, tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text("currency: EUR\nplatforms:\n  ecs-fargate: {vcpu_hour: 0.05, gib_hour: 0.005}\n")
    told = sized(run, str(result), *GUIDE, "--prices", str(file))
    offers = told["prices"]["offers"]
    assert offers[0]["cost_per_month"] == min(offer["cost_per_month"] for offer in offers)
    assert told["replicas"]["replicas"] == 1
    shown = run("size", str(result), *GUIDE, "--prices", str(file), "--acceptable-loss", "1s").stdout
    assert "One server or replicas: one server" in shown
    assert "--placement" in shown
    assert "EUR" in shown
    assert "dearer ones" in shown


@pytest.mark.parametrize(
    ("platforms", "words"),
    [
        ("{fargate: {vcpu_hour: 1, gib_hour: 1}}", "platforms.fargate"),
        ("{ecs-ec2: {vcpu_hour: 1}}", "vcpu_hour and gib_hour are expected"),
        ("{ecs-ec2: {vcpu_hour: -1, gib_hour: 1}}", "platforms.ecs-ec2.vcpu_hour"),
        ("{ecs-ec2: {machines: [{name: a, cpus: 2, memory: lots, hour: 1}]}}", "machines.0.memory"),
        ("{}", "platforms"),
    ],
)
def test_a_price_that_is_wrong_is_named(
    run: Run, result: Path, tmp_path: Path, platforms: str, words: str
) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(f"platforms: {platforms}\n")
    done = run("size", str(result), *GUIDE, "--prices", str(file))
    assert done.returncode == 2, done.stdout
    assert words in done.stderr


def test_a_size_is_kept_with_configuration_to_paste(run: Run, result: Path, tmp_path: Path) -> None:
    folder = tmp_path / "size"
    done = run("size", str(result), *GUIDE, "--out", str(folder))
    assert done.returncode == 0, done.stderr
    assert f"report: {folder / 'report.html'}" in done.stdout
    assert f"next: dagster-sizing try {folder}" in done.stdout
    names = {file.name for file in folder.iterdir()}
    assert names == {
        "sizing.json",
        "report.html",
        "dagster_cloud.yaml",
        "dagster.yaml",
        "values.yaml",
        "compose.override.yaml",
    }
    kept = read_sizing(folder)
    assert kept == read_sizing(folder / "sizing.json")
    assert kept.scenario == ResultFolder(result).read_document().scenario
    assert run("size", str(result), *GUIDE, "--out", str(folder)).returncode == 0  # a size may be made anew


def test_a_page_that_cannot_be_written_does_not_cost_the_size(run: Run, result: Path, tmp_path: Path) -> None:
    folder = tmp_path / "size"
    (folder / "report.html").mkdir(parents=True)
    done = run("size", str(result), *GUIDE, "--out", str(folder))
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"warning: {folder / 'report.html'}: not written: ")
    assert f"try again with: dagster-sizing report {folder}" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "report:" not in done.stdout
    assert read_sizing(folder).peak.total > 0


def test_the_memory_of_ticks_counts_where_it_was_measured(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, "io_bound")
    document = ResultFolder(path).read_document()
    model = document.cells[0].constants[0]
    tick = model.model_copy(
        update={"name": "memory_per_tick_bytes", "value": 2.0 * MIB, "low": 1.0 * MIB, "high": 3.0 * MIB}
    )
    cell = cell_record(cell_id="tick", workload="tick", constants=(tick,))
    ResultFolder(path).write_document(document.model_copy(update={"cells": (*document.cells, cell)}))
    told = sized(run, str(path), *GUIDE, "--workload", "io_bound", "--ticks", "4")
    term = told["quantities"][0]["needs"][1]["terms"][-2]
    assert term == {"name": "ticks at once", "count": 4.0, "cost": 3.0 * MIB}
    shown = run("size", str(path), *GUIDE, "--workload", "io_bound").stdout
    assert "memory of ticks is not in the sum" not in shown
    assert "+ 1 × 3.0 MiB" in shown
