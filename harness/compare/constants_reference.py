"""The page on constants, from their registry and the thresholds of their kinds.

python -m harness.compare.constants_reference > docs/constants.md      writes it anew
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.compare.verdicts import THRESHOLDS
from harness.model.constants import CONSTANTS
from harness.model.definition import Definition

_HEAD = """\
# Constants

<!-- Written by `python -m harness.compare.constants_reference` from the registry. Do not edit. -->

A constant is what the fit yields for one cell of a scenario: what a run, or a tick, adds to the code server,
and what the server costs by itself. Each has a value, a 95 % interval, and the number of bursts behind it;
[method](method.md) says how they are fitted. The columns are those of
[`bursts.parquet`](result-format.md#burstsparquet). Where a result lacks one of them, the constant is *not
measured here*.
"""


def render_constants_reference(constants: Iterable[Definition] = CONSTANTS.values()) -> str:
    """The page, as Markdown."""
    lines = [_HEAD, "| constant | unit | meaning | fitted from |", "|---|---|---|---|"]
    known = list(constants)
    lines += [f"| `{one.name}` | {one.unit} | {one.meaning} | {one.source} |" for one in known]
    lines += [
        "",
        "## What counts as a change",
        "",
        "[`compare`](compare.md) and `trend` judge each constant by the threshold of its kind, and pass over",
        "what is negligible whatever its share.",
        "",
        "| kind | threshold | constants, and what is negligible |",
        "|---|---|---|",
    ]
    for kind, share in THRESHOLDS.items():
        names = ", ".join(_judged(one) for one in known if one.kind == kind and one.compared)
        lines.append(f"| {kind} | {100 * share:g} % | {names} |")
    return "\n".join(lines) + "\n"


def _judged(one: Definition) -> str:
    return f"`{one.name}`" + (f" ({one.negligible:g} {one.unit})" if one.negligible else "")


if __name__ == "__main__":
    print(render_constants_reference(), end="")
