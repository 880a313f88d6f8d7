"""`dagster-sizing try`: run a recommended size, and find where it breaks."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated, get_args

import psutil
import typer

import harness
from harness.cli.measure import StackName, new_folder
from harness.cli.pages import page_or_warning
from harness.cli.progress import make_console
from harness.cli.trial import Trial, workload_of
from harness.errors import InputError, Interrupted, MachineError, NotHeldError, ResultError
from harness.report.trial_text import print_trial, verdict
from harness.results.fingerprint import machine_fingerprint
from harness.results.sizing_document import Platform, SizingDocument, read_sizing
from harness.results.timestamp import timestamp
from harness.results.trial_document import TRIAL_FILE, TrialDocument, read_trial
from harness.sizing.shapes import GIB, MIB

SPARE_BYTES = 512 * MIB
"""Of the machine, for everything beside the code server."""


def try_size(
    sizing: Annotated[
        Path,
        typer.Argument(
            metavar="SIZING", help="Folder that `dagster-sizing size --out` wrote, or its sizing.json."
        ),
    ],
    platform: Annotated[
        str,
        typer.Option(help="Whose size to try: compose (the tightest), kubernetes, ecs-fargate or ecs-ec2."),
    ] = "compose",
    stack: Annotated[
        StackName,
        typer.Option(
            help="`process`: a cgroup, no Docker needed. `compose`: containers, as they are deployed."
        ),
    ] = StackName.process,
    bursts: Annotated[
        int, typer.Option(min=1, help="How often the recommended size is tried at its full peak.")
    ] = 5,
    boundary: Annotated[
        bool,
        typer.Option(
            "--boundary/--no-boundary",
            help="Then also raise the runs at once, and lower the memory, until the kernel kills.",
        ),
    ] = True,
    boundary_bursts: Annotated[
        int, typer.Option(min=1, help="How often each size on the way to the boundary is tried.")
    ] = 2,
    cpus: Annotated[
        float,
        typer.Option(
            help="Try it with so many CPUs, where this machine has fewer than the size; memory is tried all "
            "the same, but starts take longer.",
            show_default="those of the size",
        ),
    ] = 0.0,
    out: Annotated[
        Path | None, typer.Option(help="Folder. Default: results/try-TIME.", show_default=False)
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a trial that was cut short; give its --out.")
    ] = False,
) -> None:
    """Run a recommended size at the peak that it is for, show that it holds, and find where it breaks.

    A code server is brought up with the recommended memory, CPUs and gRPC workers, and all runs of the peak
    are launched at one instant, five times over: out-of-memory kills, failed runs, how late the last run
    started, peak against limit, and CPU throttling are reported. Then runs are added, and after that memory
    taken away, until the kernel kills; what held is set beside what the constants predict. This takes about
    ten minutes for ten runs. Every attempt is an ordinary result in the folder; report.html there shows them
    all.

    Exit code 6: the recommended size itself did not hold.
    """
    document = read_sizing(sizing)
    folder = out or new_folder("try")
    trial = _trial(document, _platform(platform), stack, cpus)
    workload = workload_of(document)
    trial = _begin(folder, trial, resume, out)
    console = make_console()
    tried = Trial(document, workload, folder, stack, bursts, boundary_bursts, console)
    tried.finish(trial)
    try:
        trial = tried.size(trial)
        if boundary:
            trial = tried.less_memory(tried.more_runs(trial))
    except Interrupted:
        raise Interrupted(
            f"interrupted; what was tried is in {folder}; go on with: dagster-sizing try {sizing} --stack "
            f"{stack.value} --platform {platform} --resume --out {folder}"
        ) from None
    trial = trial.model_copy(update={"finished_at": timestamp()})
    tried.finish(trial)
    print_trial(trial, console)
    page = page_or_warning(folder) or folder / "try.md"
    console.print(f"\ntrial: {folder}   report: {page}", highlight=False, markup=False, soft_wrap=True)
    size = trial.size
    if size is None or size.outcome != "held" or not trial.in_time:
        raise NotHeldError(verdict(trial))


def _platform(name: str) -> Platform:
    known: tuple[Platform, ...] = get_args(Platform)[::-1]  # the tightest first
    found = next((one for one in known if one == name), None)
    if found is None:
        raise InputError(f"--platform {name}: one of {', '.join(known)} is expected")
    return found


def _trial(sizing: SizingDocument, platform: Platform, stack: StackName, cpus: float) -> TrialDocument:
    """The trial before its first attempt.

    Raises:
        InputError: the platform has no size.
        MachineError: this machine is too small.
    """
    shape = sizing.shape(platform)
    if shape.cpus is None or shape.memory_bytes is None or shape.grpc_max_workers is None:
        raise InputError(f"--platform {platform}: there is no size to try ({shape.note})")
    here, total = os.cpu_count() or 1, psutil.virtual_memory().total
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
        fingerprint=machine_fingerprint(),
    )


def _begin(folder: Path, trial: TrialDocument, resume: bool, out: Path | None) -> TrialDocument:
    there = (folder / TRIAL_FILE).exists()
    if not resume:
        if there:
            raise ResultError(f"{folder}: holds a trial already; choose another --out, or add --resume")
        return trial
    if out is None or not there:
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
