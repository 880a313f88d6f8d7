"""What kind of folder it is that the harness wrote, by the file that tells."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Told = Literal["result", "matrix", "claims", "trial", "size", "comparison"]
FILES: dict[Told, str] = {
    "result": "result.json",
    "matrix": "matrix.json",
    "claims": "claims.json",
    "trial": "try.json",
    "size": "sizing.json",
    "comparison": "comparison.json",
}
"""By kind; a matrix that holds its comparison too is a matrix. A trend has no such file."""
_HOLDS: dict[Told, str] = {
    "result": "a result",
    "matrix": "a matrix of versions",
    "claims": "claims",
    "trial": "a trial",
    "size": "a size",
    "comparison": "a comparison",
}
_NAMED = 3
"""Folders that a message names at most."""


def kind_of(folder: Path) -> Told | None:
    """The kind that a file of the folder tells; None where none does."""
    return next((kind for kind, name in FILES.items() if (folder / name).exists()), None)


def absent(file: Path, writer: str) -> str:
    """Why a folder lacks the file that is asked of it, and what to give instead.

    Args:
        file: one of `FILES`, in the folder that was given.
        writer: the command that writes it.
    """
    folder = file.parent
    if not folder.exists():
        return f"{folder}: no such folder; give one that `{writer}` wrote"
    if not folder.is_dir():
        return f"{folder}: a file; give a folder that `{writer}` wrote"
    wanted = next((kind for kind, name in FILES.items() if name == file.name), None)
    there = kind_of(folder)
    if wanted is None:
        return f"{file}: no such file or folder; give a folder that `{writer}` wrote"
    holds = f"holds {_HOLDS[there]}, not {_HOLDS[wanted]}" if there else f"holds no {file.name}"
    below = sorted(one.parent for one in folder.glob(f"*/{file.name}"))
    if not below:
        return f"{folder}: {holds}; give a folder that `{writer}` wrote"
    names = [str(one) for one in below[:_NAMED]]
    more = f", or one of {len(below) - _NAMED} more" if len(below) > _NAMED else ""
    return f"{folder}: {holds}; give one of those in it: {', '.join(names)}{more}"
