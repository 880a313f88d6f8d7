"""Whether two subjects may be compared: what must be alike, and what else differs. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from harness.compare.subject import Subject
from harness.results.alike import changed_packages, installed
from harness.results.comparison_document import PackageRecord
from harness.results.fingerprint_record import MACHINE
from harness.results.result_document import ResultDocument

_MACHINE = (*MACHINE, "virtualisation")
"""What of a machine's fingerprint must be alike."""
_REMARKED = ("kernel", "distribution", "engine")


def unlike(baseline: Subject, other: Subject) -> list[str]:
    """Why two subjects must not be compared; empty where nothing speaks against it."""
    first, second = baseline.rounds[0].document, other.rounds[0].document
    found = first.fingerprint.differing(second.fingerprint, _MACHINE)
    if first.stack != second.stack:
        found.append(f"stack: {first.stack} and {second.stack}")
    found += [f"limits: {one} and {two}" for one, two in [(_limits(first), _limits(second))] if one != two]
    one, two = first.scenario.measures(), second.scenario.measures()
    differing = sorted(key for key in one.keys() | two.keys() if one.get(key) != two.get(key))
    if differing:
        found.append(f"scenario: {', '.join(differing)}")
    if _in_turns(baseline, other):
        found += _on_other_nodes(baseline, other)
    if not set(baseline.cells()) & set(other.cells()):
        found.append("no workload at the same limits is in both")
    return [f"{baseline.label} and {other.label}: {text}" for text in found]


def drifted(subject: Subject) -> list[str]:
    """Why rounds of one subject are not of one machine, system and set of packages; empty where they are."""
    first, *later = [one.document for one in subject.rounds]
    found = [
        f"{first.name} and {one.name}: {text}"
        for one in later
        for text in first.fingerprint.differing(one.fingerprint, (*_MACHINE, *_REMARKED))
    ]
    for first_cell, *later_cells in subject.cells().values():
        for cell in later_cells:
            changed = changed_packages(installed(first_cell), installed(cell))
            found += [f"rounds of {subject.label}: {name} {one} and {two}" for name, one, two in changed[:1]]
    return list(dict.fromkeys(found))


def remarks(baseline: Subject, other: Subject) -> list[str]:
    """What a reader should know of a comparison that may be made."""
    first, second = baseline.rounds[0].document, other.rounds[0].document
    pair = f"{baseline.label} and {other.label}"
    found = [f"{pair}: {text}" for text in first.fingerprint.differing(second.fingerprint, _REMARKED)]
    if first.harness_version != second.harness_version:
        found.append(f"{pair}: harness {first.harness_version} and {second.harness_version}")
    if not _in_turns(baseline, other):
        found += [
            f"{pair}: {text}; what tells these nodes apart counts as a difference"
            for text in _on_other_nodes(baseline, other)
        ]
        found.append(
            f"{pair}: not measured in turns, so a drift of the machine counts as a difference; "
            "`dagster-sizing matrix` measures in turns"
        )
    held = {
        cell.exclude_newer != "" for s in (baseline, other) for cells in s.cells().values() for cell in cells
    }
    if len(held) > 1:
        found.append(f"{pair}: the dependencies of one were held to its release date, and not of the other")
    return found


def packages(subjects: Iterable[Subject]) -> tuple[PackageRecord, ...]:
    """Packages, and Python itself, that are not the same for all."""
    versions: dict[str, dict[str, str]] = {}
    labels = []
    for subject in subjects:
        labels.append(subject.label)
        for cells in subject.cells().values():
            for cell in cells:
                for name, version in installed(cell).items():
                    versions.setdefault(name, {})[subject.label] = version
    return tuple(
        PackageRecord(name=name, versions={label: known.get(label, "") for label in labels})
        for name, known in sorted(versions.items())
        if len({known.get(label, "") for label in labels}) > 1
    )


def _in_turns(baseline: Subject, other: Subject) -> bool:
    """Whether they are of one matrix, or of one result."""
    same_result = {id(one.document) for one in baseline.rounds} & {id(one.document) for one in other.rounds}
    return bool(same_result) or len(baseline.rounds) > 1


def _on_other_nodes(baseline: Subject, other: Subject) -> list[str]:
    """Rounds that ran on one node of the cluster for one, and on another for the other."""
    found = []
    for number, (one, two) in enumerate(zip(baseline.rounds, other.rounds, strict=False), 1):
        here, there = one.nodes(baseline.dagster_version), two.nodes(other.dagster_version)
        if here and there and here != there:
            found.append(f"round {number}: measured on {' and '.join(here)}, and on {' and '.join(there)}")
    return found


def _limits(document: ResultDocument) -> str:
    return ", ".join(sorted({cell.limits.method for cell in document.cells if cell.limits is not None}))
