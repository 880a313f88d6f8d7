"""Two experiments at once on one machine: both say that they disturb each other."""

from pathlib import Path

import pytest

from tests.integration.bench_support import QUICK, document, start, traces

pytestmark = [pytest.mark.integration, pytest.mark.slow]

OPTIONS = ("--set", "load.levels=[1]", "--set", "load.repeats=2", "--set", "workloads=[{workload: io_bound}]")


def test_two_at_once_are_both_inconclusive_and_say_why(tmp_path: Path) -> None:
    state, outs = tmp_path / "state", [tmp_path / name for name in ("one", "other")]
    processes = [start("bench", str(QUICK), *OPTIONS, "--out", str(out), state=state) for out in outs]
    for process, out in zip(processes, outs, strict=True):
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 4, output
        assert "another experiment is measuring on this machine" in output
        validity = document(out).validity
        assert validity.state == "inconclusive"
        assert "not-alone" in [reason.code for reason in validity.reasons]
    assert traces(state) == []
