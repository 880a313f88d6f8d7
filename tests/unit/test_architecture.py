"""The rules of docs/architecture.md, read from the source."""

import ast

import pytest

from tests.unit.rooms import (
    MAY_IMPORT,
    PAGE,
    PICTURE,
    ROOT,
    imports,
    render_picture,
    rooms_used,
    with_matrix,
)

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 80


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_each_room_imports_only_what_it_may(room: str) -> None:
    assert list((ROOT / "harness" / room).rglob("*.py"))
    assert rooms_used(room) <= MAY_IMPORT[room]


def test_no_arrow_leads_upwards() -> None:
    """Each room imports only those that stand before it, so there is no cycle."""
    order = list(MAY_IMPORT)
    for number, room in enumerate(order):
        assert MAY_IMPORT[room] <= set(order[:number]), room


def test_the_drawing_is_of_the_code_as_it_is() -> None:
    page = PAGE.read_text("utf-8")
    assert page == with_matrix(page), "draw it anew: python -m tests.unit.rooms"
    assert PICTURE.read_text("utf-8") == render_picture(), "draw it anew: python -m tests.unit.rooms"
    assert PICTURE.name in page


def test_an_experiment_knows_no_stack_but_their_protocol() -> None:
    for file in (ROOT / "harness" / "experiment").rglob("*.py"):
        used = {name for name in imports(file) if name.startswith("harness.stack")}
        assert used <= {"harness.stack.base", "harness.stack.capabilities"}, file


def test_the_harness_never_imports_dagster() -> None:
    for file in (ROOT / "harness").rglob("*.py"):
        if file.name == "import_probe.py":
            continue  # not imported: its text runs in the code server's environment
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


def test_every_folder_of_the_harness_is_a_room() -> None:
    folders = {path.name for path in (ROOT / "harness").iterdir() if (path / "__init__.py").exists()}
    assert folders == MAY_IMPORT.keys() | {"cli"}


def test_nothing_imports_the_command_line() -> None:
    for file in (ROOT / "harness").rglob("*.py"):
        if file.parent.name != "cli" and file.name != "__main__.py":
            assert not [n for n in imports(file) if n.startswith("harness.cli")], file
