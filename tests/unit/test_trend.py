"""A trend of results: kept once, steps found at their place, spikes not."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.compare.trend_series import series_of
from harness.compare.verdicts import THRESHOLDS
from harness.model.change_points import change_points
from harness.model.constants import CONSTANTS
from harness.results.folder import ResultFolder
from harness.results.matrix_document import RoundRecord, write_matrix
from harness.results.result_document import Reason, Validity
from harness.results.scenario_record import ScenarioRecord
from harness.results.trend_document import EntryRecord, PointRecord, add_entries, entry_of, read_entries
from harness.sizing.fitting import fit_result
from tests.unit.cli_support import Run
from tests.unit.results_sample import NO_REPLICAS, bursts, document
from tests.unit.test_compare import made, matrix_document


def entry(
    day: int,
    value: float,
    version: str = "1.13.27",
    machine: str = "m",
    scenario: str = "s",
    constant: str = "memory_per_run_bytes",
) -> EntryRecord:
    point = PointRecord(
        dagster_version=version,
        workload="io_bound",
        setting="io_bound-2cpu",
        constant=constant,
        unit=CONSTANTS[constant].unit,
        value=value,
        low=value,
        high=value,
        bursts=9,
    )
    return EntryRecord(
        result=f"night-{day}",
        created_at=f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}T03:00:00+00:00",
        harness_version="0.1.0",
        stack="process",
        machine=machine,
        scenario="quick",
        scenario_sha256=scenario,
        points=(point,),
    )


def nights(values: np.ndarray) -> list[EntryRecord]:
    return [entry(day, float(value)) for day, value in enumerate(values)]


@settings(max_examples=30, deadline=None)
@given(st.integers(4, 36), st.floats(0.06, 1.0), st.integers(0, 1000))
def test_a_planted_step_is_found_at_its_place(place: int, size: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = 100 * (1 + rng.normal(0, 0.01, 40))
    values[place:] *= 1 + size
    found = change_points(values)
    assert any(abs(step.index - place) <= 1 for step in found)
    near = min(found, key=lambda step: abs(step.index - place))
    assert near.ratio == pytest.approx(1 + size, rel=0.03)


def test_spikes_and_noise_are_seldom_steps() -> None:
    """Of 200 series each; BIC's penalty lets about 2 % through."""
    rng = np.random.default_rng(4)
    steps = spikes = 0
    for _ in range(200):
        values = 100 * (1 + rng.normal(0, 0.02, 40))
        steps += bool(change_points(values))
        values[rng.integers(1, 39)] *= 1.5
        spikes += bool(change_points(values))
    assert steps <= 14
    assert spikes <= 14


def test_what_has_no_noise_may_step_too() -> None:
    assert change_points(np.full(20, 5.0)) == ()
    [step] = change_points(np.array([5.0] * 10 + [6.0] * 10))
    assert (step.index, step.before, step.after) == (10, 5.0, 6.0)
    assert change_points(np.array([5.0, 5.0, 6.0, 6.0])) == ()
    assert change_points(np.zeros(20)) == ()


def test_a_step_that_is_too_small_to_matter_is_not_told() -> None:
    small = np.array([100.0] * 10 + [102.0] * 10)
    assert len(change_points(small)) == 1
    assert series_of(nights(small), THRESHOLDS)[0].steps == ()
    [step] = series_of(nights(np.array([100.0] * 10 + [108.0] * 10)), THRESHOLDS)[0].steps
    assert (step.index, step.at) == (10, "2026-01-11T03:00:00+00:00")


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        (0.005, 0.020, 0),  # four times as much of nearly nothing
        (0.005, 0.030, 1),
        (0.020, 0.001, 0),
        (0.300, 0.260, 1),  # by more than 0.02 cores, and by more than a tenth
        (0.300, 0.275, 0),
        (0.0, 0.015, 0),
        (0.0, 0.025, 1),
    ],
)
def test_a_step_of_what_is_negligible_is_not_told(before: float, after: float, steps: int) -> None:
    values = [before] * 10 + [after] * 10
    entries = [entry(day, value, constant="base_cpu_cores") for day, value in enumerate(values)]
    assert len(series_of(entries, THRESHOLDS)[0].steps) == steps


def test_what_is_not_alike_is_not_one_series() -> None:
    entries = [
        entry(0, 1.0),
        entry(1, 1.0, machine="other"),
        entry(2, 1.0, scenario="other"),
        entry(3, 1.0, version="1.9.0"),
        entry(4, 1.0, version="1.10.0"),
    ]
    found = series_of(entries, THRESHOLDS)
    assert len(found) == 5
    versions = [one.dagster_version for one in found if one.machine == "m" and one.scenario_sha256 == "s"]
    assert versions == ["1.9.0", "1.10.0", "1.13.27"]


