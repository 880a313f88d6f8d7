"""Results that belong on one node, as earlier calls left them: where they were measured, and what is left."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from harness.results.folder import ResultFolder
from harness.results.table_schema import nodes_of


def left_to_do(path: Path) -> Literal["measure", "finish", "again", ""]:
    """What is to be done about a result: `again` if it came out inconclusive, nothing if it is good."""
    folder = ResultFolder(path)
    if not folder.exists:
        return "measure"
    document = folder.read_document()
    if not document.whole:
        return "finish"
    return "again" if document.validity.state == "inconclusive" else ""


def node_of(paths: Sequence[Path]) -> str:
    """Where the first of them that was begun in a cluster was; empty where none was."""
    return next(filter(None, map(_node_of, paths)), "")


def set_aside(path: Path) -> str:
    """Give a result's place free, and keep it; name of the folder that it is now."""
    places = (path.with_name(f"{path.name}-set-aside-{number}") for number in itertools.count(1))
    aside = next(place for place in places if not place.exists())
    path.rename(aside)
    return aside.name


def set_aside_if_elsewhere(paths: Sequence[Path], here: str, what: str, note: Callable[[str], None]) -> None:
    """Begin anew what was begun on another node.

    Args:
        paths: results that belong on one node, at least one of which is not finished.
        here: the node; empty for any.
        what: they are together, with its article.
        note: is told of each that gave its place free.
    """
    elsewhere = sorted(set(map(_node_of, paths)) - {"", here}) if here else []
    for path in paths if elsewhere else ():
        if ResultFolder(path).exists:
            note(
                f"{what} was begun on {' and '.join(elsewhere)}, and has one node: kept as {set_aside(path)}"
                ", and measured again"
            )


def _node_of(path: Path) -> str:
    folder = ResultFolder(path)
    return next(filter(None, nodes_of(folder.table("bursts"))), "") if folder.exists else ""
