"""Ticks that the daemon makes by itself, in the newest Dagster and in the oldest."""

from pathlib import Path

import pytest

from harness.results.folder import ResultFolder
from harness.scenario.model import FREQUENT_TICKS
from tests.integration.bench_support import ROOT, document, measure

pytestmark = pytest.mark.integration

SCENARIO = ROOT / "workloads" / "scenarios" / "deployment.yaml"


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.13.27", "1.8.13"])
def test_a_tick_of_the_daemon_costs_it_cpu(version: str, tmp_path: Path) -> None:
    options = [f'dagster.versions=["{version}"]', "load.levels=[1]", "load.repeats=1"]
    options += ["load.ticking={windows: 3, length: 11s}"]
    out = measure(SCENARIO, tmp_path, *(part for option in options for part in ("--set", option)))
    bursts = ResultFolder(out).table("bursts")
    ticking = bursts[bursts["phase"] == "ticking"]
    assert len(ticking) == 3
    assert ticking["drained"].all()
    assert (ticking["daemon_ticks"] >= 2 * len(FREQUENT_TICKS)).all()
    assert (ticking["launches"] == 0).all()
    constants = {constant.name: constant for constant in document(out).cells[0].constants}
    tick = constants["daemon_cpu_seconds_per_tick"].value
    assert tick is not None
    assert 0 < tick < 1
