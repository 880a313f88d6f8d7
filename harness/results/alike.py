"""What is the same in results that are set side by side, and what is not."""

from __future__ import annotations

from collections.abc import Mapping

from harness.results.result_document import CellRecord


def setting_of(cell: CellRecord) -> str:
    """What a cell measures, whatever the version: its name without that."""
    return cell.cell_id.replace(f"-{cell.dagster_version}-", "-", 1)


def changed_packages(then: Mapping[str, str], now: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Name and both versions of each package that is not the same, by name; `none` where it lacks."""
    return [
        (name, then.get(name, "none"), now.get(name, "none"))
        for name in sorted(then.keys() | now.keys())
        if then.get(name) != now.get(name)
    ]


def installed(cell: CellRecord) -> dict[str, str]:
    """Versions of the packages of a cell's server, and of Python itself."""
    return cell.packages | {"python": cell.python_version}
