"""The scenario as a result keeps it: whole, as it was written, and typed where it is read.

A result of an older harness may lack what scenarios have now, so that this is no `Scenario`: what is missing
has the value that it had then, and that is said here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, RootModel

_ONLY_NAMES = ("name", "description", "seed")
_NOT_ALWAYS_SAID = (("width", None), ("design", "balanced"))
"""Of the load, what older results do not say, with what it was then."""
"""Say nothing of what was measured."""


@dataclass(frozen=True)
class WorkloadView:
    """One entry of `workloads`, or one part of a mix."""

    label: str
    """What it is called in results."""
    workload: str
    """Which of our own it is; empty for a job of the user's."""
    duration_seconds: float | None
    """How long its runs were told to last; None where the harness chose, or nobody."""
    duration_is_auto: bool
    """Whether it is one of ours whose length the harness chose, and says so."""
    cpu_seconds: float
    """What each run computes, as far as the entry says."""
    parts: tuple[WorkloadView, ...] = ()
    """Of a mix."""
    held: bool = True
    """Whether the harness chose how long its runs last; of a mix, of any part."""


class ScenarioRecord(RootModel[dict[str, Any]]):
    """A scenario in a document."""

    model_config = ConfigDict(frozen=True)

    @property
    def name(self) -> str:
        """Its name; empty where it has none."""
        return str(self.root.get("name", ""))

    @property
    def seed(self) -> int:
        """Of all that is drawn at random; 1 where none was given."""
        return int(self.root.get("seed", 1))

    @property
    def shape(self) -> str:
        """Of the load: `burst` where it does not say."""
        return str(self._load.get("shape", "burst"))

    @property
    def window_seconds(self) -> float:
        """Time over which the launches were spread; 0 where they were not."""
        return float(self._load.get("window", 0) or 0)

    @property
    def fewer_than_repeats(self) -> int | None:
        """Bursts at each level that fewer were planned to be as good as; None where there were as many."""
        planned = self._load.get("design") == "optimal" and self._load.get("width") is None
        return int(self._load["repeats"]) if planned and "repeats" in self._load else None

    @property
    def workloads(self) -> tuple[WorkloadView, ...]:
        """Its workloads; none where it does not say."""
        entries = self.root.get("workloads") or ()
        return tuple(_workload(one) for one in entries if isinstance(one, Mapping))

    def measures(self) -> Mapping[str, Any]:
        """What it measures, to be compared: without its versions, and what only names it."""
        kept = {key: value for key, value in self.root.items() if key not in _ONLY_NAMES}
        dagster = {key: value for key, value in dict(kept.get("dagster") or {}).items() if key != "versions"}
        if "load" in kept:
            kept["load"] = {k: value for k, value in self._load.items() if (k, value) not in _NOT_ALWAYS_SAID}
        return kept | {"dagster": dagster}

    def as_written(self) -> Mapping[str, Any]:
        """All of it, for the loader of scenarios."""
        return self.root

    @property
    def _load(self) -> Mapping[str, Any]:
        return self.root.get("load") or {}


def _workload(entry: Mapping[str, Any]) -> WorkloadView:
    parts = tuple(_workload(part["runs"]) for part in entry.get("mix", ()))
    duration = entry.get("duration")
    own = "workload" in entry
    if parts:
        held = any(part.held for part in parts)
    else:
        held = entry.get("duration", "auto") == "auto" if own else bool(entry.get("hold"))
    return WorkloadView(
        label=_label(entry),
        workload=str(entry.get("workload", "")),
        duration_seconds=float(duration) if isinstance(duration, int | float) else None,
        duration_is_auto=duration == "auto",
        cpu_seconds=float(entry.get("cpu_seconds", 0.0)),
        parts=parts,
        held=held,
    )


def _label(entry: Mapping[str, Any]) -> str:
    named = entry.get("name") or entry.get("workload") or ("mix" if "mix" in entry else "")
    return str(named or re.sub(r"[^A-Za-z0-9._-]", "_", str(entry.get("job") or entry.get("tick", ""))))
