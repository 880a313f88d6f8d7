"""The import rules of CONTRIBUTING.md, read from the source."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = {"errors", "atomic", "interrupts"}
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 80
MAY_IMPORT = {
    "scenario": set(),
    "target": set(),
    "stack": {"scenario", "target", "observe"},
    "load": {"scenario", "target"},
    "observe": set(),
    "experiment": {"scenario", "target", "stack", "load", "observe", "results"},
    "results": set(),
    "model": set(),
    "sizing": {"model", "results", "target"},
    "claims": {"model", "results"},
    "compare": {"model", "results", "sizing"},
    "campaign": {
        *("scenario", "observe", "stack", "experiment", "results"),
        *("sizing", "claims", "compare"),
    },
    "report": {"results", "views"},
    "views": {"model", "results", "sizing"},
    "serve": {"results", "report"},
}


def imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_each_package_imports_only_what_it_may(package: str) -> None:
    files = list((ROOT / "harness" / package).rglob("*.py"))
    assert files
    for file in files:
        used = {n.split(".")[1] for n in imports(file) if n.startswith("harness.")}
        assert used <= MAY_IMPORT[package] | SHARED | {package}, file


def test_an_experiment_knows_no_stack_but_their_protocol() -> None:
    for file in (ROOT / "harness" / "experiment").rglob("*.py"):
        used = {name for name in imports(file) if name.startswith("harness.stack")}
        assert used <= {"harness.stack.base", "harness.stack.capabilities"}, file


def test_the_harness_never_imports_dagster() -> None:
    for file in (ROOT / "harness").rglob("*.py"):
        assert not [n for n in imports(file) if n.split(".")[0].startswith("dagster")], file


def test_workloads_import_nothing_of_the_harness() -> None:
    for file in (ROOT / "workloads").rglob("*.py"):
        assert not [n for n in imports(file) if n.split(".")[0] == "harness"], file


@pytest.mark.parametrize("room", ["harness", "workloads", "tests"])
def test_files_and_functions_are_short(room: str) -> None:
    for file in (ROOT / room).rglob("*.py"):
        text = file.read_text("utf-8")
        assert text.count("\n") <= MOST_LINES, file
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                assert node.end_lineno - node.lineno < MOST_LINES_OF_A_FUNCTION, (file, node.name)


def test_the_rooms_have_an_order() -> None:
    """No room imports another that, over however many others, imports it."""
    order: list[str] = []
    while len(order) < len(MAY_IMPORT):
        ready = [room for room, used in MAY_IMPORT.items() if room not in order and used <= set(order)]
        assert ready, f"a cycle among {MAY_IMPORT.keys() - set(order)}"
        order += ready


def test_every_folder_of_the_harness_is_a_room() -> None:
    folders = {path.name for path in (ROOT / "harness").iterdir() if (path / "__init__.py").exists()}
    assert folders == MAY_IMPORT.keys() | {"cli"}


def test_nothing_imports_the_command_line() -> None:
    for file in (ROOT / "harness").rglob("*.py"):
        if file.parent.name != "cli" and file.name != "__main__.py":
            assert not [n for n in imports(file) if n.startswith("harness.cli")], file
