"""`dagster-sizing bench --attach`: bursts on a deployment that runs already."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from harness.campaign.attached import Attached, check_levels, load_attached
from harness.campaign.attached_watch import Bounds
from harness.cli.attach_options import AttachOptions
from harness.cli.folders import free_folder
from harness.cli.metrics_source import MetricsOptions, metrics_source
from harness.cli.observed_result import publish_observed
from harness.cli.options import bytes_of
from harness.cli.run_source import endpoint_of, instance_client, is_instance, token_headers, without_query
from harness.errors import ExperimentError, InputError, InvalidResultError
from harness.experiment.tools import Tools
from harness.scenario.model import Scenario
from harness.sizing.observed_fit import fit_observed
from harness.target.endpoint import Endpoint
from harness.target.locations import find_location
from harness.web_session import is_here


def bench_attached(
    scenario: Scenario,
    options: AttachOptions,
    metrics: MetricsOptions,
    out: Path | None,
    console: Console,
) -> None:
    """Load a deployment, observe it meanwhile, print and write what came of it.

    Raises:
        HarnessError: as in the exit codes of `bench`.
    """
    highest = _allowed(options)
    check_levels(scenario, highest)
    stop_above = bytes_of("--stop-above", options.stop_above) if options.stop_above else None
    source = metrics_source(metrics)
    folder = free_folder(out, scenario.name)

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    unused = sorted({"server", "dagster", "sampling"} & scenario.model_fields_set)
    if unused:
        say(f"not used, as the deployment is as it is: {', '.join(unused)} of the scenario")
    with instance_client(options.attach, options.token_env, options.token_header) as client:
        location, repository = find_location(client, options.location or None, scenario.repository)
        where = Attached(
            endpoint=_endpoint(options, location, repository),
            instance=without_query(options.attach),
            select=metrics.select,
            bounds=Bounds(highest, stop_above),
            name=scenario.name,
        )
        seen = load_attached(scenario, where, source, client, say, Tools())
    document = publish_observed(folder, seen, fit_observed(seen.document, seen.tables), console)
    load = None if document.observed is None else document.observed.own_load
    if load is not None and load.stopped:
        raise ExperimentError(f"stopped: {load.stopped}; what was measured is in {folder.path}")
    if document.validity.state != "valid":
        raise InvalidResultError(f"the result is {document.validity.state}; the reasons are above")


def _allowed(options: AttachOptions) -> int:
    """The highest level, where all was said that allows a load."""
    if not is_instance(options.attach):
        raise InputError(
            f"--attach {options.attach}: the address of a Dagster instance is expected, as "
            "http://127.0.0.1:3000"
        )
    if not options.yes_load_this_deployment:
        raise InputError(
            f"--attach {options.attach}: fires runs at a deployment that others use; if you may, say "
            "--yes-load-this-deployment (dagster-sizing observe loads nothing)"
        )
    if options.highest is None or options.highest < 1:
        raise InputError("--highest: say how many runs there may be at once at most, such as --highest 6")
    return options.highest


def _endpoint(options: AttachOptions, location: str, repository: str) -> Endpoint:
    url, host = endpoint_of(options.attach)
    headers = token_headers(options.token_env, options.token_header)
    return Endpoint(url, location, repository, headers, through_proxy=not is_here(host))
