"""`comparison.json`: versions side by side, constant by constant."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

from pydantic import Field

from harness.results.estimate_record import EstimateRecord
from harness.results.json_file import read_versioned
from harness.results.kinds import FILES
from harness.results.part import Part

COMPARISON_SCHEMA_VERSION = 1
COMPARISON_FILE = FILES["comparison"]

Kind = Literal["memory", "cpu", "latency", "count"]
"""As in the registry of constants; what documents hold does not change with it."""
Verdict = Literal["regressed", "improved", "no change", "inconclusive"]
CHANGES: tuple[Verdict, ...] = ("regressed", "improved")
"""By more than the threshold, and not by chance."""


def margin(threshold: float, negligible: float, baseline: float) -> tuple[float, float]:
    """Ratios to the baseline between which a change is none that matters.

    Args:
        threshold: share up to which it is none; as much less as more, on the logarithm.
        negligible: amount up to which it is none either, in the unit of the constant.
        baseline: the baseline's value, above 0; infinite where only the threshold counts.
    """
    share = negligible / baseline
    return max(0.0, min(1 / (1 + threshold), 1 - share)), 1 + max(threshold, share)


class DifferenceRecord(Part):
    """One constant of one workload beside the baseline's."""

    other: str = Field(description="label of the subject that is compared with the baseline")
    workload: str
    constant: str
    unit: str
    kind: Kind
    baseline_figure: EstimateRecord | None = None
    other_figure: EstimateRecord | None = None
    ratio: EstimateRecord | None = Field(None, description="other / baseline")
    p_value: float | None = Field(None, description="two-sided, of the permutation test")
    p_value_corrected: float | None = Field(None, description="for the number of comparisons")
    threshold: float = Field(description="a change up to this share is none that matters")
    negligible: float = Field(0.0, description="nor is one up to this, in the unit")
    verdict: Verdict
    why: str = Field("", description="why it is open")

    @property
    def margin(self) -> tuple[float, float]:
        """Ratios between which a change is none that matters."""
        baseline = math.inf if self.baseline_figure is None else self.baseline_figure.value
        return margin(self.threshold, self.negligible, baseline)


class SubjectRecord(Part):
    """What is compared."""

    label: str
    dagster_version: str
    results: tuple[str, ...] = Field(description="names of its results, a round each")


class PackageRecord(Part):
    """A package that is not the same for all subjects; an empty version where it is not installed."""

    name: str
    versions: dict[str, str] = Field(description="by label")


class ComparisonDocument(Part):
    """The whole of a comparison."""

    schema_version: int = COMPARISON_SCHEMA_VERSION
    harness_version: str
    created_at: str
    baseline: SubjectRecord
    others: tuple[SubjectRecord, ...]
    forced: bool = Field(description="whether what is compared is not alike or not valid")
    warnings: tuple[str, ...] = Field(description="what was overridden")
    remarks: tuple[str, ...] = Field(description="what else a reader should know")
    packages: tuple[PackageRecord, ...] = Field(description="that differ")
    observed: bool = Field(
        False, description="of deployments that others load: figures rest on blocks of time, not on bursts"
    )
    differences: tuple[DifferenceRecord, ...]

    @property
    def behind(self) -> str:
        """What figures rest on, in a word or three."""
        return "blocks of time" if self.observed else "bursts"

    @property
    def open_ratios(self) -> list[tuple[EstimateRecord, tuple[float, float]]]:
        """Those that are inconclusive though there is a ratio, each with its margin."""
        return [
            (one.ratio, one.margin)
            for one in self.differences
            if one.verdict == "inconclusive" and one.ratio is not None and one.ratio.low > 0
        ]

    def count(self, verdict: Verdict) -> int:
        """How many constants got a verdict."""
        return sum(one.verdict == verdict for one in self.differences)


def read_comparison(folder: Path) -> ComparisonDocument:
    """Read a comparison.

    Raises:
        ResultError: not there, not readable, or written by a newer harness.
    """
    file = folder / COMPARISON_FILE
    return read_versioned(file, ComparisonDocument, COMPARISON_SCHEMA_VERSION, "dagster-sizing compare --out")
