"""Memory that runs and ticks were made to leave behind comes back as the constant that it is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.model.leak_rule import is_leak
from tests.integration.bench_support import ATTEMPTS, FIXTURES, constant, document, measure

pytestmark = [pytest.mark.integration, pytest.mark.slow]

MIB = 2**20
PLANTED = {"nothing": 0.0, "half": 0.5, "six": 6.0, "forty": 40.0}
"""MiB for each run or tick."""


@pytest.fixture
def leak_folder() -> Iterator[Path]:
    """In the memory file system, and gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="leaks-", dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


def workloads(kind: str) -> list[dict[str, Any]]:
    if kind == "tick":
        return [{"tick": f"keeps_{name}"} for name in PLANTED]
    return [
        {
            "job": "leaking",
            "name": f"keeps_{name}",
            "run_config": {"ops": {"leave": {"config": {"mib": mib}}}},
        }
        for name, mib in PLANTED.items()
    ]


@pytest.mark.parametrize("kind", ["run", "tick"])
def test_planted_leaks_are_recovered(kind: str, tmp_path: Path, leak_folder: Path) -> None:
    """Within 10 % or 0.2 MiB. A shared machine may disturb a burst: any of a few attempts has to agree."""
    scenario = tmp_path / "scenario.yaml"
    settings = {
        "name": "leaks",
        "location": {"python_file": str(FIXTURES / "locations" / "leaking.py")},
        "server": {"cpus": 2, "memory": "4GiB", "env": {"LEAK_FOLDER": str(leak_folder)}},
        "workloads": workloads(kind),
        "load": {"levels": [1, 3], "repeats": 5, "warmup": {"launches": 2, "min_bursts": 3, "max_bursts": 4}},
    }
    scenario.write_text(yaml.safe_dump(settings))
    for attempt in range(ATTEMPTS):
        result = document(measure(scenario, tmp_path / str(attempt)))
        agreed = True
        for name, planted in PLANTED.items():
            found = constant(result, f"keeps_{name}", f"leak_bytes_per_{kind}")
            assert found.value is not None
            leaks = is_leak(found.name, found.low)
            print(f"{kind}: planted {planted} MiB, found {found.value / MIB:.3f} MiB, a leak: {leaks}")
            agreed &= abs(found.value / MIB - planted) <= max(0.2, 0.1 * planted)
            agreed &= leaks or planted < 1
            agreed &= not leaks or planted > 0
        if agreed:
            return
    pytest.fail("the leaks were not recovered in any attempt")
