"""Whatever ends an experiment: nothing stays behind, what was measured is kept, and it can go on."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness.results.folder import ResultFolder
from tests.integration.bench_support import QUICK, document, read_until, run, start, traces

pytestmark = pytest.mark.integration

OPTIONS = ["--set", "load.levels=[1,2]", "--set", "load.repeats=3"]


def started_until(word: str, out: Path, state: Path, *extra: str) -> tuple[subprocess.Popen[str], str]:
    """Start an experiment and read its output until a line has `word`."""
    process = start("bench", str(QUICK), *OPTIONS, "--out", str(out), *extra, state=state)
    return process, read_until(process, word)


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("starting the code server", signal.SIGINT),
        ("starting the webserver", signal.SIGTERM),
        ("warm-up burst 2", signal.SIGTERM),
        ("burst 2 of 6", signal.SIGINT),
    ],
)
def test_ctrl_c_leaves_nothing_at_once(moment: str, number: signal.Signals, tmp_path: Path) -> None:
    out, state = tmp_path / "result", tmp_path / "state"
    process, seen = started_until(moment, out, state)
    time.sleep(0.3)
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, seen + output
    assert "--resume" in output
    assert traces(state) == []
    assert document(out).validity.state == "inconclusive"


def test_killed_then_cleaned_then_resumed(tmp_path: Path) -> None:
    out, state = tmp_path / "result", tmp_path / "state"
    process, _ = started_until("burst 2 of 6", out, state)
    # by now the first cell may be anywhere; wait for the second so that a finished one exists
    read_until(process, "cell 2 of 2", "burst 2 of 6")
    process.kill()
    process.communicate(timeout=60)

    partial = document(out)
    assert [cell.state for cell in partial.cells] == ["finished", "running"]
    assert partial.validity.state != "valid"
    code, shown = run("show", str(out), state=state)
    assert code == 0, shown
    assert "broken off" in shown or "not measured yet" in shown
    code, refused = run("fit", str(out), state=state)
    assert code == 4, refused

    code, output = run("clean", state=state)
    assert code == 0, output
    assert traces(state) == []

    first = ResultFolder(out).table("bursts")
    first = first[first["cell_id"] == partial.cells[0].cell_id]
    code, output = run("bench", str(QUICK), *OPTIONS, "--out", str(out), "--resume", state=state)
    assert code == 0, output
    assert "cell 1 of 2" not in output
    finished = document(out)
    assert finished.validity.state == "valid"
    assert [cell.attempt for cell in finished.cells] == [1, 2]
    again = ResultFolder(out).table("bursts")
    again = again[again["cell_id"] == partial.cells[0].cell_id]
    assert list(again["released_epoch_seconds"]) == list(first["released_epoch_seconds"])
    assert traces(state) == []


def test_clean_leaves_a_running_experiment_alone(tmp_path: Path) -> None:
    out, state = tmp_path / "result", tmp_path / "state"
    process, _ = started_until("warm-up burst 1", out, state)
    code, output = run("clean", state=state)
    assert code == 0
    assert "still running" in output
    assert process.poll() is None
    code, output = run("bench", str(QUICK), *OPTIONS, "--out", str(out), "--resume", state=state)
    assert code == 2
    assert "another experiment is writing here" in output
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert traces(state) == []


def test_a_reader_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    """As with `dagster-sizing bench ... | head`: whatever is said at the end cannot be said any more."""
    out, state = tmp_path / "result", tmp_path / "state"
    process, _ = started_until("warm-up burst 1", out, state)
    assert process.stdout is not None
    process.stdout.close()
    process.wait(timeout=120)
    assert traces(state) == []
    assert document(out).validity.state == "inconclusive"
