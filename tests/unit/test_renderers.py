"""One registry says what can be printed as what; an output format from outside is one entry."""

import sys
from types import ModuleType

import pytest

from harness.report import renderers
from harness.report.renderers import RENDERERS, Format, formats_of
from harness.results.sizing_document import SizingDocument
from tests.unit.cli_support import Run

LIGHT = ("size", "results/claims/light", "--run-duration", "45s", "--runs-per-hour", "200")


@pytest.mark.parametrize("entry", RENDERERS.items(), ids=lambda entry: "-".join(entry[0]))
def test_every_renderer_is_there(entry: tuple[tuple[renderers.Subject, Format], str]) -> None:
    (subject, output), _ = entry
    assert callable(renderers._renderer(subject, output))
    assert formats_of(subject)[0] == "table"


def test_a_size_is_printed_as_markdown(run: Run) -> None:
    done = run(*LIGHT, "--format", "markdown")
    assert done.returncode == 0
    assert done.stdout.startswith("# Size from light\n")
    assert "| compose | 0.8 | 1,600 MiB | 14 | 16 |" in done.stdout
    tables = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert len(tables) > 20
    table = run(*LIGHT).stdout
    for word in ("118.1 MiB + 14 × 98.1 MiB", "lower", "gRPC workers", "arrivals at random"):
        assert word in done.stdout
        assert word.split()[0] in table


def test_a_format_that_a_document_does_not_have_is_refused(run: Run) -> None:
    done = run(*LIGHT, "--format", "junit")
    assert done.returncode == 2
    assert done.stderr == "error: --format junit: one of table, json, markdown is expected\n"


def test_a_format_from_outside_is_one_entry(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def memory_alone(sizing: SizingDocument) -> str:
        return f"{sizing.shape('compose').memory_bytes}\n"

    plugin = ModuleType("made_up_renderer")
    plugin.memory_alone = memory_alone  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "made_up_renderer", plugin)
    monkeypatch.setitem(RENDERERS, ("size", Format.JUNIT), "made_up_renderer:memory_alone")
    sys.modules.pop("harness.cli.size", None)  # its options were read when it was imported
    done = run(*LIGHT, "--format", "junit")
    sys.modules.pop("harness.cli.size", None)
    assert done.stdout == f"{1600 * 2**20}\n"
