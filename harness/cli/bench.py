"""`dagster-sizing bench`: run a scenario, fit its constants, print and write the report."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import psutil
import typer

from harness.campaign.bench import measure, took
from harness.cli.attach_options import AttachOptions
from harness.cli.course import courses_of
from harness.cli.folders import new_folder
from harness.cli.metrics_source import MetricsOptions
from harness.cli.option_groups import with_groups
from harness.cli.options import KeepOffOption, NodeOption
from harness.cli.pages import page_or_warning
from harness.cli.progress import make_console
from harness.cli.terminal import means_of
from harness.errors import ExperimentError, InputError, Interrupted, InvalidResultError, ResultError
from harness.report.terminal import print_result, print_time
from harness.results.folder import ResultFolder
from harness.scenario.load import load_scenario
from harness.scenario.model import Scenario
from harness.stack.registry import StackName


@with_groups
def bench(
    scenario_file: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).")],
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a field of the scenario, such as `load.repeats=2` or `workloads.0.ballast=64MiB`. "
            "May be given several times.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Result folder. Default: results/NAME-TIME.", show_default=False)
    ] = None,
    stack: Annotated[
        StackName,
        typer.Option(
            help="`process`: plain processes in a cgroup, no Docker needed. `compose`: containers, with "
            "Postgres, and with replicas and images if the scenario names them. `kubernetes`: the same in "
            "pods of the cluster that kubectl speaks to."
        ),
    ] = StackName.process,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with a result that was cut short; finished cells are not measured again."
        ),
    ] = False,
    node: NodeOption = "",
    keep_off: KeepOffOption = "",
    *,
    attached: AttachOptions,
    metrics: MetricsOptions,
) -> None:
    """Measure a code server: bring it up, fire bursts of runs, record their cost, fit the constants.

    The scenario file says what to measure; `dagster-sizing scenario schema` lists every field. The result
    folder holds all raw data, and report.html, which opens in a browser; `dagster-sizing show FOLDER` prints
    it again. Meanwhile `dagster-sizing serve` shows in the browser what is going on.

    With `--attach`, bursts go to a deployment that runs already, and its metrics system tells what they cost:
    `dagster-sizing bench SCENARIO --attach http://127.0.0.1:3000 --highest 6 --yes-load-this-deployment
    --metrics prometheus=http://127.0.0.1:9090 --select 'container="dagster"'`.
    """
    scenario = load_scenario(scenario_file, overrides or (), elsewhere=bool(attached.attach)).scenario
    if attached.attach:
        _refuse_own_server(stack, resume, node)
        from harness.cli.attach import bench_attached

        bench_attached(scenario, attached, metrics, out, make_console())
        return
    _refuse_without_attach(attached, metrics)
    folder = ResultFolder(_choose_folder(scenario, out, resume))
    console = make_console()
    started = psutil.Process().create_time()
    command = time.time() - started
    try:
        measure(scenario, stack, folder.path, resume, means_of(console, node, keep_off))
    except Interrupted:
        raise Interrupted(
            f"interrupted; what was measured is in {folder.path}; go on with: "
            f"dagster-sizing bench {scenario_file} --stack {stack.value} --resume --out {folder.path}"
        ) from None
    except ExperimentError as error:
        print_result(folder.read_document(), courses_of(folder), console)
        raise ExperimentError(f"{error}; what was measured is in {folder.path}") from None
    document = folder.read_document()
    print_result(document, courses_of(folder), console)
    began = time.monotonic()
    page = page_or_warning(folder.path) or folder.path / "report.md"
    took(folder, {"command": command, "pages": time.monotonic() - began})
    print_time(folder.read_document(), console, None if resume else time.time() - started)
    console.print(f"\nresult: {folder.path}   report: {page}", highlight=False, markup=False, soft_wrap=True)
    if document.validity.state != "valid":
        raise InvalidResultError(f"the result is {document.validity.state}; the reasons are above")


def _refuse_own_server(stack: StackName, resume: bool, node: str) -> None:
    if resume:
        raise InputError("--resume: a load on a deployment cannot be gone on with; leave it out")
    if node:
        raise InputError("--node: with --attach the deployment is there already; leave it out")
    if stack is not StackName.process:
        raise InputError("--stack: with --attach the deployment is there already; leave it out")


def _refuse_without_attach(attached: AttachOptions, metrics: MetricsOptions) -> None:
    """Options of a deployment do nothing to a server of ours, and whoever gives them means another thing."""
    for given, plain in ((attached, AttachOptions()), (metrics, MetricsOptions())):
        for one in fields(given):
            if getattr(given, one.name) != getattr(plain, one.name):
                option = "--" + one.name.replace("_", "-")
                raise InputError(
                    f"{option}: belongs to --attach; name the deployment with it, or leave it out"
                )


def _choose_folder(scenario: Scenario, out: Path | None, resume: bool) -> Path:
    if out is not None:
        return out
    if not resume:
        return new_folder(scenario.name)
    candidates = sorted(Path("results").glob(f"{scenario.name}-*/result.json"), reverse=True)
    for file in candidates:
        if not ResultFolder(file.parent).read_document().whole:
            return file.parent
    raise ResultError(
        f"results/{scenario.name}-*: nothing to resume; leave --resume out, or name it with --out"
    )
