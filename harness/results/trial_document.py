"""`try.json`: a size that was run, whether it held, and where it breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from harness.results.fingerprint_record import FingerprintRecord
from harness.results.folder import ResultFolder
from harness.results.json_file import read_versioned
from harness.results.kinds import FILES
from harness.results.part import Part
from harness.results.sizing_document import Platform

TRIAL_SCHEMA_VERSION = 1
TRIAL_FILE = FILES["trial"]

Outcome = Literal["held", "killed", "unclear"]
Axis = Literal["runs", "memory"]


class AttemptRecord(Part):
    """Bursts of so many runs under a memory limit, and how they ended."""

    folder: str = Field(description="of the result, beside this file")
    cpus: float = Field(gt=0, description="limit")
    memory_bytes: int = Field(gt=0, description="limit")
    runs: int = Field(description="launched at one instant")
    bursts: int = Field(description="fired")
    bursts_held: int
    outcome: Outcome = Field(description="killed: by the kernel at the limit; unclear: anything else amiss")
    why: str = Field("", description="what was amiss")
    oom_kills: int
    runs_failed: int = Field(description="that did not end in success, however")
    memory_peak_bytes: float | None = Field(description="without page cache, of all bursts")
    start_seconds: float | None = Field(description="until the last run had started, in the slowest burst")
    answer_seconds: float | None = Field(description="to the slowest launch")
    throttled_seconds: float | None = Field(description="of all bursts together")


class BoundaryRecord(Part):
    """Where a size breaks, beside where it was predicted to."""

    axis: Axis = Field(description="what was made harder: more runs, or less memory")
    runs: int | None = Field(description="at once, where memory was made less")
    memory_bytes: int | None = Field(description="limit, where runs were made more")
    recommended: float = Field(description="cap on runs, or memory in bytes")
    predicted: float = Field(description="last that holds, by the constants as fitted")
    predicted_low: float = Field(description="by the ends of their 95 % intervals")
    predicted_high: float
    held: float | None = Field(description="hardest that held")
    broke: float | None = Field(description="easiest that was killed")
    note: str = Field("", description="why the search ended without a boundary")

    @property
    def off(self) -> float | None:
        """Held less predicted."""
        return None if self.held is None else self.held - self.predicted

    @property
    def margin(self) -> float | None:
        """How much harder than recommended still held, as a share of what is recommended."""
        if self.held is None:
            return None
        harder = self.held - self.recommended if self.axis == "runs" else self.recommended - self.held
        return harder / self.recommended


class TrialDocument(Part):
    """The whole of `try.json`."""

    schema_version: int = TRIAL_SCHEMA_VERSION
    harness_version: str
    created_at: str
    finished_at: str = ""
    sizing_sha256: str = Field(description="of the size that is tried")
    result: str = Field(description="whose constants it rests on")
    forced: bool = False
    platform: Platform
    stack: str
    stack_measured: str = Field(description="what the constants were measured on")
    dagster_version: str
    cpus: float = Field(gt=0)
    cpus_recommended: float
    memory_bytes: int = Field(gt=0)
    grpc_max_workers: int
    replicas: int = Field(
        description="recommended; one of them is tried, as each is sized for the whole peak"
    )
    peak: dict[str, int] = Field(description="runs at once, by workload")
    start_within_seconds: float
    fingerprint: FingerprintRecord
    attempts: tuple[AttemptRecord, ...] = ()
    boundaries: tuple[BoundaryRecord, ...] = ()

    @property
    def size(self) -> AttemptRecord | None:
        """The attempt at the recommended size itself."""
        return next((one for one in self.attempts if one.folder == "size"), None)

    @property
    def in_time(self) -> bool | None:
        """Whether the peak had started in time; None where that is not known."""
        size = self.size
        if size is None or size.start_seconds is None:
            return None
        return size.start_seconds <= self.start_within_seconds


def read_trial(folder: Path) -> TrialDocument:
    """Read a trial.

    Raises:
        ResultError: not there, not readable, or written by a newer harness.
    """
    return read_versioned(folder / TRIAL_FILE, TrialDocument, TRIAL_SCHEMA_VERSION, "dagster-sizing try")


def write_trial(folder: Path, document: TrialDocument) -> None:
    """Replace `try.json`, whole or not at all."""
    ResultFolder(folder).write_text(TRIAL_FILE, document.model_dump_json(indent=2) + "\n")