def test_an_entry_is_kept_once(tmp_path: Path) -> None:
    both = [entry(1, 2.0), entry(0, 1.0)]
    assert add_entries(tmp_path, both) == 2
    assert add_entries(tmp_path, both) == 0
    assert [one.result for one in read_entries(tmp_path)] == ["night-0", "night-1"]


def test_results_are_added_and_shown(run: Run, tmp_path: Path) -> None:
    result, trend = ResultFolder(tmp_path / "sample"), str(tmp_path / "trend")
    result.write_document(fit_result(document(), bursts(), NO_REPLICAS))
    assert "1 of 1 results added" in run("trend", "add", str(result.path), "--to", trend).stdout
    assert "0 of 1 results added" in run("trend", "add", str(result.path), "--to", trend).stdout
    shown = run("trend", "show", "--to", trend)
    assert shown.returncode == 0
    assert "memory_per_run_bytes" in shown.stdout
    assert "too few to find steps" in shown.stdout
    told = json.loads(run("trend", "show", "--to", trend, "--format", "json").stdout)
    assert {one["workload"] for one in told} == {"io_bound"}
    assert "| workload |" in run("trend", "show", "--to", trend, "--format", "markdown").stdout
    none = run("trend", "show", "--to", trend, "--workload", "other")
    assert none.returncode == 2
    assert "nothing of --workload other" in none.stderr


def test_a_step_up_can_fail_a_nightly_job(run: Run, tmp_path: Path) -> None:
    add_entries(tmp_path, nights(np.array([100.0] * 10 + [120.0] * 4)))
    shown = ("trend", "show", "--to", str(tmp_path))
    assert run(*shown).returncode == 0
    assert "+20%" in run(*shown).stdout
    done = run(*shown, "--fail-within", "5")
    assert done.returncode == 7
    assert "memory_per_run_bytes of io_bound on 1.13.27" in done.stderr
    assert run(*shown, "--fail-within", "3").returncode == 0
    add_entries(tmp_path / "down", nights(np.array([100.0] * 10 + [80.0] * 4)))
    assert run("trend", "show", "--to", str(tmp_path / "down"), "--fail-within", "5").returncode == 0


def test_only_valid_results_are_kept(run: Run, tmp_path: Path) -> None:
    reason = Reason(severity="invalid", code="x", message="it broke")
    bad = ResultFolder(tmp_path / "bad")
    bad.write_document(document(validity=Validity(state="invalid", reasons=(reason,))))
    done = run("trend", "add", str(bad.path), "--to", str(tmp_path / "trend"))
    assert done.returncode == 2
    assert "only valid results are kept" in done.stderr
    assert not (tmp_path / "trend").exists()
    empty = run("trend", "show", "--to", str(tmp_path / "trend"))
    assert empty.returncode == 2
    assert "trend add" in empty.stderr


def test_the_rounds_of_a_matrix_are_one_entry_for_each_version(run: Run, tmp_path: Path) -> None:
    rounds = []
    for number in (1, 2, 3):
        for version in ("1.12.22", "1.13.27"):
            record = RoundRecord(number=number, dagster_version=version, folder=f"round-{number}-{version}")
            made(tmp_path / "m" / record.folder, version, number, repeats=1)
            rounds.append(record)
    write_matrix(tmp_path / "m", matrix_document(rounds))
    trend = tmp_path / "trend"
    done = run("trend", "add", str(tmp_path / "m"), "--to", str(trend))
    assert "2 of 2 results added" in done.stdout, done.stderr
    entries = read_entries(trend)
    assert {entry.result for entry in entries} == {"m-1.12.22", "m-1.13.27"}
    assert {point.bursts for entry in entries for point in entry.points} == {12}


def test_what_a_scenario_is_called_makes_no_other_series() -> None:
    fitted = fit_result(document(), bursts(), NO_REPLICAS)
    renamed = fitted.model_copy(update={"scenario": ScenarioRecord({"name": "another", "seed": 9})})
    assert entry_of(fitted).scenario_sha256 == entry_of(renamed).scenario_sha256
    loaded = ScenarioRecord({"name": "sample", "load": {"levels": [1]}})
    other = fitted.model_copy(update={"scenario": loaded})
    assert entry_of(fitted).scenario_sha256 != entry_of(other).scenario_sha256


def test_a_line_of_results_is_not_broken_on_a_narrow_terminal(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_entries(tmp_path, nights(np.array([100.0] * 30 + [120.0] * 8)))
    assert f"{'▁' * 30}{'█' * 8}" in run("trend", "show", "--to", str(tmp_path)).stdout
    monkeypatch.setenv("COLUMNS", "80")
    assert f" {'▁' * 8}{'█' * 8} " in run("trend", "show", "--to", str(tmp_path)).stdout
