"""Where one more burst would fall: a prediction from a line, and whether it leaves what was measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.model.distributions import t_quantile
from harness.model.intervals import CONFIDENCE, Line
from harness.model.linear import MAD_TO_SIGMA
from harness.model.noise import noise_trend


@dataclass(frozen=True)
class Prediction:
    """Expected value of one new burst at `x`, with the interval that 95 % of such bursts fall into."""

    x: float
    value: float
    low: float
    high: float
    extrapolated: bool
    """Whether `x` is above the highest level measured."""


def predict(line: Line, x: float) -> Prediction:
    """Predict one new burst (Draper & Smith 1998, section 1.4), with the residuals' scale.

    The scale is the larger of the standard and the robust one, and grows where the noise was seen to grow
    with x: a prediction errs to the cautious side.
    """
    n = len(line.x)
    residuals = line.y - float(line.fit.base) - float(line.fit.slope) * line.x
    standard = np.sqrt(np.sum(residuals**2) / (n - 2))
    robust = MAD_TO_SIGMA * np.median(np.abs(residuals))
    scale = max(float(standard), float(robust)) * noise_trend(line.x, residuals).growth(x)
    centred = line.x - line.x.mean()
    spread = 1 + 1 / n + (x - line.x.mean()) ** 2 / np.sum(centred**2)
    reach = t_quantile(0.5 + CONFIDENCE / 2, n - 2) * scale * float(np.sqrt(spread))
    value = float(line.fit.base) + float(line.fit.slope) * x
    return Prediction(x, value, value - reach, value + reach, bool(x > line.x.max()))
