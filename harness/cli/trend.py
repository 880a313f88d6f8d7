"""`dagster-sizing trend`: keep results over time, and see where a constant stepped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from harness.cli.options import format_option, thresholds_of
from harness.cli.progress import make_console
from harness.compare.trend_series import series_of
from harness.compare.verdicts import THRESHOLDS
from harness.errors import InputError, RegressionError, ResultError
from harness.report.renderers import Format, print_document
from harness.results.folder import ResultFolder
from harness.results.matrix_document import is_matrix, read_matrix, rounds_of
from harness.results.result_document import ResultDocument
from harness.results.trend_document import SeriesRecord, add_entries, entry_of, read_entries
from harness.sizing.fitting import fit_result

app = typer.Typer(
    no_args_is_help=True, help="Keep the constants of results over time, and see where one stepped."
)
Folder = Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Folder with the trend.")]
DEFAULT = Path("results/trend")


@app.command("add")
def add(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULT...", help="Result folders, or folders of matrices.")
    ],
    folder: Folder = DEFAULT,
) -> None:
    """Add the constants of valid results to a trend; what is there already is not added twice.

    The trend is a plain folder with one small JSON file for each result, so that a nightly job can keep it
    on a branch.
    """
    entries = [entry_of(document) for path in results for document in _documents(path)]
    new = add_entries(folder, entries)
    typer.echo(f"{new} of {len(entries)} results added; see: dagster-sizing trend show --to {folder}")


@app.command("show")
def show(
    folder: Folder = DEFAULT,
    workload: Annotated[str, typer.Option(help="Only this workload.")] = "",
    constant: Annotated[str, typer.Option(help="Only this constant.")] = "",
    threshold: Annotated[
        list[str] | None,
        typer.Option("--threshold", metavar="KIND=SHARE", help="As for compare: smaller steps are not told."),
    ] = None,
    fail_on_step: Annotated[
        int,
        typer.Option(
            "--fail-within",
            metavar="RESULTS",
            help="Exit code 7 if a constant stepped up within so many of the latest results; 0 never.",
        ),
    ] = 0,
    output: Annotated[Format, format_option("trend")] = Format.TABLE,
) -> None:
    """Show each constant over time and versions, and where it stepped to another level and stayed there.

    A single spike is no step: a level must last three results. Results from machines that are not alike, and
    of other scenarios, have lines of their own.
    """
    series = series_of(read_entries(folder), thresholds_of(threshold or (), THRESHOLDS))
    chosen = [one for one in series if workload in ("", one.workload) and constant in ("", one.constant)]
    if not chosen:
        known = ", ".join(sorted({f"{one.workload} {one.constant}" for one in series}))
        raise InputError(f"{folder}: nothing of --workload {workload} --constant {constant}; it has {known}")
    print_document("trend", output, chosen, console=make_console())
    stepped = [one for one in chosen if _stepped_up(one, fail_on_step)]
    if stepped:
        told = ", ".join(f"{one.constant} of {one.workload} on {one.dagster_version}" for one in stepped)
        raise RegressionError(f"stepped up within the latest {fail_on_step} results: {told}")


def _documents(path: Path) -> list[ResultDocument]:
    """A result as it is; of a matrix, one for each version, fitted to the bursts of all its rounds.

    Raises:
        ResultError: there is none, or a round is not valid.
    """
    if not is_matrix(path):
        return [ResultFolder(path).read_document()]
    found = []
    rounds = [(one.read_document(), one) for one in rounds_of(path)]
    for version in read_matrix(path).versions:
        own = [(document, one) for document, one in rounds if document.cells[0].dagster_version == version]
        for document, _ in own:
            if document.validity.state != "valid":
                raise ResultError(f"{path}: {document.name}: is {document.validity.state}; measure it again")
        bursts, replicas = (pd.concat([one.table(name) for _, one in own]) for name in ("bursts", "replicas"))
        named = own[0][0].model_copy(update={"name": f"{path.name}-{version}"})
        found.append(fit_result(named, bursts, replicas))
    return found


def _stepped_up(series: SeriesRecord, within: int) -> bool:
    recent = len(series.values) - within
    return within > 0 and any(step.index >= recent and step.ratio > 1 for step in series.steps)
