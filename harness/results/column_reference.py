"""The page on the result format, from the registry of columns.

python -m harness.results.column_reference > docs/result-format.md      writes it anew
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.results.column import Column, Nature, OverReplicas
from harness.results.columns import COLUMNS

_TABLES = {
    "samples": "One row for each reading of a code server's cgroup, many times a second.",
    "processes": "One row for each process of a code server's tree, at each of a few walks a second. "
    "Not every walk reads PSS and USS, which cost most; those where memory is highest do.",
    "launches": "One row for each launch of a run.",
    "ticks": "One row for each tick of a sensor or schedule that was fired.",
    "runs": "One row for each run, from the history that Dagster keeps.",
    "steps": "One row for each attempt of a step, from the same history.",
    "companions": "One row for each reading of the webserver's and the daemon's own cgroup.",
    "pings": "One row for each Ping that was sent to a code server.",
    "scrapes": "One row for each reading of a metrics system; only of results of `observe`.",
    "daemon_ticks": "One row per evaluation of a sensor or schedule in the time that was observed.",
    "predicted": "One row for each reading that was fitted; computed, and written anew by `fit`.",
    "replicas": "One row for each code server and burst: what it ran, and what that cost it.",
    "bursts": "One row for each burst. Constants are fitted to this table, and a result is judged by it.",
}
_NATURES: dict[Nature, str] = {
    "key": "says what a row is of",
    "text": "words",
    "flag": "true or false",
    "instant": "a moment, in seconds since 1970",
    "gauge": "a state at one moment, or the highest one",
    "counter": "only rises; differences count",
    "amount": "of the row as a whole",
    "ratio": "a share, or a rate",
}
_OVER_REPLICAS: dict[OverReplicas, str] = {
    "sum": "added up",
    "max": "the highest counts, as each of them sees the whole machine",
    "first": "that of the first counts",
    "none": "not one figure of several code servers",
}
_HEAD = """\
# Result format

<!-- Written by `python -m harness.results.column_reference` from the registry of columns. Do not edit. -->

A result is a folder. `result.json` says what was measured where, whether it is valid, and which constants
were fitted. Every other file is raw data, written once and never changed; each table below is a Parquet file.

| file | what it holds |
|---|---|
| `result.json` | scenario, environment, validity, each cell's constants and levels; its schema is numbered |
| `TABLE.parquet` | one raw table, of all cells |
| `parts/` | the tables burst by burst while an experiment runs; gone when it is finished |
| `logs/` | what the processes of the stack said |

A number that was not measured is empty, not zero. A column that is not in the file was not known to the
version that wrote it: every reader takes it for empty, and a constant that needs it is shown as *not measured
here*.

"""


def render_column_reference(columns: Mapping[str, Iterable[Column]] = COLUMNS) -> str:
    """The page as Markdown: every table of `columns` with its columns, in the order of the file."""
    lines = [
        "## How to read the tables",
        "",
        "*Nature* says what kind of value a column holds:",
        "",
        *(f"- {name}: {told}" for name, told in _NATURES.items()),
        "",
        "*Several code servers* says how their values at one moment make one:",
        "",
        *(f"- {name}: {told}" for name, told in _OVER_REPLICAS.items()),
    ]
    for table, known in columns.items():
        lines += ["", f"## `{table}.parquet`", "", _TABLES.get(table, ""), "", *_rows(known)]
    return _HEAD + "\n".join(lines) + "\n"


def _rows(columns: Iterable[Column]) -> list[str]:
    header = ("column", "type", "unit", "nature", "several code servers", "meaning")
    rows = [
        (f"`{one.name}`", one.dtype, one.unit, one.nature, one.over_replicas, _meaning(one))
        for one in columns
    ]
    ruler = "|" + "---|" * len(header)
    return [_line(header), ruler, *map(_line, rows)]


def _meaning(one: Column) -> str:
    peak = f"; its highest sum in a burst is `{one.peak}` of `bursts`" if one.peak else ""
    return f"{one.meaning}{peak}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    print(render_column_reference(), end="")
