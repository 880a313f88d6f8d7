"""`dagster-sizing doctor`: what this machine can and cannot do, and the fix."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from harness.errors import MachineError
from harness.results.validity import CLOCK_OFFSET_SECONDS
from harness.stack.cluster_probe import probe_cluster
from harness.stack.machine import probe_machine
from harness.stack.registry import StackName


def doctor(
    stack: Annotated[
        StackName | None,
        typer.Option(
            help="`kubernetes`: look at the cluster that kubectl speaks to as well.", show_default=False
        ),
    ] = None,
) -> None:
    """Say what this machine can measure, what it cannot, and how to put that right."""
    console = Console()
    checks = probe_machine(CLOCK_OFFSET_SECONDS)
    if stack is StackName.kubernetes:
        checks += probe_cluster()
    for check in checks:
        mark = "[green]ok[/green]     " if check.ok else "[yellow]missing[/yellow]"
        console.print(f"{mark} {check.name}: ", end="")
        console.print(check.detail, markup=False, highlight=False)
        if not check.ok and check.fix:
            console.print(f"        fix: {check.fix}", markup=False, highlight=False)
    needed = [check.name for check in checks if check.required and not check.ok]
    if needed:
        raise MachineError(f"experiments cannot run here yet: {', '.join(needed)}; the fixes are above")
