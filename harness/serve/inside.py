"""Paths out of addresses: only folders below the one that is served."""

from __future__ import annotations

from pathlib import Path

from harness.errors import ResultError


def inside(root: Path, path: str) -> Path:
    """The folder that `path` names below `root`, and not elsewhere by any link; a file in it may be one.

    Raises:
        ResultError: there is no such folder below `root`.
    """
    top = root.resolve()
    refused = ResultError(f"{path}: no such folder among the results")
    try:
        found = (top / path).resolve(strict=True)
    except (OSError, ValueError):  # not there, or a zero byte
        raise refused from None
    if not found.is_relative_to(top) or not found.is_dir():
        raise refused
    return found


def closed(root: Path, path: str) -> Path:
    """The same, where no link in the folder leads out of `root` either: for pages that read all of it.

    Raises:
        ResultError: there is no such folder below `root`, or one does.
    """
    found, top = inside(root, path), root.resolve()
    if any(file.is_symlink() and not file.resolve().is_relative_to(top) for file in found.rglob("*")):
        raise ResultError(f"{path}: a link in it leads out of the results")
    return found
