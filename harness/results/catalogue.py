"""What a folder of results holds, in a line each: for lists of them."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from harness.errors import ResultError
from harness.results.claims_document import read_claims
from harness.results.comparison_document import read_comparison
from harness.results.folder import ResultFolder
from harness.results.kinds import FILES, Told, kind_of
from harness.results.live_document import going_on
from harness.results.matrix_document import read_matrix
from harness.results.result_document import State
from harness.results.sizing_document import read_sizing
from harness.results.trend_document import read_entries
from harness.results.trial_document import read_trial

DEEPEST = 4
"""Folders further down are not looked into."""
_PASSED_OVER = ("logs", "parts")
_WHOLES = ("matrix", "claims", "trial")
"""Kinds that have results as parts, in folders of their own."""


@dataclass(frozen=True)
class Item:
    """One folder that the harness wrote."""

    path: str
    """Below the folder that is listed, with `/`; `.` is that folder itself."""
    kind: Told | Literal["trend"]
    created_at: str = ""
    versions: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    validity: State | None = None
    """Of a result; of a matrix, the worst of its rounds."""
    running: bool = False
    says: str = ""
    """What it comes to, in a few words."""
    fault: str = ""
    """Why it cannot be read."""
    part_of: str = ""
    """Path of the matrix, claims or trial that it belongs to."""


@dataclass
class Catalogue:
    """All that is below one folder. What has not changed on disk is not read again."""

    root: Path
    _known: dict[Path, tuple[tuple[int, int], Item]] = field(default_factory=dict)

    def items(self) -> list[Item]:
        """Everything, newest first; parts after the whole that they belong to. Links are not followed."""
        found = _whole(list(self._walk(self.root, DEEPEST)))
        order = {item.path: item.created_at for item in found}

        def place(item: Item) -> tuple[str, str, bool, str]:
            whole = item.part_of or item.path
            return order.get(whole, ""), whole, not item.part_of, item.path

        return sorted(found, key=place, reverse=True)

    def _walk(self, folder: Path, deeper: int) -> Iterator[Item]:
        item = self._item(folder)
        if item is not None:
            yield item
        if deeper:
            for below in _inside(folder):
                if below.is_dir() and not below.is_symlink() and below.name not in _PASSED_OVER:
                    yield from self._walk(below, deeper - 1)

    def _item(self, folder: Path) -> Item | None:
        kind = kind_of(folder)
        if kind is None:
            return _trend(folder, self._path(folder))
        try:
            state = (folder / FILES[kind]).lstat()
        except OSError:
            return None  # removed meanwhile
        if not stat.S_ISREG(state.st_mode):
            return None
        mark = state.st_mtime_ns, state.st_size
        known = self._known.get(folder)
        if known is None or known[0] != mark:
            item = Item(self._path(folder), kind)
            try:
                item = _READERS[kind](folder, item)
            except ResultError as error:
                item = replace(item, fault=str(error))
            known = self._known[folder] = (mark, item)
        return replace(known[1], running=going_on(folder) is not None)

    def _path(self, folder: Path) -> str:
        return folder.relative_to(self.root).as_posix()


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []  # removed meanwhile, or not ours to read


def _whole(items: Sequence[Item]) -> list[Item]:
    """Items that know what they are part of, and wholes that know what their parts are."""
    parts: dict[str, list[Item]] = {one.path: [] for one in items if one.kind in _WHOLES}
    placed = []
    for one in items:
        above = one.path.rpartition("/")[0] or "."
        if above in parts and one.path != ".":
            one = replace(one, part_of=above)
            parts[above].append(one)
        placed.append(one)
    return [_with_parts(one, parts.get(one.path, ())) for one in placed]


def _with_parts(whole: Item, parts: Sequence[Item]) -> Item:
    if not parts:
        return whole
    found = replace(
        whole,
        versions=whole.versions or _distinct(version for one in parts for version in one.versions),
        workloads=_distinct(workload for one in parts for workload in one.workloads),
        running=any(one.running for one in parts),
    )
    if whole.kind != "matrix":
        return found
    validities = [one.validity for one in parts if one.validity is not None]
    return replace(found, validity=max(validities, key=_WORSE.index, default=None))


_WORSE: tuple[State, ...] = ("valid", "inconclusive", "invalid")


def _result(folder: Path, item: Item) -> Item:
    document = ResultFolder(folder).read_document()
    unfinished = sum(cell.state != "finished" for cell in document.cells)
    return replace(
        item,
        created_at=document.created_at,
        versions=_distinct(cell.dagster_version for cell in document.cells),
        workloads=_distinct(cell.workload for cell in document.cells),
        validity=document.validity.state,
        says=f"{unfinished} of {len(document.cells)} cells not measured" if unfinished else "",
    )


def _matrix(folder: Path, item: Item) -> Item:
    matrix = read_matrix(folder)
    rounds = max((one.number for one in matrix.rounds), default=0)
    return replace(
        item,
        created_at=matrix.created_at,
        versions=matrix.versions,
        says=f"{rounds} rounds" + ("" if matrix.finished_at else ", not finished"),
    )


def _claims(folder: Path, item: Item) -> Item:
    claims = read_claims(folder)
    counts = Counter(one.verdict for one in claims.claims)
    return replace(
        item,
        created_at=claims.created_at,
        says=", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())),
    )


def _trial(folder: Path, item: Item) -> Item:
    trial = read_trial(folder)
    size = trial.size
    return replace(
        item,
        created_at=trial.created_at,
        versions=(trial.dagster_version,),
        workloads=tuple(trial.peak),
        says=f"{size.bursts_held} of {size.bursts} bursts held" if size is not None else "not tried yet",
    )


def _size(folder: Path, item: Item) -> Item:
    sizing = read_sizing(folder)
    return replace(
        item,
        created_at=sizing.created_at,
        workloads=tuple(sizing.peak.runs),
        says=f"{sizing.peak.total} runs at once, from {sizing.result}",
    )


def _comparison(folder: Path, item: Item) -> Item:
    comparison = read_comparison(folder)
    sides = (comparison.baseline, *comparison.others)
    return replace(
        item,
        created_at=comparison.created_at,
        versions=_distinct(side.dagster_version for side in sides),
        workloads=_distinct(one.workload for one in comparison.differences),
        says=f"{comparison.count('regressed')} regressed, {comparison.count('improved')} improved",
    )


def _trend(folder: Path, path: str) -> Item | None:
    if not any(folder.glob("*.json")):
        return None
    try:
        entries = read_entries(folder)
    except ResultError:
        return None  # JSON files of somebody else
    points = [point for entry in entries for point in entry.points]
    return Item(
        path,
        "trend",
        created_at=entries[-1].created_at,
        versions=_distinct(point.dagster_version for point in points),
        workloads=_distinct(point.workload for point in points),
        says=f"{len(entries)} results",
    )


def _distinct(values: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


_READERS: dict[Told, Callable[[Path, Item], Item]] = {
    "result": _result,
    "matrix": _matrix,
    "claims": _claims,
    "trial": _trial,
    "size": _size,
    "comparison": _comparison,
}
