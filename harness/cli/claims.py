"""`dagster-sizing claims`: put the guide's claims to the test, and give each a measured verdict."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harness.campaign.claims import changed_verdicts, decide_claims, keep_claims, measure_claims
from harness.claims.base import Claim
from harness.claims.registry import CLAIMS
from harness.cli.folders import new_folder
from harness.cli.options import NodeOption, check_parallel
from harness.cli.pages import page_or_warning
from harness.cli.parallel_claims import measure_claims_on_nodes
from harness.cli.progress import make_console
from harness.cli.terminal import means_of, publish
from harness.errors import ExperimentError, InputError, ResultError
from harness.report.claims_text import print_claims
from harness.results.claims_document import read_claims
from harness.stack.registry import StackName


def claims(
    stack: Annotated[
        StackName,
        typer.Option(help="Where experiments run that need no containers; those that do always use them."),
    ] = StackName.process,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="ID",
            help="Only this claim, or all whose ids begin with it (sizes, limits, replicas). May be given "
            "several times.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder. Default: results/claims-TIME.", show_default=False)
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an earlier call stopped; default: the newest one.")
    ] = False,
    from_results: Annotated[
        Path | None,
        typer.Option(
            "--from-results",
            metavar="FOLDER",
            help="Measure nothing: give the verdicts again from the raw data of an earlier call, and say "
            "which have changed.",
            show_default=False,
        ),
    ] = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="With --from-results: write the verdicts over those that are stored."),
    ] = False,
    listing: Annotated[
        bool, typer.Option("--list", help="Say what would be tested, and how; nothing is started.")
    ] = False,
    node: NodeOption = "",
    parallel: Annotated[
        int,
        typer.Option(
            min=1,
            help="With --stack kubernetes: measure on so many nodes at once. Experiments that decide "
            "one claim stay together on one node.",
        ),
    ] = 1,
) -> None:
    """Test the sizing guide's claims by experiment; each gets a verdict with the figures that decided it.

    A claim names the smallest experiments that can support or refute it, and a rule that was set before
    measuring. Experiments are ordinary scenarios and leave ordinary results, so that every verdict can be
    given again from raw data; report.html shows the verdicts with their figures.
    All claims take about 45 minutes on two cores; `--only run-is-thread` takes three. Those that need
    containers are `not-testable-here` without Docker.
    """
    chosen = _choose(only or ())
    console = make_console()
    if listing:
        _print_list(chosen, console)
        return
    broken: list[str] = []
    if from_results is not None:
        if resume or out is not None or parallel > 1:
            raise InputError("--from-results measures nothing; leave --resume, --out and --parallel out")
        folder = from_results
        if not _decided_again(chosen, folder, write, console):
            return
    else:
        if write:
            raise InputError("--write goes with --from-results; what is measured is written anyway")
        check_parallel(parallel, stack, node)
        folder = _folder(out, resume)
        if parallel > 1:
            document, broken = measure_claims_on_nodes(chosen, folder, resume, parallel, console)
        else:
            document, broken = measure_claims(chosen, folder, stack, resume, means_of(console, node))
        print_claims(document, console)
    page = page_or_warning(folder) or folder / "claims.md"
    _check_whole(broken, folder)
    console.print(f"\nclaims: {folder}   report: {page}", markup=False, highlight=False, soft_wrap=True)


def _check_whole(broken: Iterable[str], folder: Path) -> None:
    """Raise ExperimentError, with the way on, if experiments broke off."""
    if names := ", ".join(broken):
        raise ExperimentError(
            f"experiments broke off: {names}; their claims are left open; measure them again "
            f"with: dagster-sizing claims --resume --out {folder}"
        )


def _decided_again(chosen: tuple[Claim, ...], folder: Path, write: bool, console: Console) -> bool:
    """Give the verdicts again from raw data, and say which have changed; whether they were written."""
    stored = read_claims(folder)
    document = decide_claims(chosen, folder, stored)
    print_claims(document, console)
    for line in changed_verdicts(stored, document) or ["every verdict is as it was stored"]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if write:
        keep_claims(folder, document, publish)
    return write


def _choose(only: Iterable[str]) -> tuple[Claim, ...]:
    """The claims named, each by its id or by the beginning that it shares with others."""
    known = [claim.id for claim in CLAIMS]
    wanted: set[str] = set()
    for name in only:
        found = {one for one in known if one == name or one.startswith(f"{name}-")}
        if not found:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "`dagster-sizing claims --list` names them all"
            raise InputError(f"--only {name}: no such claim; {hint}")
        wanted |= found
    return tuple(claim for claim in CLAIMS if not wanted or claim.id in wanted)


def _folder(out: Path | None, resume: bool) -> Path:
    if out is not None:
        return out
    if resume:
        earlier = sorted(Path("results").glob("claims-*/claims.json"))
        if not earlier:
            raise ResultError(
                "results/claims-*: nothing to resume; leave --resume out, or name it with --out"
            )
        return earlier[-1].parent
    return new_folder("claims")


def _print_list(chosen: tuple[Claim, ...], console: Console) -> None:
    for claim in chosen:
        needs = f" (needs {claim.needs.cpus} CPUs)" if claim.needs.cpus > 1 else ""
        needs += " (needs Docker)" if claim.needs.containers else ""
        console.print(f"\n{claim.id}{needs}", style="bold", markup=False, highlight=False, soft_wrap=True)
        for title, text in (("the guide says", claim.says), ("doubt", claim.doubt), ("rule", claim.rule)):
            console.print(f"  {title}: {text}", markup=False, highlight=False, soft_wrap=True)
        console.print(
            f"  experiments: {', '.join(claim.experiments)}", markup=False, highlight=False, soft_wrap=True
        )
