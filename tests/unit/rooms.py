"""The rooms of the harness, what each may import, and the drawing of what each does import.

python -m tests.unit.rooms      draws it anew, into docs/rooms.svg and docs/architecture.md
"""

from __future__ import annotations

import ast
from pathlib import Path

from tests.unit.rooms_drawing import drawing

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
PICTURE = ROOT / "docs" / "rooms.svg"
BEGIN, END = "<!-- drawn by python -m tests.unit.rooms: begin -->", "<!-- end -->"
SHARED = {"errors", "atomic", "crash_logs", "interrupts", "web_session"}
"""Modules that every room may use."""
MAY_IMPORT: dict[str, set[str]] = {
    "scenario": set(),
    "target": set(),
    "observe": set(),
    "metrics": set(),
    "model": set(),
    "results": set(),
    "collect": {"observe"},
    "load": {"scenario", "target"},
    "stack": {"scenario", "target", "observe", "load"},
    "experiment": {"scenario", "target", "stack", "load", "observe", "model", "results"},
    "sizing": {"model", "results", "target"},
    "claims": {"model", "results"},
    "compare": {"model", "results", "sizing"},
    "campaign": {
        *("scenario", "target", "observe", "metrics", "stack", "experiment", "results"),
        *("sizing", "claims", "compare"),
    },
    "views": {"model", "results", "sizing"},
    "report": {"results", "views"},
    "serve": {"results", "report"},
}
"""In an order in which each imports only what stands above it; the command line, `cli`, may import all."""


def imports(file: Path) -> set[str]:
    """Modules that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def rooms_used(room: str) -> set[str]:
    """Other rooms that the files of one import."""
    files = (ROOT / "harness" / room).rglob("*.py")
    found = {name.split(".")[1] for file in files for name in imports(file) if name.startswith("harness.")}
    return found - SHARED - {room}


def lines_of(room: str) -> int:
    """Lines of code and comments in a room."""
    return sum(file.read_text("utf-8").count("\n") for file in (ROOT / "harness" / room).rglob("*.py"))


def render_matrix() -> str:
    """A row for each room, and a mark in the column of each room that it imports."""
    rooms = [*MAY_IMPORT, "cli"]
    numbered = {room: str(number) for number, room in enumerate(rooms, 1)}
    lines = ["| | room | " + " | ".join(numbered.values()) + " |", "|---|---|" + ":-:|" * len(rooms)]
    for room in rooms:
        used = rooms_used(room)
        marks = ["■" if other == room else "●" if other in used else " " for other in rooms]
        lines.append(f"| {numbered[room]} | `{room}` | " + " | ".join(marks) + " |")
    return "\n".join(lines) + "\n"


def render_picture() -> str:
    """SVG of the rooms."""
    return drawing({room: rooms_used(room) for room in (*MAY_IMPORT, "cli")})


def with_matrix(page: str) -> str:
    """The page with the drawing as the code is now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{render_matrix()}\n{END}{after}"


if __name__ == "__main__":
    PICTURE.write_text(render_picture(), "utf-8")
    PAGE.write_text(with_matrix(PAGE.read_text("utf-8")), "utf-8")
