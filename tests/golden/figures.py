"""The figures of every committed result, as the commands tell them: made anew, to be held against those kept.

python -m tests.golden.figures      writes them; only where a change of figures is wanted, and said why
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from harness.cli.main import app

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
KEPT = Path(__file__).parent
GROUPS = ("changes", "claims", "started", "versions")
"""Folders below `results/` that hold results; one file of kept figures each."""

SIZES: dict[str, tuple[str, ...]] = {
    "rate": ("claims/light", "--run-duration", "45s", "--runs-per-hour", "200"),
    "busy": ("claims/cpu", "--run-duration", "20s", "--runs-per-hour", "900", "--force"),
    "jobs": ("claims/shared-state", "--jobs", "tests/golden/jobs.yaml"),
    "history": ("claims/profiler", "--history", "tests/golden/history.csv"),
    "prices": (
        *("claims/light", "--run-duration", "300s", "--runs-per-hour", "30"),
        *("--prices", "tests/golden/prices.yaml", "--ticks", "3"),
    ),
}
"""Arguments of `size`, the result first."""

Command = Callable[..., str]
"""Runs `dagster-sizing` with these arguments, in the root of the project, and gives what it printed."""


def result_folders(group: str) -> list[Path]:
    """Every result of a group, below `results/`."""
    return sorted(file.parent.relative_to(RESULTS) for file in (RESULTS / group).rglob("result.json"))


def fitted(command: Command, folder: Path, scratch: Path) -> dict[str, Any]:
    """Validity, constants, levels and replicas of a result, fitted again from its raw tables."""
    copy = shutil.copytree(RESULTS / folder, scratch / folder.name)
    command("fit", str(copy), "--force")
    document = json.loads((copy / "result.json").read_text("utf-8"))
    keep = ("constants", "levels", "replica_records")
    return {
        "validity": document["validity"],
        "cells": {cell["cell_id"]: {name: cell[name] for name in keep} for cell in document["cells"]},
    }


def sized(command: Command, name: str) -> dict[str, Any]:
    """A size, without what tells when and by which version it was computed."""
    result, *options = SIZES[name]
    told: dict[str, Any] = json.loads(command("size", str(RESULTS / result), *options, "--format", "json"))
    for changing in ("created_at", "harness_version"):
        del told[changing]
    return told


def kept(name: str) -> Any:
    """The figures that are kept under `name`."""
    return json.loads((KEPT / f"{name}.json").read_text("utf-8"))


def unlike(now: Any, then: Any, path: str = "") -> Iterator[str]:
    """Where two trees of figures differ: numbers by more than the last digits, all else at all.

    A key that is new is no difference, as figures may be added; one that is gone is.
    """
    if isinstance(then, dict) and isinstance(now, dict):
        for key, value in then.items():
            if key in now:
                yield from unlike(now[key], value, f"{path}.{key}")
            else:
                yield f"{path}.{key}: gone"
    elif isinstance(then, list) and isinstance(now, list):
        by_name = {one.get("name"): one for one in now if isinstance(one, dict)}
        named = len(by_name) == len(now) and None not in by_name
        if not named and len(now) != len(then):
            yield f"{path}: {len(then)} entries before, {len(now)} now"
        for place, value in enumerate(then):
            if named and isinstance(value, dict) and value.get("name") in by_name:
                yield from unlike(by_name[value["name"]], value, f"{path}.{value['name']}")
            elif place < len(now):
                yield from unlike(now[place], value, f"{path}.{place}")
    elif isinstance(then, float | int) and isinstance(now, float | int):
        if abs(now - then) > 1e-7 * max(abs(now), abs(then)):
            yield f"{path}: {then} before, {now} now"
    elif now != then:
        yield f"{path}: {then!r} before, {now!r} now"


def _command(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def _write(name: str, figures: Any) -> None:
    text = json.dumps(figures, separators=(",", ":"), sort_keys=True).replace("},{", "},\n{")
    (KEPT / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Write all kept figures anew."""
    with tempfile.TemporaryDirectory() as scratch:
        for group in GROUPS:
            _write(
                group,
                {str(one): fitted(_command, one, Path(scratch) / group) for one in result_folders(group)},
            )
    _write("sizes", {name: sized(_command, name) for name in SIZES})


if __name__ == "__main__":
    main()
