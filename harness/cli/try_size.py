"""`dagster-sizing try`: run a recommended size, and find where it breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from harness.campaign.trial import Trial
from harness.campaign.trial_begin import begin_trial, new_trial
from harness.campaign.trial_scenario import workload_of
from harness.cli.folders import new_folder
from harness.cli.options import NodeOption, cpus_of
from harness.cli.pages import page_or_warning
from harness.cli.progress import make_console
from harness.cli.terminal import means_of
from harness.errors import InputError, Interrupted, NotHeldError, ResultError
from harness.report.trial_text import print_trial, verdict
from harness.results.sizing_document import Platform, read_sizing
from harness.stack.registry import StackName


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
        typer.Option(help="`process`: a cgroup. `compose`: containers. `kubernetes`: pods of a cluster."),
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
        str,
        typer.Option(
            help="Try it with so many CPUs, where this machine has fewer than the size; memory is tried all "
            "the same, but starts take longer.",
            show_default="those of the size",
        ),
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder. Default: results/try-TIME.", show_default=False)
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a trial that was cut short; give its --out.")
    ] = False,
    node: NodeOption = "",
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
    console = make_console()
    means = means_of(console, node)
    given = cpus_of("--cpus", cpus) if cpus else 0.0
    trial = new_trial(document, _platform(platform), stack, given, means.fingerprint(StackName.process))
    workload = workload_of(document)
    if resume and out is None:
        raise ResultError(f"{folder}: no trial to go on with; name its folder with --out")
    trial = begin_trial(folder, trial, resume)
    tried = Trial(document, workload, folder, stack, bursts, boundary_bursts, means)
    try:
        trial = tried.whole(trial, boundary)
    except Interrupted:
        raise Interrupted(
            f"interrupted; what was tried is in {folder}; go on with: dagster-sizing try {sizing} --stack "
            f"{stack.value} --platform {platform} --resume --out {folder}"
        ) from None
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
