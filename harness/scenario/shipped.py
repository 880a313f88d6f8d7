"""Scenarios that come with the harness, by their names."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def scenario_path(given: Path) -> Path:
    """A file as it was given, or, where there is none, the shipped scenario of that name, such as `quick`."""
    if given.exists() or given.suffix or len(given.parts) != 1:
        return given
    found = {path.stem: path for path in shipped()}
    return found.get(given.name, given)


def shipped() -> tuple[Path, ...]:
    """Scenario files beside the workloads, sorted; none where the workloads are not installed."""
    spec = importlib.util.find_spec("workloads")
    folders = (spec.submodule_search_locations if spec is not None else None) or ()
    return tuple(sorted(path for folder in folders for path in Path(folder, "scenarios").glob("*.yaml")))
