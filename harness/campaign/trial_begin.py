"""The document that a trial starts from, new or gone on with."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import psutil

import harness
from harness.errors import InputError, MachineError, ResultError
from harness.results.fingerprint_record import FingerprintRecord
from harness.results.observed_record import METHOD
from harness.results.sizing_document import Platform, SizingDocument
from harness.results.timestamp import timestamp
from harness.results.trial_document import TRIAL_FILE, TrialDocument, read_trial
from harness.sizing.shapes import GIB, MIB
from harness.stack.registry import StackName

SPARE_BYTES = 512 * MIB
"""Of the machine, for everything beside the code server."""


def new_trial(
    sizing: SizingDocument, platform: Platform, stack: StackName, cpus: float, fingerprint: FingerprintRecord
) -> TrialDocument:
    """The trial before its first attempt.

    Args:
        sizing: the size.
        platform: whose size it is.
        stack: what the code server is made of.
        cpus: to try it with instead of those of the size; 0 for these.
        fingerprint: of the machine that it is tried on.

    Raises:
        InputError: the platform has no size, or the size is from runs that nobody here can launch.
        MachineError: this machine is too small.
    """
    if sizing.stack == METHOD:
        raise InputError(
            f"{sizing.result} was observed: how to start its code and runs here is not known; measure the "
            "job with dagster-sizing bench, and try a size from that"
        )
    shape = sizing.shape(platform)
    if shape.cpus is None or shape.memory_bytes is None or shape.grpc_max_workers is None:
        raise InputError(f"--platform {platform}: there is no size to try ({shape.note})")
    here = fingerprint.cpu_count or os.cpu_count() or 1
    total = fingerprint.memory_total_bytes or psutil.virtual_memory().total
    used = cpus or shape.cpus
    if used > here:
        raise MachineError(
            f"the size has {used:g} CPUs, and this machine {here}; try its memory all the same: --cpus {here}"
        )
    if shape.memory_bytes + SPARE_BYTES > total:
        raise MachineError(
            f"the size has {shape.memory_bytes / GIB:.1f} GiB, and this machine {total / GIB:.1f}; try it on "
            "one with half a GiB more than the size"
        )
    return TrialDocument(
        harness_version=harness.__version__,
        created_at=timestamp(),
        sizing_sha256=hashlib.sha256(sizing.model_dump_json().encode()).hexdigest(),
        result=sizing.result,
        forced=sizing.forced,
        platform=platform,
        stack=stack.value,
        stack_measured=sizing.stack,
        dagster_version=sizing.kinds[0].dagster_version,
        cpus=used,
        cpus_recommended=shape.cpus,
        memory_bytes=shape.memory_bytes,
        grpc_max_workers=shape.grpc_max_workers,
        replicas=sizing.replicas.replicas,
        peak=sizing.peak.runs,
        start_within_seconds=sizing.start_within_seconds,
        fingerprint=fingerprint,
    )


def begin_trial(folder: Path, trial: TrialDocument, resume: bool) -> TrialDocument:
    """The trial as the folder holds it, or a new one.

    Raises:
        ResultError: the folder holds another one, or none to go on with.
    """
    there = (folder / TRIAL_FILE).exists()
    if not resume:
        if there:
            raise ResultError(f"{folder}: holds a trial already; choose another --out, or add --resume")
        return trial
    if not there:
        raise ResultError(f"{folder}: no trial to go on with; name its folder with --out")
    before = read_trial(folder)
    same = ("sizing_sha256", "platform", "stack", "cpus", "memory_bytes")
    other = next((name for name in same if getattr(before, name) != getattr(trial, name)), None)
    if other is not None:
        raise ResultError(
            f"{folder}: {other}: the trial there is of another one; give the same size and options, or leave "
            "--resume out"
        )
    return before
