"""`dagster-sizing claims`: put the guide's claims to the test, and give each a measured verdict."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

import harness
import workloads
from harness.claims.base import Claim
from harness.claims.judge import decide, unmet
from harness.claims.measured import Measured
from harness.claims.registry import CLAIMS
from harness.cli.measure import StackName, measure
from harness.cli.progress import make_console
from harness.errors import ExperimentError, InputError, Interrupted, MachineError, ResultError
from harness.experiment.start import timestamp
from harness.report.claims import print_claims, render_claims_markdown
from harness.results.claims import ClaimRecord, ClaimsDocument, NumberRecord, read_claims, write_claims
from harness.results.fingerprint import machine_fingerprint
from harness.results.folder import ResultFolder
from harness.scenario.load import load_scenario
from harness.scenario.model import Scenario
from harness.stack.engine import engine_fingerprint

SCENARIOS = Path(next(iter(workloads.__path__))) / "scenarios" / "claims"


def claims(
    stack: Annotated[
        StackName,
        typer.Option(help="Where experiments run that need no containers; those that do always use them."),
    ] = StackName.process,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="ID", help="Only this claim. May be given several times."),
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
            help="Measure nothing: give the verdicts again from the raw data of an earlier call.",
            show_default=False,
        ),
    ] = None,
    listing: Annotated[
        bool, typer.Option("--list", help="Say what would be tested, and how; nothing is started.")
    ] = False,
) -> None:
    """Test the sizing guide's claims by experiment; each gets a verdict with the figures that decided it.

    A claim names the smallest experiments that can support or refute it, and a rule that was set before
    measuring. Experiments are ordinary scenarios (workloads/scenarios/claims) and leave ordinary results, so
    that every verdict can be given again from raw data. All claims take about 45 minutes on two cores;
    `--only run-is-thread` takes three.
    """
    chosen = _choose(only or ())
    console = make_console()
    if listing:
        _print_list(chosen, console)
        return
    if from_results is not None:
        if not from_results.is_dir():
            raise ResultError(f"{from_results}: no such folder; give the one that `claims` wrote")
        document = _judge_all(chosen, from_results, read_claims(from_results))
    else:
        folder = _folder(out, resume)
        document = _measure_all(chosen, folder, stack, resume, console)
    print_claims(document, console)
    console.print(f"\nclaims: {from_results or folder}", highlight=False, markup=False)


def _choose(only: Iterable[str]) -> tuple[Claim, ...]:
    known = {claim.id: claim for claim in CLAIMS}
    for name in only:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "`dagster-sizing claims --list` names them all"
            raise InputError(f"--only {name}: no such claim; {hint}")
    return tuple(claim for claim in CLAIMS if not only or claim.id in set(only))


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
    return Path("results") / datetime.datetime.now(datetime.UTC).strftime("claims-%Y%m%d-%H%M%S")


def _measure_all(
    chosen: tuple[Claim, ...], folder: Path, stack: StackName, resume: bool, console: Console
) -> ClaimsDocument:
    document = _begin(folder, resume)
    possible = [claim for claim in chosen if not unmet(claim, document.fingerprint)]
    wanted: dict[str, list[str]] = {}
    for claim in possible:
        for name in claim.experiments:
            wanted.setdefault(name, []).append(claim.id)
    broken: list[str] = []
    for number, (name, ids) in enumerate(wanted.items(), 1):
        _heading(console, f"experiment {number} of {len(wanted)}: {name} (for {', '.join(ids)})")
        scenario = load_scenario(SCENARIOS / f"{name}.yaml", ()).scenario
        try:
            _measure(scenario, folder / name, _stack_of(scenario, stack), console)
        except Interrupted:
            _judge_all(chosen, folder, document)
            raise Interrupted(
                f"interrupted; what was measured is in {folder}; go on with: dagster-sizing claims --resume "
                f"--out {folder}"
            ) from None
        except (ExperimentError, MachineError) as error:
            broken.append(f"{name}: {error}")
            console.print(f"  broke off: {error}", style="red", markup=False, highlight=False)
        document = _judge_all(chosen, folder, document)
        for record in document.claims:
            if record.id in ids and all((folder / e / "result.json").exists() for e in record.experiments):
                console.print(
                    f"  {record.id}: {record.verdict}: {record.evidence}", markup=False, highlight=False
                )
    document = _judge_all(chosen, folder, document).model_copy(update={"finished_at": timestamp()})
    _write(folder, document)
    if broken:
        console.print(f"\n{len(broken)} experiments broke off; --resume measures them again", style="yellow")
    return document


def _begin(folder: Path, resume: bool) -> ClaimsDocument:
    if resume or not (folder / "claims.json").exists():
        fingerprint = machine_fingerprint()
        try:
            fingerprint["engine"] = engine_fingerprint()
        except MachineError:
            fingerprint["engine"] = None
        document = ClaimsDocument(
            harness_version=harness.__version__, created_at=timestamp(), fingerprint=fingerprint, claims=()
        )
        if resume and (folder / "claims.json").exists():
            return read_claims(folder).model_copy(update={"fingerprint": fingerprint})
        folder.mkdir(parents=True, exist_ok=True)
        return document
    raise ResultError(f"{folder}: holds claims already; choose another --out, or add --resume")


def _measure(scenario: Scenario, path: Path, stack: StackName, console: Console) -> None:
    """Measure an experiment unless it has been; one that broke off is gone on with."""
    folder = ResultFolder(path)
    if folder.exists and all(cell.state == "finished" for cell in folder.read_document().cells):
        console.print("  measured already", style="dim")
        return
    measure(scenario, stack, path, folder.exists, console)


def _stack_of(scenario: Scenario, given: StackName) -> StackName:
    server = scenario.server
    needs_containers = server.restart or max(server.replicas) > 1
    return StackName.compose if needs_containers else given


def _judge_all(chosen: tuple[Claim, ...], folder: Path, document: ClaimsDocument) -> ClaimsDocument:
    """Decide the chosen claims from what is in the folder; verdicts on others are kept."""
    results = _results(folder, {name for claim in chosen for name in claim.experiments})
    records = {record.id: record for record in document.claims}
    for claim in chosen:
        records[claim.id] = _record(claim, results, document.fingerprint)
    ordered = tuple(records[claim.id] for claim in CLAIMS if claim.id in records)
    document = document.model_copy(update={"claims": ordered})
    _write(folder, document)
    return document


def _results(folder: Path, names: Iterable[str]) -> dict[str, Measured]:
    results: dict[str, Measured] = {}
    for name in names:
        result = ResultFolder(folder / name)
        if result.exists:
            results[name] = Measured(result.read_document(), result.table)
    return results


def _record(claim: Claim, results: Mapping[str, Measured], fingerprint: Mapping[str, Any]) -> ClaimRecord:
    lacking = unmet(claim, fingerprint)
    decision = decide(claim, results, lacking)
    return ClaimRecord(
        id=claim.id,
        verdict=decision.verdict,
        evidence=decision.evidence,
        numbers=tuple(NumberRecord(**vars(number)) for number in decision.numbers),
        says=claim.says,
        doubt=claim.doubt,
        rule=claim.rule,
        advice=claim.advice,
        experiments=claim.experiments,
        needs=lacking,
        stack=", ".join(sorted({results[n].document.stack for n in claim.experiments if n in results})),
    )


def _write(folder: Path, document: ClaimsDocument) -> None:
    write_claims(folder, document)
    ResultFolder(folder).write_text("claims.md", render_claims_markdown(document))


def _heading(console: Console, text: str) -> None:
    console.print(f"\n{text}", style="bold", markup=False, highlight=False)


def _print_list(chosen: tuple[Claim, ...], console: Console) -> None:
    for claim in chosen:
        needs = f" (needs {claim.needs.cpus} CPUs)" if claim.needs.cpus > 1 else ""
        needs += " (needs Docker)" if claim.needs.containers else ""
        _heading(console, f"{claim.id}{needs}")
        for title, text in (("the guide says", claim.says), ("doubt", claim.doubt), ("rule", claim.rule)):
            console.print(f"  {title}: {text}", markup=False, highlight=False)
        console.print(f"  experiments: {', '.join(claim.experiments)}", markup=False, highlight=False)
