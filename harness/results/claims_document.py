"""`claims.json`: the verdicts on the guide's claims, and what they rest on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from harness.results.fingerprint_record import FingerprintRecord
from harness.results.folder import ResultFolder
from harness.results.json_file import read_versioned
from harness.results.kinds import FILES
from harness.results.part import Part

CLAIMS_SCHEMA_VERSION = 2
"""2: claims have `thresholds`."""
FILE = FILES["claims"]


class NumberRecord(Part):
    """One figure behind a verdict."""

    name: str
    value: float
    low: float | None
    high: float | None
    unit: str
    n: int = Field(description="bursts, runs, ticks or readings behind it")
    source: str = Field(description="experiment, table and columns it comes from")


class ThresholdRecord(Part):
    """A range in which the whole 95 % interval of what the rule judges has to lie for a verdict."""

    verdict: Literal["supported", "refuted"]
    low: float | None = Field(description="none where there is no lower end")
    high: float | None = Field(description="none where there is no upper end")
    unit: str


class ClaimRecord(Part):
    """One claim with its verdict."""

    id: str
    verdict: Literal["supported", "refuted", "inconclusive", "not-testable-here"]
    evidence: str
    numbers: tuple[NumberRecord, ...] = ()
    says: str = Field(description="the guide's own words")
    doubt: str
    rule: str = Field(description="set before measuring")
    thresholds: tuple[ThresholdRecord, ...] = Field(
        (), description="of the rule, where it judges an interval; older files tell them in words only"
    )
    advice: str
    experiments: tuple[str, ...] = Field(description="folders beside this file")
    needs: str = Field("", description="what the machine lacked; empty where it lacked nothing")
    stack: str = Field("", description="what the experiments ran on")


class ClaimsDocument(Part):
    """The whole of `claims.json`."""

    schema_version: int = CLAIMS_SCHEMA_VERSION
    harness_version: str
    created_at: str
    finished_at: str = ""
    fingerprint: FingerprintRecord
    claims: tuple[ClaimRecord, ...]


def read_claims(folder: Path) -> ClaimsDocument:
    """Read the verdicts of an earlier call.

    Raises:
        ResultError: not there, not readable, or written by a newer harness.
    """
    return read_versioned(folder / FILE, ClaimsDocument, CLAIMS_SCHEMA_VERSION, "dagster-sizing claims")


def write_claims(folder: Path, document: ClaimsDocument) -> None:
    """Replace `claims.json`, whole or not at all."""
    ResultFolder(folder).write_text(FILE, document.model_dump_json(indent=2) + "\n")
