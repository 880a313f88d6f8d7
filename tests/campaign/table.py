"""The table of a campaign. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.campaign.case import Seen

HEAD = """\
| stack and seed | fault | after | exit | validity | after `--resume` | redone | MiB a run | what was wrong |
|---|---|---|---|---|---|---|---|---|
"""


def render(seen: Sequence[Seen], undisturbed: Mapping[str, float]) -> str:
    """As Markdown: a line for each case, by stack and number, and what all of them come to.

    Args:
        seen: the cases.
        undisturbed: bytes per run where nothing happens, by stack.
    """
    rows = [
        _row(one)
        for one in sorted(seen, key=lambda one: (one.stack, int(one.seed.split("/")[0]), one.number))
    ]
    struck, wrong = sum(one.struck for one in seen), sum(bool(one.wrong) for one in seen)
    kills, signals = (sum(one.struck and word in one.fault for one in seen) for word in ("SIGKILL", "SIG"))
    usual = ", ".join(f"{value / 2**20:.1f} MiB ({stack})" for stack, value in sorted(undisturbed.items()))
    said = (
        f"{len(seen)} cases; in {struck} the experiment was still there for the fault ({kills} of them "
        f"SIGKILLs, {signals - kills} other signals), and in {wrong} something was wrong. Undisturbed, a run "
        f"takes {usual}.\n"
    )
    return f"{said}\n{HEAD}" + "".join(f"{row}\n" for row in rows)


def _row(one: Seen) -> str:
    value = "-" if one.value is None else f"{one.value / 2**20:.1f}"
    cells = (
        f"{one.stack} {one.seed}",
        one.fault,
        f"{one.after_seconds:.1f} s" + ("" if one.struck else ", too late"),
        str(one.exit_code),
        one.validity,
        one.resumed or "-",
        f"{one.measured_again}" if one.measured_again else "-",
        value,
        "; ".join(one.wrong) or "nothing",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
