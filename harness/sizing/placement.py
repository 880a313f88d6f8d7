"""How launches spread over replicas behind one name, and what falls on one of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import InputError
from harness.model.distributions import share_at_most
from harness.results.folder import Columns
from harness.results.result_document import ResultDocument

BURSTS = ("cell_id", "burst", "phase", "drained")
"""Columns of the table of bursts that tell which of them count."""
REPLICAS = ("cell_id", "burst", "runs")
"""Columns of the table of replicas."""
MOST_REPLICAS = 4
"""So many are looked at."""
_MEASURE = (
    "measure it: bench --stack compose --set server.replicas=3 --set load.shape=soak --set load.window=10m "
    "--set 'load.levels=[120]'"
)


@dataclass(frozen=True)
class Share:
    """One of several replicas."""

    replicas: int = 1
    of_launches: float = 1.0
    """Share of the launches that come one by one; what is launched at one instant goes whole to one replica
    (claims `replicas-round-robin`, `replicas-isolate`)."""

    def rarely(self, days: float) -> float:
        """How rare a level must be on each to be exceeded once in so many days on any (Boole's bound)."""
        return days * self.replicas if self.of_launches < 1 else days


WHOLE = Share()


@dataclass(frozen=True)
class Placement:
    """Launches that came one by one, over replicas behind one name."""

    result: str
    """Name of the result it was measured in."""
    replicas: int
    launches: int
    on_busiest: int
    """Of them, on the busiest replica of each burst."""

    @property
    def most_of_even(self) -> float:
        """The upper 97.5 % limit of the busiest replica's share, over an even one: 1 to `replicas`."""
        return max(1.0, share_at_most(self.on_busiest, self.launches) * self.replicas)

    def share(self, replicas: int) -> Share:
        """What at most falls on one of so many replicas, if they are as uneven as those measured."""
        return Share(replicas, 1.0 if replicas == 1 else min(1.0, self.most_of_even / replicas))


def shares(placement: Placement | None) -> Sequence[Share]:
    """One server, and where it was measured how launches spread, one of 2, 3 and 4 replicas."""
    if placement is None:
        return (WHOLE,)
    return tuple(placement.share(number) for number in range(1, MOST_REPLICAS + 1))


def placement_of(document: ResultDocument, bursts: Columns, replicas: Columns) -> Placement:
    """How launches spread in a result.

    Args:
        document: of the result.
        bursts, replicas: `BURSTS` and `REPLICAS` of its tables of these names.

    Raises:
        InputError: it had one server, its launches came at one instant, or none was measured.
    """
    cells = {cell.cell_id: cell.replicas for cell in document.cells if cell.replicas > 1}
    if not cells:
        raise InputError(f"{document.name}: server.replicas: measured on one code server; {_MEASURE}")
    if document.scenario.shape == "burst":
        raise InputError(
            f"{document.name}: load.shape: burst, and what is launched at one instant goes whole to one "
            f"replica; for launches that come one by one, {_MEASURE}"
        )
    if any(name not in bursts for name in BURSTS) or any(name not in replicas for name in REPLICAS):
        raise InputError(f"{document.name}: does not tell which replica took which run; {_MEASURE}")
    counted = {
        (cell, burst)
        for cell, burst, phase, drained in zip(*(bursts[name] for name in BURSTS), strict=True)
        if cell in cells and phase == "measure" and drained
    }
    runs_of: dict[tuple[str, int], list[int]] = {key: [] for key in counted}
    for cell, burst, runs in zip(*(replicas[name] for name in REPLICAS), strict=True):
        if (cell, burst) in counted:
            runs_of[cell, burst].append(int(runs))
    launches = sum(map(sum, runs_of.values()))
    if not launches:
        raise InputError(f"{document.name}: no launch was measured in it; go on with it: bench --resume")
    return Placement(
        document.name, min(cells.values()), launches, sum(max(one) for one in runs_of.values() if one)
    )
