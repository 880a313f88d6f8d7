"""Intended launch times of every load shape. Pure: numbers in, an array out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def make_schedule(shape: str, launches: int, window_seconds: float, seed: int) -> NDArray[np.float64]:
    """Intended launch times in seconds after the release, ascending; shape (launches,).

    - `burst`: all at 0; `window_seconds` is not used.
    - `poisson`: exponential gaps of mean window/launches (a Poisson process of that rate, cut off after
      `launches` arrivals), so the last arrival may lie a little outside the window.
    - `ramp`: the rate rises linearly from 0. The share launched by time t is (t/window)**2, so launch i
      comes at window * sqrt((i + 0.5) / launches), the middle of its share.
    - `soak`: one launch every window/launches seconds, the first at 0.

    Only `poisson` depends on `seed`.

    Raises:
        ValueError: an unknown shape, fewer than 1 launch, or no window where the shape needs one.
    """
    if launches < 1:
        raise ValueError(f"launches: at least 1 is expected, got {launches}")
    if shape == "burst":
        return np.zeros(launches)
    if not 0 < window_seconds < np.inf:
        raise ValueError(f"window_seconds: shape {shape} needs a window above 0, got {window_seconds}")
    order = np.arange(launches, dtype=np.float64)
    match shape:
        case "poisson":
            gaps = np.random.default_rng(seed).exponential(window_seconds / launches, launches)
            return np.cumsum(gaps)
        case "ramp":
            return window_seconds * np.sqrt((order + 0.5) / launches)
        case "soak":
            return order * (window_seconds / launches)
        case _:
            raise ValueError(f"shape: got {shape}; allowed: burst, poisson, ramp, soak")
