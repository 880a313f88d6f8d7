"""A path that the system refuses is one line and exit code 2, not a bug of ours."""

import errno
import re
from pathlib import Path

import pytest

from harness.cli import main
from tests.unit.cli_support import ROOT, Run

LEVELS = str(ROOT / "results/claims/light")  # a result that can be sized
QUICK = "workloads/scenarios/quick.yaml"
DEMAND = ("--run-duration", "45s", "--runs-per-hour", "3", "--force")
LONG = "x" * 300


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.write_text("mine")
    return made


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("size", LEVELS, *DEMAND, "--out", "FILE"), "FILE: File exists; a file is where a folder"),
        (("size", LEVELS, *DEMAND, "--out", "FILE/below"), "FILE/below: Not a directory; a file is where"),
        (("size", LEVELS, *DEMAND, "--out", f"FOLDER/{LONG}"), "File name too long; choose a shorter one"),
        (("size", LEVELS, *DEMAND, "--out", "/sys/size"), "/sys/size: Operation not permitted; choose"),
        (("bench", QUICK, "--out", "FILE"), "FILE: File exists"),
        (("claims", "--out", "FILE"), "FILE: File exists"),
        (("matrix", QUICK, "--versions", "1.13.27,1.12.22", "--out", "FILE"), "FILE"),
        (("trend", "add", LEVELS, "--to", "FILE"), "FILE"),
    ],
)  # fmt: skip
def test_a_path_that_is_refused_is_no_bug(
    run: Run, file: Path, arguments: tuple[str, ...], told: str
) -> None:
    def placed(word: str) -> str:
        return word.replace("FILE", str(file)).replace("FOLDER", str(file.parent))

    done = run(*map(placed, arguments))
    assert done.returncode == 2, done.stderr
    assert placed(told) in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert file.read_text() == "mine"


def test_what_is_no_path_of_the_users_stays_a_bug(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(main, "app", fail)
    done = run()
    assert done.returncode == 1
    assert "a bug in dagster-sizing" in done.stderr


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files: raise .*ulimit -n"),
        (OSError(errno.ENOSPC, "Error writing bytes to file"), "No space left on device: make room"),
        (OSError(errno.EAGAIN, "x"), "Resource temporarily unavailable: raise .*ulimit -u"),
        (MemoryError(), "no memory left"),
    ],
)
def test_what_the_machine_ran_out_of_is_no_bug(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    def failing() -> None:
        raise error

    monkeypatch.setattr(main, "app", failing)
    done = run("show", LEVELS)
    assert done.returncode == 3
    assert re.search(told, done.stderr), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
