"""`dagster-sizing observe`: constants of a deployment that already runs, from its metrics and its runs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from harness.campaign.observation import Wanted, as_far_as_read, observed, with_ticks_told
from harness.cli.folders import free_folder
from harness.cli.metrics_source import MetricsOptions, metrics_source
from harness.cli.observe_options import RunOptions
from harness.cli.observed_result import publish_observed
from harness.cli.option_groups import with_groups
from harness.cli.progress import make_console
from harness.cli.run_source import instance_client, is_instance, seconds_back, without_query
from harness.errors import HeadroomError, InputError, InvalidResultError
from harness.results.result_document import ResultDocument
from harness.sizing.observed_fit import fit_observed
from harness.sizing.run_lives import read_run_lives
from harness.target.versions import dagster_version


@with_groups
def observe(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            help="Address of the Dagster instance's UI: http://127.0.0.1:3000, or "
            "https://ORGANISATION.dagster.cloud/DEPLOYMENT.",
        ),
    ],
    metrics: MetricsOptions,
    runs: RunOptions,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Result folder. Default: results/observed-TIME.", show_default=False
        ),
    ] = None,
    check: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="End with exit code 8 where the worst day left less of the limit of memory than this share, "
            "such as 0.1: for a nightly job and an alert. Whether constants could be fitted does not count "
            "then.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Fit although the result is not valid.")] = False,
) -> None:
    """Learn what runs cost from a deployment that already runs: from its metrics and its run history.

    Dagster knows to the millisecond which runs were live, and a metrics system has what the server used then:
    each reading is one equation, however far apart they are. Runs are read over GraphQL and metrics from
    their system; nothing is loaded or started, and the code server itself is not asked. The result folder is
    one like any other: `show`, `size`, `report` and `compare` work on it.

    It needs a week or so with at least 50 runs, at times two or more at once. What it cannot know, and how
    far memory was from what the live runs predict, is printed beside the constants.
    """
    if not is_instance(url):
        raise InputError(
            f"URL {url}: the address of a Dagster instance is expected, as http://127.0.0.1:3000"
        )
    if check is not None and not 0 < check < 1:
        raise InputError(f"--check {check:g}: a share between 0 and 1 is expected, such as 0.1")
    since = seconds_back(runs.days)
    source = metrics_source(metrics)
    folder = free_folder(out, "observed")
    until = time.time()
    console = make_console()
    wanted = Wanted(
        instance=without_query(url),
        locations=tuple(runs.location or ()),
        since=since,
        until=until,
        source=source.name,
        select=metrics.select,
        name=folder.path.name,
    )
    with _telling(console) as say, instance_client(url, runs.token_env, runs.token_header) as client:
        read = source.read(since, until, say)
        lives = read_run_lives(client, since, say, runs.event_logs)
        wanted = with_ticks_told(as_far_as_read(wanted, read), client, say)
        seen = observed(wanted, lives, read, dagster_version(client))
        say("fitting")
        fitted = fit_observed(seen.document, seen.tables, force)
    document = publish_observed(folder, seen, fitted, console)
    if check is not None:
        _check(document, check)
    elif document.validity.state != "valid":
        raise InvalidResultError(f"the result is {document.validity.state}; the reasons are above")


def _check(document: ResultDocument, share: float) -> None:
    observed = document.observed
    if observed is None or observed.worst_day.headroom is None:
        raise InputError(
            "--check: no limit of memory is known, so there is no headroom; set one, or give it (in a CSV "
            "file, as memory_limit_bytes)"
        )
    day = observed.worst_day
    if day.headroom is not None and day.headroom < share:
        raise HeadroomError(
            f"on {day.day} only {day.headroom:.1%} of the limit of memory were left, and --check asks for "
            f"{share:.1%}; raise the limit, or lower max_concurrent_runs: dagster-sizing size says to what"
        )


@contextmanager
def _telling(console: Console) -> Iterator[Callable[[str], None]]:
    """Shows how reading goes on: in place on a terminal, else a line for each kind of thing."""
    if console.is_terminal:
        with console.status("reading") as status:
            yield lambda text: status.update(escape(text))
        return
    told: set[str] = set()

    def say(text: str) -> None:
        kind = re.sub(r"[\d,.]+", "#", text)
        if kind not in told:
            told.add(kind)
            console.print(text, markup=False, highlight=False)

    yield say
