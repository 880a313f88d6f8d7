"""The stages of an experiment that its time is told by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

Stage = Literal[
    "command",
    "environment",
    "imports",
    "start",
    "warm-up",
    "rest",
    "launch",
    "hold",
    "drain",
    "ticking",
    "record",
    "end",
    "fit",
    "pages",
    "other",
]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""In the order in which they come."""

MEANINGS: dict[Stage, str] = {
    "command": "until the command had read the scenario",
    "environment": "finding or making the environment of Dagster",
    "imports": "timing the import of the code",
    "start": "starting the code server and what belongs to it",
    "warm-up": "bursts before those that count",
    "rest": "waiting for the code server to rest before a burst",
    "launch": "from the release of a burst until its last launch was answered",
    "hold": "from then until its last run had ended",
    "drain": "from then until nothing of it was left",
    "ticking": "letting the daemon tick",
    "record": "writing down what was seen",
    "end": "taking the code server down",
    "fit": "fitting the constants",
    "pages": "writing the reports",
    "other": "all else",
}

Spent = Mapping[str, float]
"""Seconds by stage."""


def summed(parts: Iterable[Spent]) -> dict[str, float]:
    """All of them together, in the order of the stages."""
    told = list(parts)
    known = [stage for stage in STAGES if any(stage in one for one in told)]
    return {stage: sum(one.get(stage, 0.0) for one in told) for stage in known}
