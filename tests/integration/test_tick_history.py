"""The ticks that a real daemon made, read twice: by name, and as those of a deployment."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from harness.scenario.cells import cells_of
from harness.scenario.load import load_scenario
from harness.scenario.model import FREQUENT_TICKS
from harness.stack.process import ProcessStack
from harness.target.sensors import Sensors
from harness.target.tick_history import location_ticks
from tests.integration.bench_support import ROOT

pytestmark = pytest.mark.integration


def test_all_that_a_daemon_made_is_told(tmp_path: Path) -> None:
    scenario = load_scenario(ROOT / "workloads" / "scenarios" / "deployment.yaml", []).scenario
    with ProcessStack().up(scenario, cells_of(scenario)[0], tmp_path, print) as deployment:
        endpoint, began = deployment.endpoint, time.time()
        client = endpoint.client()
        sensors = Sensors(client, endpoint)
        sensors.start(FREQUENT_TICKS)
        time.sleep(15)
        sensors.stop()
        time.sleep(5)
        until = time.time()
        expected = sorted(one.began_epoch_seconds for one in sensors.ticks(FREQUENT_TICKS, began))
        found = location_ticks(client, (endpoint.location,), began, until, print)
        client.close()
    assert found is not None
    assert len(expected) >= len(FREQUENT_TICKS)
    assert [one.began for one in found] == expected
    assert all(one.began <= one.ended <= until for one in found)
