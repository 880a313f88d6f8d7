"""`dagster-sizing doctor`: what this machine can and cannot do, and the fix."""

from __future__ import annotations

from rich.console import Console

from harness.errors import MachineError
from harness.results.validity import CLOCK_OFFSET_SECONDS
from harness.stack.machine import probe_machine


def doctor() -> None:
    """Say what this machine can measure, what it cannot, and how to put that right."""
    console = Console()
    checks = probe_machine(CLOCK_OFFSET_SECONDS)
    for check in checks:
        mark = "[green]ok[/green]     " if check.ok else "[yellow]missing[/yellow]"
        console.print(f"{mark} {check.name}: ", end="")
        console.print(check.detail, markup=False, highlight=False)
        if not check.ok and check.fix:
            console.print(f"        fix: {check.fix}", markup=False, highlight=False)
    needed = [check.name for check in checks if check.required and not check.ok]
    if needed:
        raise MachineError(f"experiments cannot run here yet: {', '.join(needed)}; the fixes are above")
