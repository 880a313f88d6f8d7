"""Whether runs would have held long enough in the bursts of committed results, replayed as they started."""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from harness.experiment.plan import StartSpread, hold_seconds
from harness.results.folder import ResultFolder
from harness.results.result_document import CellRecord

RESULTS = Path(__file__).parents[2] / "results"
DEFAULT_PLATEAU = 1.5


@dataclass
class Replayed:
    """What bursts of a kind came to."""

    bursts: int = 0
    missed: int = 0
    """Not all runs were at once."""
    held: float = 0.0
    waits: float = 0.0
    """Seconds, if each run held for as long as all launches take."""


def started(folder: ResultFolder) -> pd.DataFrame:
    """Bursts of two runs or more that all started, and how far apart, in seconds."""
    runs, bursts = folder.table("runs"), folder.table("bursts")
    if not len(runs):
        return bursts.iloc[:0]
    times = runs.groupby(["cell_id", "burst"])["run_start_epoch_seconds"]
    apart = pd.DataFrame({"apart": times.max() - times.min(), "started": times.count()}).reset_index()
    bursts = bursts.merge(apart, on=["cell_id", "burst"]).sort_values("burst")
    whole = (bursts["started"] == bursts["level"]) & (bursts["launch_span_seconds"] > 0)
    return bursts[(bursts["level"] > 1) & whole & bursts["phase"].isin(["warmup", "measure"])]


def replay(cell: CellRecord, bursts: pd.DataFrame, plateau: float) -> Replayed:
    """Let each hold follow from the bursts before it."""
    cost, replayed = cell.calibrated_launch_seconds, Replayed()
    assert cost is not None
    spread = StartSpread(cell.grpc_max_workers)
    warmup = bursts["phase"] == "warmup"
    for burst in [*bursts[warmup].tail(1).to_dict("records"), *bursts[~warmup].to_dict("records")]:
        level, apart = int(burst["level"]), float(burst["apart"])
        if burst["phase"] == "warmup":
            spread.seen(level, apart, float(burst["launch_span_seconds"]) / level)
            continue
        held = hold_seconds(level, cost, plateau, 0.0, spread.allowed(level))
        replayed.bursts += 1
        replayed.missed += held < apart
        replayed.held += held
        replayed.waits += hold_seconds(level, cost, plateau, 0.0)
        cost = (cost + float(burst["launch_span_seconds"]) / level) / 2
        spread.seen(level, math.inf if held < apart else apart, cost)
    return replayed


@pytest.fixture(scope="module")
def replayed() -> list[tuple[int, Replayed]]:
    """Of each cell the highest level, and what became of its bursts."""
    found = []
    for path in sorted(RESULTS.rglob("result.json")):
        folder = ResultFolder(path.parent)
        document, bursts = folder.read_document(), started(folder)
        load = document.scenario.as_written().get("load", {})
        if document.scenario.window_seconds:
            continue
        for cell in document.cells:
            mine = bursts[bursts["cell_id"] == cell.cell_id] if len(bursts) else bursts
            if len(mine):
                done = replay(cell, mine, float(load.get("plateau", DEFAULT_PLATEAU)))
                found.append((int(mine["level"].max()), done))
    return found


@pytest.mark.parametrize(("highest", "fewest", "missed", "held"), [(6, 80, 0.0, 0.85), (12, 250, 0.015, 0.9)])
def test_runs_that_hold_less_still_are_at_once(
    replayed: list[tuple[int, Replayed]], highest: int, fewest: int, missed: float, held: float
) -> None:
    mine = [one for level, one in replayed if level <= highest]
    bursts = sum(one.bursts for one in mine)
    assert bursts >= fewest
    assert sum(one.missed for one in mine) <= missed * bursts
    assert sum(one.held for one in mine) < held * sum(one.waits for one in mine)
