"""An estimate as documents keep it."""

from __future__ import annotations

from pydantic import Field

from harness.results.part import Part


class EstimateRecord(Part):
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float
    bursts: int = Field(description="behind it; of a ratio, the fewer")
