"""The import rules of CONTRIBUTING.md, read from the source."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = {"errors"}
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
