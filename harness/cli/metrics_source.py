"""Which source of metrics is meant by `--metrics KIND=WHERE`, and what it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.run_source import header_value
from harness.errors import InputError
from harness.metrics.source import Kind, MetricsSource
from harness.scenario.duration import parse_seconds

_EXAMPLES = "prometheus=http://127.0.0.1:9090, cloudwatch=eu-west-1, or csv=readings.csv"


@dataclass(frozen=True)
class MetricsOptions:
    """Where metrics come from."""

    metrics: Annotated[
        str,
        typer.Option(
            metavar="KIND=WHERE",
            help="Source of metrics: `prometheus=URL` (Prometheus, Thanos, Mimir or what else speaks its "
            "API, with the series of cAdvisor that every kubelet has), `cloudwatch=REGION` (Container "
            "Insights of ECS or EKS, with the credentials that the AWS command line has), or `csv=FILE` "
            "(columns at, working_set_bytes, and perhaps rss_bytes, cpu_seconds, threads, processes, "
            "instance).",
            show_default=False,
        ),
    ] = ""
    select: Annotated[
        str,
        typer.Option(
            metavar="LABELS",
            help="The code server's container: of Prometheus by labels, such as "
            '\'namespace="data",container="dagster"\', of CloudWatch by dimensions, such as '
            '\'ClusterName="prod",ServiceName="dagster"\'.',
            show_default=False,
        ),
    ] = ""
    metrics_header: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HEADER=NAME",
            help="HTTP header to send to Prometheus, from the environment variable NAME, such as "
            "Authorization=PROM_AUTH (which holds `Bearer` and a token, or `Basic` and its code) or "
            "X-Scope-OrgID=TENANT. May be given several times.",
            show_default=False,
        ),
    ] = None
    metrics_ca: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Certificates to trust for Prometheus.", show_default=False),
    ] = None
    readings: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help="What a reading of a CSV file is of: `point` (an instant), or `mean=60s` or `max=60s` (the "
            "mean or the most of so long before it).",
        ),
    ] = "point"


def metrics_source(told: MetricsOptions) -> MetricsSource:
    """The source that options name.

    Raises:
        InputError: it is none that there is, or lacks what it needs.
    """
    if not told.metrics:
        raise InputError(f"--metrics: say where readings come from, as {_EXAMPLES}")
    kind, _, where = told.metrics.partition("=")
    if kind not in _KINDS or not where:
        raise InputError(f"--metrics {told.metrics}: KIND=WHERE is expected, as {_EXAMPLES}")
    return _KINDS[kind](where, told)


def _prometheus(url: str, told: MetricsOptions) -> MetricsSource:
    from harness.metrics.prometheus import PrometheusSource

    if not told.select:
        raise InputError(
            "--select: name the code server's container by its labels, such as "
            '--select \'namespace="data",container="dagster"\''
        )
    if told.metrics_ca is not None and not told.metrics_ca.is_file():
        raise InputError(f"--metrics-ca {told.metrics_ca}: no such file")
    ca = None if told.metrics_ca is None else str(told.metrics_ca)
    return PrometheusSource(url, told.select, _headers(told.metrics_header or ()), ca)


def _cloudwatch(region: str, told: MetricsOptions) -> MetricsSource:
    from harness.metrics.cloudwatch import CloudWatchSource

    if not told.select:
        raise InputError(
            "--select: name the code server's service or workload by dimensions, such as "
            '--select \'ClusterName="prod",ServiceName="dagster"\''
        )
    return CloudWatchSource(told.select, region)


def _headers(told: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in told:
        header, _, variable = text.partition("=")
        if not variable:
            raise InputError(
                f"--metrics-header {header}: HEADER=NAME is expected, where NAME is an environment variable"
            )
        found[header] = header_value("--metrics-header", variable, header)
    return found


def _csv(file: str, told: MetricsOptions) -> MetricsSource:
    from harness.metrics.csv_file import CsvSource

    return CsvSource(Path(file), *_reading(told.readings))


def _reading(text: str) -> tuple[Kind, float]:
    kinds: dict[str, Kind] = {"mean": "mean", "max": "max"}
    if text == "point":
        return "point", 0.0
    name, _, window = text.partition("=")
    try:
        return kinds[name], parse_seconds(window)
    except (KeyError, ValueError):
        raise InputError(f"--readings {text}: point, mean=60s or max=60s is expected") from None


_KINDS: dict[str, Callable[[str, MetricsOptions], MetricsSource]] = {
    "prometheus": _prometheus,
    "cloudwatch": _cloudwatch,
    "csv": _csv,
}
