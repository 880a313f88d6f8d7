"""What machines have in common is taken out, where two samples were measured on several of them. Pure.

A machine is a block of a randomised block design (Fisher 1935; Montgomery 2017, ch. 4): both samples were
measured on each, so that what a machine adds to every burst, or to every run, is no difference between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.model.linear import Array


@dataclass(frozen=True)
class Blocks:
    """Effects of blocks on the lines of two samples: on the base of both, and on the slope of both."""

    columns: Array
    """Shape (n, 2 * blocks), each with a mean of zero, so that what is taken out adds up to nothing."""
    levelling: Array
    """Shape (n, n): makes of values those that every block would have given if all were as their average."""
    parameters: int
    """That the effects take."""

    @classmethod
    def of(cls, x: Array, other: NDArray[np.bool_], blocks: NDArray[np.str_]) -> Blocks | None:
        """The blocks that hold bursts of both samples; None where there is nothing to take out.

        Args:
            x: shape (n,).
            other: shape (n,), of which sample each burst is.
            blocks: shape (n,), on which machine.
        """
        both = [one for one in np.unique(blocks) if np.unique(other[blocks == one]).size == 2]
        parameters = 2 * (len(both) - 1)
        lines = np.column_stack([~other, other, x * ~other, x * other]).astype(float)
        if len(both) < 2 or len(x) <= lines.shape[1] + parameters:
            return None
        of_each = np.column_stack([(blocks == one).astype(float) for one in both])
        centred = of_each - of_each.mean(axis=0)
        columns = np.column_stack([centred, x[:, None] * centred])
        effects = columns @ np.linalg.pinv(np.column_stack([lines, columns]))[lines.shape[1] :]
        return cls(columns, np.eye(len(x)) - effects, parameters)

    def level(self, y: Array) -> Array:
        """Values with the effects taken out; shape (..., n)."""
        return np.asarray(y @ self.levelling.T)

    def widening(self, n: int) -> float:
        """By how much intervals are too narrow that do not know of the parameters taken out."""
        left = n - 4
        return float(np.sqrt(left / (left - self.parameters)))
