"""The page on the guide's claims, from a folder of claims that was measured.

python -m harness.report.claims_reference results/claims > docs/claims.md      writes it anew
"""

from __future__ import annotations

import sys
from pathlib import Path

from harness.results.claims_document import ClaimRecord, ClaimsDocument, read_claims

_HEAD = """\
# The guide's claims

<!-- Written by `python -m harness.report.claims_reference results/claims`. Do not edit. -->

The sizing guide for code servers is a set of formulas and statements. Each statement is a *claim*, with the
smallest experiments that can support or refute it, a decision rule that was set before measuring, and what to
use instead.

```sh
make claims                                           # all of them, about 45 minutes on two cores
dagster-sizing claims --list                          # what would be tested, and by which rule
dagster-sizing claims --only thread-stack             # one; --only limits takes all whose ids begin so
dagster-sizing claims --from-results results/claims   # the verdicts again, from raw data; nothing is measured
```

| verdict | meaning |
|---|---|
| `supported` | what was measured is as the guide says |
| `refuted` | it is not |
| `inconclusive` | too close, too few bursts, or the machine was disturbed |
| `not-testable-here` | this machine lacks something, such as CPUs or Docker |

Between what supports a claim and what refutes it there is always a gap, so that a borderline claim stays open
and does not flip from one measurement to the next. `make claims ARGS=--resume` goes on after Ctrl-C. The
experiments are ordinary scenarios (`workloads/scenarios/claims`) and leave ordinary results. `claims.md` and
`report.html` in the folder show every figure with its interval, count and source.
"""


def render_claims_reference(claims: ClaimsDocument) -> str:
    """The page, as Markdown: every claim with its verdict, its evidence and its rule."""
    machine = claims.fingerprint.in_a_line
    lines = [_HEAD, "## Measured", "", f"Figures are from our reference run, on {machine}.", ""]
    lines += ["| claim | verdict | what was measured |", "|---|---|---|"]
    lines += [f"| [`{one.id}`](#{one.id}) | {one.verdict} | {_cell(one.evidence)} |" for one in claims.claims]
    for one in claims.claims:
        lines += _section(one)
    return "\n".join(lines) + "\n"


def _section(one: ClaimRecord) -> list[str]:
    return [
        "",
        f"## {one.id}",
        "",
        f"The guide says: “{one.says}”",
        "",
        f"- **{one.verdict}**: {one.evidence}",
        f"- Why it could be false: {one.doubt}",
        f"- Rule: {one.rule}",
        f"- {'Instead' if one.verdict == 'refuted' else 'Mind'}: {one.advice}",
        f"- Experiments: {', '.join(f'`{name}`' for name in one.experiments)}",
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(render_claims_reference(read_claims(Path(sys.argv[1]))), end="")
