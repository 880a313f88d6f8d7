"""The wheel alone, in an empty folder: what `pip install` or `uvx` gives to somebody without a clone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import uv

from harness.results.folder import ResultFolder

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]
SMALL = ("--set", "workloads=[{workload: io_bound}]", "--set", "load.levels=[1,2]", "--set", "load.repeats=3")


def test_a_wheel_measures_in_an_empty_folder(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL", "PYTHON"))}
    environment = plain | {"XDG_STATE_HOME": str(tmp_path / "state")}

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=empty, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    pip = uv.find_uv_bin()
    run(pip, "build", "--wheel", "--quiet", str(ROOT), "--out-dir", str(tmp_path))
    (wheel,) = tmp_path.glob("*.whl")
    run(pip, "venv", "--quiet", "--python", "3.11", str(tmp_path / "venv"))
    python = str(tmp_path / "venv" / "bin" / "python")
    run(pip, "pip", "install", "--quiet", "--python", python, str(wheel))
    sizing = str(tmp_path / "venv" / "bin" / "dagster-sizing")
    assert "io_bound-" in run(sizing, "scenario", "check", "quick")
    assert "memory_per_run_bytes" in run(sizing, "bench", "quick", *SMALL, "--out", "result")
    assert ResultFolder(empty / "result").read_document().validity.state == "valid"
    assert (empty / "result" / "report.html").stat().st_size > 100_000
    (empty / "defs.py").write_text((ROOT / "tests/fixtures/own_code/shop.py").read_text("utf-8"))
    run(sizing, "init", "shop.yaml", "--python-file", "defs.py", "--job", "weekly")
    assert "weekly-" in run(sizing, "scenario", "check", "shop.yaml")
