"""A change of the code leaves every figure as it was: constants, levels, validity and sizes.

Claims and comparisons are held to what is committed by `tests/unit/test_reference_*.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden import figures
from tests.unit.cli_support import Run

FOLDERS = [str(folder) for group in figures.GROUPS for folder in figures.result_folders(group)]


@pytest.fixture
def command(run: Run) -> figures.Command:
    def told(*arguments: str) -> str:
        done = run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return told


def test_every_committed_result_has_kept_figures() -> None:
    assert {folder for group in figures.GROUPS for folder in figures.kept(group)} == set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_result_is_fitted_to_the_same_figures(
    folder: str, command: figures.Command, tmp_path: Path
) -> None:
    then = figures.kept(folder.partition("/")[0])[folder]
    now = figures.fitted(command, Path(folder), tmp_path)
    assert list(figures.unlike(now, then)) == []


@pytest.mark.parametrize("name", sorted(figures.SIZES))
def test_a_size_has_the_same_figures(name: str, command: figures.Command) -> None:
    assert list(figures.unlike(figures.sized(command, name), figures.kept("sizes")[name])) == []


def test_a_changed_figure_is_found() -> None:
    then = {"cells": {"a": {"constants": [{"name": "base", "value": 1.0}, {"name": "slope", "value": 2.0}]}}}
    more = {"name": "new", "value": 5.0}
    now = {"cells": {"a": {"constants": [more, *then["cells"]["a"]["constants"]]}}}
    assert list(figures.unlike(now, then)) == []
    changed = {"cells": {"a": {"constants": [more, then["cells"]["a"]["constants"][0]]}}}
    assert list(figures.unlike(changed, then)) != []
    assert list(figures.unlike({"cells": {}}, then)) == [".cells.a: gone"]
    assert list(figures.unlike(1.0001, 1.0)) == [": 1.0 before, 1.0001 now"]
