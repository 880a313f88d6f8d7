"""The committed figures: those that the documents show, as their command draws them of committed results."""

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.unit.cli_support import ROOT, Run

FIGURES = ROOT / "results" / "figures"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(page.read_text("utf-8") for page in PAGES)


def marks(file: Path) -> list[str]:
    """What is drawn, mark by mark, as the drawing itself tells: fonts of the machine have no part in it."""
    told = [one.get("aria-label", "") for one in ElementTree.parse(file).iter()]
    return [one for one in told if one and "-axis" not in one]


def test_the_committed_figures_are_those_in_the_documents() -> None:
    shown = re.findall(r"!\[([^\]]+)\]\((?:\.\./)?results/figures/([\w.-]+)\)", TEXT)
    assert sorted(name for _, name in shown) == sorted(file.name for file in FIGURES.iterdir())
    assert all(len(alternative) > 40 for alternative, _ in shown)
    assert sum(file.stat().st_size for file in FIGURES.iterdir()) < 100_000


def test_they_are_readable_on_white_and_on_black() -> None:
    for file in FIGURES.iterdir():
        first = next(one for one in ElementTree.parse(file).iter() if one.tag.endswith("rect"))
        assert first.get("fill") == "#ffffff", file


def test_the_command_of_the_documents_draws_them(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = re.search(r"dagster-sizing report (results/.+) --figures (\S+)", TEXT)
    assert command is not None
    copies = [tmp_path / path for path in command[1].split()]
    for copy in copies:
        source = ROOT / copy.relative_to(tmp_path)
        # of versions, the comparison: a test of its own holds it to the raw tables, which takes longer
        names = ["comparison.json"] if (source / "comparison.json").exists() else None
        copy.mkdir(parents=True)
        for file in source.iterdir():
            if file.is_file() and (names is None or file.name in names):
                shutil.copy(file, copy)
    drawn = tmp_path / "drawn"
    done = run("report", *map(str, copies), "--figures", str(drawn))
    assert done.returncode == 0, done.stderr
    for file in FIGURES.iterdir():
        assert marks(file)
        assert marks(drawn / file.name) == marks(file), file
