"""A file is replaced whole or not at all."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.atomic import replacing, write_text


def test_a_file_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    for durable in (True, False):
        for text in ("one", "another"):
            write_text(file, text, durable)
            assert file.read_text() == text
    assert list(tmp_path.iterdir()) == [file]


def test_a_writer_that_fails_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    write_text(file, "before")

    def fail() -> None:
        with replacing(file) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_what_a_killed_writer_leaves_is_no_file_of_that_kind(tmp_path: Path) -> None:
    file = tmp_path / "0001-bursts.parquet"
    script = (
        "import os, pathlib, signal, sys; from harness.atomic import replacing\n"
        "with replacing(pathlib.Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script, str(file)], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.suffix for path in tmp_path.iterdir()] == [".tmp"]
    assert list(tmp_path.glob("*-bursts.parquet")) == []
    write_text(file, "whole")
    assert file.read_text() == "whole"
