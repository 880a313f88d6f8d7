"""Timing the import of the code: which imports count, and what is told where there are none."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.scenario.model import LocationSection
from harness.stack.imports import MARK, Import, read_figures, time_imports

MODULE = LocationSection(module="my.definitions", working_directory=Path("/code"))


def printed(seconds: float) -> str:
    return f"hello\n{MARK}{json.dumps({'seconds': seconds, 'cpu_seconds': 1.0, 'memory_bytes': 5})}\n"


def test_the_first_import_warms_up_and_the_others_count() -> None:
    took = iter([9.0, 1.0, 2.0, 3.0, 4.0])
    asked: list[list[str]] = []

    def run(arguments: list[str], _timeout: float) -> str:
        asked.append(arguments)
        return printed(next(took))

    assert [one.seconds for one in time_imports(MODULE, run, 120)] == [1.0, 2.0, 3.0]
    flag, _script, target, _mark = asked[0]
    assert flag == "-c"
    assert json.loads(target) == {
        "python_file": None,
        "module": "my.definitions",
        "working_directory": "/code",
    }


def test_code_that_imports_slowly_is_imported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, 70.0, 70.0])
    monkeypatch.setattr("harness.stack.imports.time.monotonic", lambda: next(clock))
    assert [one.seconds for one in time_imports(MODULE, lambda *_: printed(70.0), 120)] == [70.0]


def test_code_that_does_not_import_has_no_figures() -> None:
    assert time_imports(MODULE, lambda *_: "Traceback", 120) == ()
    assert read_figures("") is None
    own = LocationSection(image="mine", command=("serve",))
    assert time_imports(own, lambda *_: pytest.fail("there is nothing to import"), 120) == ()


def test_the_probe_imports_as_dagster_does_and_counts_what_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "location.py"
    file.write_text("import beside\nprint('noise')\nBALLAST = bytearray(b'x') * (40 * 2**20)\n")
    (tmp_path / "beside.py").write_text("")
    location = LocationSection(python_file=file)

    def run(arguments: list[str], timeout: float) -> str:
        argv = [sys.executable, *arguments]
        return subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=True).stdout

    for figures in time_imports(location, run, 120):
        assert isinstance(figures, Import)
        assert figures.memory_bytes is not None
        assert 40 <= figures.memory_bytes / 2**20 < 42
        assert figures.seconds > 0
