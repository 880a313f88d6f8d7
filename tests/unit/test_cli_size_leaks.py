"""A size of a server that leaks: memory for it until a restart, and how long each size lasts."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.results.folder import ResultFolder
from harness.sizing.fitting import fit_result
from tests.unit.cli_support import Run
from tests.unit.results_sample import NO_REPLICAS, bursts, document

MIB = 2**20
DEMAND = ("--run-duration", "45s", "--runs-per-hour", "20")


def result(folder: Path, leak_mib: float) -> Path:
    """Of runs each of which leaves so much behind for good."""
    rows = bursts()
    ended = rows["runs_succeeded"].to_numpy(float)
    before = np.cumsum(ended) - ended
    noise = np.random.default_rng(1).normal(0, 0.05 * MIB, len(rows))
    rows["memory_idle_bytes"] = 100 * MIB + leak_mib * MIB * before + noise
    rows["memory_peak_bytes"] += leak_mib * MIB * before
    written = ResultFolder(folder / "sample")
    written.write_document(fit_result(document(), rows, NO_REPLICAS))
    return written.path


def sized(run: Run, *arguments: str) -> dict[str, Any]:
    done = run("size", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def memory(told: dict[str, Any]) -> dict[str, Any]:
    target: dict[str, Any] = told["quantities"][0]["needs"][1]
    return target


def test_what_leaks_until_a_restart_is_in_the_sum(run: Run, tmp_path: Path) -> None:
    leaky = result(tmp_path / "leaky", 6.0)
    told, clean = sized(run, str(leaky), *DEMAND), sized(run, str(result(tmp_path / "clean", 0.0)), *DEMAND)
    assert clean["leak"] is None
    leak = told["leak"]
    assert leak["bytes_each"]["run of io_bound"] == pytest.approx(6 * MIB, rel=0.1)
    assert leak["bytes_per_hour"] == pytest.approx(20 * 6 * MIB, rel=0.1)
    # base and slope are as of the server that does not leak
    assert leak["needed_bytes"] == pytest.approx(memory(clean)["total"], rel=0.02)
    assert leak["restart_hours"] == pytest.approx(leak["needed_bytes"] / leak["bytes_per_hour"])
    assert memory(told)["total"] == pytest.approx(2 * leak["needed_bytes"])
    assert memory(told)["total"] == pytest.approx(sum(t["count"] * t["cost"] for t in memory(told)["terms"]))


def test_a_restart_may_be_asked_for(run: Run, tmp_path: Path) -> None:
    leaky = result(tmp_path, 6.0)
    told = sized(run, str(leaky), *DEMAND, "--restart-every", "3h")
    term = memory(told)["terms"][-1]
    assert (term["name"], term["count"]) == ("leaked until a restart", 3.0)
    shown = run("size", str(leaky), *DEMAND, "--restart-every", "3h").stdout
    assert "with each run of io_bound" in shown
    assert "Restart the code server every 3 h" in shown
    assert "full after" in " ".join(shown.split())


def test_a_small_leak_asks_for_a_restart_a_day(run: Run, tmp_path: Path) -> None:
    told = sized(run, str(result(tmp_path, 0.5)), *DEMAND)
    assert told["leak"]["restart_hours"] == 24.0
    assert memory(told)["terms"][-1]["count"] == 24.0


@pytest.mark.parametrize("options", [("--restart-every", "soon"), ("--ticks-per-hour", "-1")])
def test_what_makes_no_sense_is_refused(run: Run, tmp_path: Path, options: tuple[str, str]) -> None:
    done = run("size", str(result(tmp_path, 6.0)), *DEMAND, *options)
    assert done.returncode == 2
    assert " ".join(options) in done.stderr
