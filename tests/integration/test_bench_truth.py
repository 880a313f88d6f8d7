"""The whole main job against costs that are known because we planted them."""

from pathlib import Path

import numpy as np
import pytest

from harness.model.constants import fit_memory
from harness.model.intervals import Line
from harness.model.predict import predict
from harness.results.folder import ResultFolder
from harness.results.result_document import ConstantRecord
from harness.sizing.fitting import as_bursts, measured_bursts
from tests.integration.bench_support import ATTEMPTS, FIXTURES, QUICK, constant, document, measure
from tests.usual import usual_constants

pytestmark = pytest.mark.integration

MIB = 2**20


@pytest.mark.slow
def test_planted_cpu_seconds_are_recovered(tmp_path: Path) -> None:
    """2 and 4 planted CPU-seconds.

    What runs use between start and end rises by them within 5 %. `cpu_seconds_per_run` has the cost of
    launching in it, which on a shared machine wanders by more than that from minute to minute: its rise must
    agree with what was planted within its own 95 % intervals.
    """
    for attempt in range(ATTEMPTS):
        folder = tmp_path / str(attempt)
        out = measure(FIXTURES / "known_cpu.yaml", folder)
        result, bursts = document(out), ResultFolder(out).table("bursts")
        single = bursts[(bursts["phase"] == "measure") & (bursts["level"] == 1)]
        means = single.groupby("cell_id")["exec_cpu_seconds"].mean()
        ids = {cell.workload: cell.cell_id for cell in result.cells}
        none = constant(result, "cpu-0", "cpu_seconds_per_run")
        agreed = True
        for planted in (2, 4):
            executed = means[ids[f"cpu-{planted}"]] - means[ids["cpu-0"]]
            fitted = constant(result, f"cpu-{planted}", "cpu_seconds_per_run")
            assert fitted.value is not None
            assert none.value is not None
            rise, reach = fitted.value - none.value, np.hypot(half_width(fitted), half_width(none))
            print(f"planted {planted} s: executed +{executed:.3f} s, per run +{rise:.2f} s +- {reach:.2f} s")
            assert executed == pytest.approx(planted, rel=0.05)
            agreed &= abs(rise - planted) <= reach
        if agreed:
            return
    pytest.fail("cpu_seconds_per_run disagreed with the planted seconds in every attempt")


def half_width(found: ConstantRecord) -> float:
    assert found.low is not None
    assert found.high is not None
    return (found.high - found.low) / 2


@pytest.mark.slow
def test_levels_up_to_6_predict_the_memory_peak_of_level_10(tmp_path: Path) -> None:
    folder = ResultFolder(measure(FIXTURES / "held_out.yaml", tmp_path))
    rows = measured_bursts(folder.table("bursts"), folder.read_document().cells[0].cell_id)
    low, high = rows[rows["level"] <= 6], rows[rows["level"] == 10]
    line = fit_memory(as_bursts(low), seed=1)
    assert isinstance(line, Line)
    for concurrency, peak in zip(high["concurrency_peak"], high["memory_peak_bytes"], strict=True):
        predicted = predict(line, float(concurrency))
        print(f"{concurrency} at once: predicted {predicted.value / MIB:.0f} MiB, was {peak / MIB:.0f} MiB")
        assert predicted.extrapolated
        assert predicted.value == pytest.approx(peak, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.8.13", "1.11.16"])
def test_older_versions_pass_the_quick_scenario(version: str, tmp_path: Path) -> None:
    """The newest is what every other test measures, and the oldest what a night in turns does."""
    options = [f'dagster.versions=["{version}"]', "load.levels=[1,2]", "load.repeats=3"]
    options += ["workloads=[{workload: io_bound}]"]
    result = document(measure(QUICK, tmp_path, *(p for option in options for p in ("--set", option))))
    assert result.validity.state == "valid"
    for cell in result.cells:
        assert cell.packages["dagster"] == version
        assert cell.python_version
        constants = {constant.name: constant for constant in cell.constants}
        assert constants.keys() == usual_constants("runs", ["webserver"])
        assert constants["memory_per_run_bytes"].bursts == 6
        peaks = [level.memory_peak_bytes for level in cell.levels]
        assert None not in peaks
        assert np.all(np.diff(np.asarray(peaks, dtype=float)) > 50 * MIB)
        for level in cell.levels:
            assert level.rss_peak_bytes is not None
            assert level.pss_peak_bytes is not None
            assert level.rss_peak_bytes > level.pss_peak_bytes > 0
