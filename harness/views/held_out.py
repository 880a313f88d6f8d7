"""How well a line predicts what it has not seen: the highest level, from the levels below it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from harness.model.intervals import NotEstimable, estimate_line
from harness.model.predict import predict
from harness.views.units import MIB


@dataclass(frozen=True)
class HeldOut:
    """Peak memory at the highest level, in MiB, as the bursts below it predict it and as it was."""

    at_once: float
    predicted: float
    low: float
    high: float
    """Of 95 % of single bursts."""
    seen: float
    """Mean of `bursts` bursts."""
    bursts: int

    @property
    def off(self) -> float:
        """What was seen beside what was predicted, as a share of the prediction; above 0: more."""
        return self.seen / self.predicted - 1


def held_out(points: pd.DataFrame, seed: int) -> HeldOut | None:
    """Predict the highest level from the others; None where these are too few for a line.

    Args:
        points: `level`, `at_once`, `memory_mib`, a row for each burst.
        seed: of the line's bootstrap.
    """
    highest = points["level"] == points["level"].max()
    lower, top = points[~highest], points[highest]
    line = estimate_line(
        lower["at_once"].to_numpy(np.float64), lower["memory_mib"].to_numpy(np.float64) * MIB, seed
    )
    if isinstance(line, NotEstimable):
        return None
    at = float(top["at_once"].mean())
    found = predict(line, at)
    return HeldOut(
        at_once=at,
        predicted=found.value / MIB,
        low=found.low / MIB,
        high=found.high / MIB,
        seen=float(top["memory_mib"].mean()),
        bursts=len(top),
    )
