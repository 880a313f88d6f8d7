"""What a run history says of demand: figures for each code location."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from harness.results.part import Part

HISTORY_SCHEMA_VERSION = 1

Arrivals = Literal["in bursts", "as random", "regular", "no bursts"]


class LocationProfile(Part):
    """Runs of one code location; None where there are too few of them for a figure."""

    location: str = Field(description="empty where runs were not launched through a code location")
    runs: int
    first_start_epoch_seconds: float
    last_start_epoch_seconds: float
    runs_per_hour: float | None = Field(description="from the first start to the last end")
    seconds_mean: float | None = Field(description="from the start of a run to its end")
    seconds_median: float | None
    seconds_95: float | None = Field(description="95 % of the runs took no longer")
    average: float | None = Field(description="in progress on average: mean / 3600 × runs per hour")
    peak: int = Field(description="most that were in progress at once")
    peak_at_epoch_seconds: float = Field(description="when they first were")
    dispersion: float | None = Field(description="starts per minute: variance / mean; 1 where at random")
    arrivals: Arrivals | None = Field(description="what the dispersion says")
    most_starts: int = Field(description="within 2 s")


class DemandDocument(Part):
    """The whole of a history."""

    schema_version: int = HISTORY_SCHEMA_VERSION
    harness_version: str
    created_at: str
    source: str
    runs: int
    runs_left_out: int = Field(description="rows of the history that are no whole run")
    left_out: dict[str, int] = Field(default_factory=dict, description="how many of them, by what is amiss")
    alike: int = Field(0, description="runs that are like another in every column; they count")
    locations: tuple[LocationProfile, ...] = Field(description="the one with most runs first")

    @property
    def amiss(self) -> list[str]:
        """What of the history is left out or doubtful, a line each."""
        return history_amiss(self.left_out, self.alike)


def history_amiss(left_out: Mapping[str, int], alike: int) -> list[str]:
    """What of a history is left out or doubtful, a line each.

    Args:
        left_out: number of rows by what is amiss with them.
        alike: rows that are like another in every column.
    """
    found = []
    if left_out:
        kinds = ", ".join(f"{count:,} {what}" for what, count in left_out.items())
        found.append(f"{sum(left_out.values()):,} left out: {kinds}")
    if alike:
        found.append(
            f"{alike:,} {'is' if alike == 1 else 'are'} like another row in every column, and counted: runs "
            "that are launched together may look alike; a column run_id tells them from a row exported twice"
        )
    return found
