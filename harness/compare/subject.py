"""What is compared: all that was measured of one Dagster version, in one result or in several rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from harness.model.constants import CONSTANTS
from harness.model.definition import Points
from harness.model.difference import Design
from harness.model.intervals import Estimate
from harness.results.alike import setting_of
from harness.results.result_document import CellRecord, ResultDocument
from harness.results.table_schema import nodes_of
from harness.sizing.costs import estimate_of
from harness.sizing.fitting import measured_bursts, points_of

MOST_LEVEL = 1000
"""Levels are below; what tells rounds apart in a stratum."""


@dataclass(frozen=True)
class Round:
    """One result."""

    document: ResultDocument
    bursts: pd.DataFrame

    def nodes(self, dagster_version: str) -> tuple[str, ...]:
        """Where its cells of a version were measured; one empty text outside of clusters."""
        cells = [one.cell_id for one in self.document.cells if one.dagster_version == dagster_version]
        rows = self.bursts[self.bursts["cell_id"].isin(cells)] if len(self.bursts) else self.bursts
        return tuple(sorted(set(nodes_of(rows))))


@dataclass(frozen=True)
class Subject:
    """One version as it was measured; rounds with the same number ran one after another."""

    label: str
    dagster_version: str
    rounds: tuple[Round, ...]

    def cells(self) -> dict[str, tuple[CellRecord, ...]]:
        """Cells by setting, one of each round."""
        found: dict[str, tuple[CellRecord, ...]] = {}
        for one in self.rounds:
            for cell in one.document.cells:
                if cell.dagster_version == self.dagster_version:
                    key = setting_of(cell)
                    found[key] = (*found.get(key, ()), cell)
        return found

    def estimates(self, setting: str) -> dict[str, Estimate]:
        """The constants of a setting that was observed, of which there are no bursts; else none.

        Without latencies: launches that nobody plans hardly ever come in the same way twice.
        """
        found = [cell for cell in self.cells().get(setting, ()) if cell.observed]
        told = {one.name: estimate_of(one) for cell in found for one in cell.constants}
        return {
            name: one
            for name, one in told.items()
            if one is not None and CONSTANTS[name].compared and CONSTANTS[name].kind != "latency"
        }

    def points(self, setting: str) -> tuple[dict[str, Points], Design]:
        """The points of every constant of a setting, over all rounds, and how the bursts were measured."""
        frames = []
        for number, one in enumerate(self.rounds):
            for cell in one.document.cells:
                if cell.dagster_version == self.dagster_version and setting_of(cell) == setting:
                    rows = measured_bursts(one.bursts, cell.cell_id)
                    if rows.empty:
                        continue
                    frames.append(rows.assign(stratum=number * MOST_LEVEL + rows["level"].astype(int)))
        if not frames:
            return {}, Design.of_one_machine(np.array([], dtype=np.int64))
        rows = pd.concat(frames)
        compared = {
            name: _per_run(one) if CONSTANTS[name].by_level else one
            for name, one in points_of(rows).items()
            if CONSTANTS[name].compared
        }
        return compared, Design(rows["stratum"].to_numpy(np.int64), np.array(nodes_of(rows)))


def _per_run(points: Points) -> Points:
    per_run = np.full(len(points.y), np.nan)
    some = points.x > 0
    per_run[some] = points.y[some] / points.x[some]
    return Points("mean", points.x, per_run)


def subjects_of(results: Sequence[tuple[str, Sequence[Round]]]) -> list[Subject]:
    """One subject for each version in each group of results.

    Args:
        results: groups with a name: a result alone, or the rounds of a matrix.
    """
    found: list[Subject] = []
    for name, rounds in results:
        versions = dict.fromkeys(cell.dagster_version for one in rounds for cell in one.document.cells)
        for version in versions:
            own = tuple(
                one for one in rounds if any(cell.dagster_version == version for cell in one.document.cells)
            )
            found.append(Subject(f"{name} {version}", version, own))
    versions = dict.fromkeys(one.dagster_version for one in found)
    if len(versions) == len(found):
        return [Subject(one.dagster_version, one.dagster_version, one.rounds) for one in found]
    return found
