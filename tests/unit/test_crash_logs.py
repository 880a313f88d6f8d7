"""Logs of internal errors: capped, and the old ones are removed by `clean`."""

import os
import time
from pathlib import Path

import pytest

from harness.crash_logs import MOST, OLD_SECONDS, write_crash_log
from harness.stack.ledger import clean


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_SIZING_STATE", str(tmp_path))
    return tmp_path


def crash(age_seconds: float = 0.0) -> Path:
    try:
        raise ValueError("a bug")
    except ValueError as error:
        file = write_crash_log(error)
    then = time.time() - age_seconds
    os.utime(file, (then, then))
    return file


def test_the_traceback_is_kept(state: Path) -> None:
    text = crash().read_text()
    assert "ValueError: a bug" in text
    assert "test_crash_logs.py" in text


def test_the_oldest_goes_when_there_are_too_many(state: Path) -> None:
    files = [crash(1000 - number) for number in range(MOST + 3)]
    left = set((state / "crashes").iterdir())
    assert len(left) == MOST
    assert files[-1] in left
    assert files[0] not in left


def test_clean_removes_old_ones_and_says_so(state: Path) -> None:
    old, young = crash(OLD_SECONDS + 60), crash()
    said: list[str] = []
    clean(said.append)
    assert said == ["removed 0 processes, 0 cgroups, 0 scratch folders, 1 old crash logs"]
    assert not old.exists()
    assert young.exists()
