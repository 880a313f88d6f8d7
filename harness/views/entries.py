"""What a folder of results holds, as lines of a list: one for each document, whatever its kind. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from harness.results.claims import ClaimsDocument
from harness.results.comparison import ComparisonDocument
from harness.results.document import ResultDocument
from harness.results.matrix import MatrixDocument
from harness.results.sizing import SizingDocument
from harness.results.trial import TrialDocument

Kind = Literal["result", "matrix", "claims", "sizing", "trial", "comparison", "folder", "unreadable"]
Document = (
    ResultDocument | MatrixDocument | ClaimsDocument | SizingDocument | TrialDocument | ComparisonDocument
)

RUNNING = "running"
UNFINISHED = "not finished"
FORCED = "forced"
UNREADABLE = "unreadable"
_WORST_FIRST = ("invalid", "inconclusive", "valid")


@dataclass(frozen=True)
class Entry:
    """One line of the list."""

    name: str
    """Path below the folder of results, with slashes; tells entries apart."""
    kind: Kind
    state: str = ""
    """Validity of results and matrices, outcome of trials, or one of the words above; empty where none is."""
    about: str = ""
    """One line: why it is not valid or cannot be read, or what it came to."""
    began: datetime.datetime | None = None
    finished: datetime.datetime | None = None
    versions: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ()
    parts: tuple[Entry, ...] = ()
    """Rounds, experiments and attempts, which are results themselves."""

    @property
    def last_name(self) -> str:
        """The name within the entry that it is part of."""
        return self.name.rpartition("/")[2]

    @property
    def comparable(self) -> bool:
        """Whether it may be picked for a comparison."""
        return self.kind in ("result", "matrix") and self.state not in (RUNNING, UNFINISHED)

    @property
    def readable(self) -> bool:
        """Whether there is something to open."""
        return self.kind not in ("folder", "unreadable")

    def with_parts(self) -> tuple[Entry, ...]:
        """Itself and all that is part of it, however deep."""
        return (self, *(deeper for part in self.parts for deeper in part.with_parts()))

    @property
    def running(self) -> tuple[Entry, ...]:
        """The results in it that are being measured."""
        return tuple(one for one in self.with_parts() if one.kind == "result" and one.state == RUNNING)


@dataclass(frozen=True)
class Filters:
    """What an entry must have; empty for anything."""

    version: str = ""
    workload: str = ""
    state: str = ""

    def match(self, entry: Entry) -> bool:
        """Whether an entry has it all."""
        return (
            self.version in ("", *entry.versions)
            and self.workload in ("", *entry.workloads)
            and self.state in ("", entry.state)
        )


def matching(entries: Iterable[Entry], filters: Filters) -> tuple[Entry, ...]:
    """Entries that match, or some part of which does; of their parts, those that match."""
    found = (replace(entry, parts=matching(entry.parts, filters)) for entry in entries)
    return tuple(entry for entry in found if entry.parts or filters.match(entry))


def newest_first(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """By the time they began; those without one last, by name."""
    named = sorted(entries, key=lambda one: one.name)
    return tuple(sorted(named, key=lambda one: -one.began.timestamp() if one.began else 1.0))


def entry_of(name: str, document: Document, parts: tuple[Entry, ...], running: bool) -> Entry:
    """The line of a document.

    Args:
        name: of the entry.
        document: what was read.
        parts: entries of the results that belong to it.
        running: whether a result is being measured right now.
    """
    match document:
        case ResultDocument():
            entry = _of_result(name, document, running)
        case MatrixDocument():
            entry = _of_matrix(name, document, parts)
        case ClaimsDocument():
            entry = _of_claims(name, document)
        case TrialDocument():
            entry = _of_trial(name, document)
        case SizingDocument():
            entry = _of_sizing(name, document)
        case ComparisonDocument():
            entry = _of_comparison(name, document)
    return _with_parts(entry, parts, moment(document.created_at))


def folder_of(name: str, parts: tuple[Entry, ...]) -> Entry:
    """A folder that holds entries and is none itself."""
    began = max((one.began for one in parts if one.began), default=None)
    return _with_parts(Entry(name, "folder"), parts, began)


def unreadable(name: str, why: str, parts: tuple[Entry, ...] = ()) -> Entry:
    """A folder that cannot be read, with the reason in one line."""
    return Entry(name, "unreadable", UNREADABLE, why, parts=parts)


def moment(text: str) -> datetime.datetime | None:
    """A time as documents hold it; None where it is none."""
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=datetime.UTC) if found.tzinfo is None else found


def _with_parts(entry: Entry, parts: tuple[Entry, ...], began: datetime.datetime | None) -> Entry:
    running = any(part.running for part in parts)
    return replace(
        entry,
        began=began,
        state=RUNNING if running else entry.state,
        finished=None if running else entry.finished,
        versions=_union(entry.versions, *(one.versions for one in parts)),
        workloads=_union(entry.workloads, *(one.workloads for one in parts)),
        stacks=_union(entry.stacks, *(one.stacks for one in parts)),
        parts=parts,
    )


def _of_result(name: str, document: ResultDocument, running: bool) -> Entry:
    told = [one.message for one in document.validity.reasons if one.severity != "note"]
    forced = ["constants fitted with --force"] if document.forced else []
    return Entry(
        name,
        "result",
        RUNNING if running else document.validity.state,
        "" if running else "; ".join(forced + told[:1]),
        finished=None if running else moment(document.finished_at),
        versions=_union(cell.dagster_version for cell in document.cells),
        workloads=_union(cell.workload for cell in document.cells),
        stacks=_union([document.stack]),
    )


def _of_matrix(name: str, document: MatrixDocument, parts: tuple[Entry, ...]) -> Entry:
    done = [one for one in parts if one.finished is not None]
    states = {one.state for one in parts}
    worst = next((state for state in _WORST_FIRST if state in states), UNFINISHED)
    return Entry(
        name,
        "matrix",
        worst if document.finished_at else UNFINISHED,
        f"{len(done)} of {len(document.rounds)} rounds measured; baseline {document.versions[0]}"
        if document.versions
        else "no versions",
        finished=moment(document.finished_at),
        versions=document.versions,
        stacks=_union([document.stack]),
    )


def _of_claims(name: str, document: ClaimsDocument) -> Entry:
    counts = Counter(one.verdict for one in document.claims)
    return Entry(
        name,
        "claims",
        "" if document.finished_at else UNFINISHED,
        ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()),
        finished=moment(document.finished_at),
        stacks=_union(one.stack for one in document.claims),
    )


def _of_trial(name: str, document: TrialDocument) -> Entry:
    size = document.size
    return Entry(
        name,
        "trial",
        UNFINISHED if size is None else size.outcome,
        f"the size for {document.platform}: {sum(document.peak.values())} runs at once",
        finished=moment(document.finished_at),
        versions=(document.dagster_version,),
        workloads=_union(document.peak),
        stacks=_union([document.stack]),
    )


def _of_sizing(name: str, document: SizingDocument) -> Entry:
    where = f" of {document.location}" if document.location else ""
    return Entry(
        name,
        "sizing",
        FORCED if document.forced else "",
        f"from {document.result}: {document.peak.total} runs at once{where}",
        versions=_union(one.dagster_version for one in document.kinds),
        workloads=_union(one.workload for one in document.kinds),
        stacks=_union([document.stack]),
    )


def _of_comparison(name: str, document: ComparisonDocument) -> Entry:
    counts = Counter(one.verdict for one in document.differences)
    return Entry(
        name,
        "comparison",
        FORCED if document.forced else "",
        ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()),
        versions=_union(one.dagster_version for one in (document.baseline, *document.others)),
        workloads=_union(one.workload for one in document.differences),
    )


def _union(*told: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for texts in told for text in texts if text))
