"""`dagster-sizing collect`: write down what a code server uses, where no metrics system does."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import bytes_of, seconds_of
from harness.collect.files import Printed, Rotated
from harness.collect.reading import GoneError, Probe
from harness.errors import InputError, MachineError

_KINDS = "pid=auto, docker=CONTAINER or ecs=CONTAINER"
JITTER = 0.1
"""Share of the period by which a reading may be early or late."""
PATIENCE_SECONDS = 120.0
"""Without a reading, before it gives up: while code is deployed, the server is away for a while."""


def collect(
    source: Annotated[
        str,
        typer.Argument(
            metavar="KIND=WHAT",
            help="What to read: `pid=PID` (a process of this machine, or of a pod or task whose processes "
            "are shared; `pid=auto` finds the code server), `docker=CONTAINER` (of a local or forwarded "
            "engine), or `ecs=CONTAINER` (from within the same ECS task).",
        ),
    ],
    every: Annotated[str, typer.Option(metavar="TIME", help="How often to read, such as 1s or 15s.")] = "5s",
    lasting: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="TIME",
            help="How long, such as 7d. Default: until it is ended.",
            show_default=False,
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder of CSV files, for `observe --metrics csv=FOLDER`. Default: standard output.",
            show_default=False,
        ),
    ] = None,
    most: Annotated[
        str, typer.Option("--most", metavar="SIZE", help="Of all files together; the oldest go then.")
    ] = "500MiB",
) -> None:
    """Write down what a code server uses, as CSV for `observe`, where no metrics system does.

    It reads memory, CPU, threads and processes again and again, and writes a line each time. Run it beside
    the code server: on its machine, as a sidecar that shares its processes, or in its ECS task. It goes on
    until Ctrl-C or SIGTERM, or until the server is gone; what is written is kept. A week at one reading every
    five seconds takes about 12 MB.
    """
    period = seconds_of("--every", every)
    longest = seconds_of("--for", lasting) if lasting else float("inf")
    most_bytes = bytes_of("--most", most)
    over = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: over.set())
    with closing(_probe(source)) as probe, closing(_writer(out, most_bytes)) as writer:
        typer.echo(f"reading {probe.name} every {period:g}s", err=True)
        written = _follow(probe, writer.write, period, longest, over)
    typer.echo(f"{written:,} readings written", err=True)


def _writer(out: Path | None, most_bytes: int) -> Printed | Rotated:
    return Printed() if out is None else Rotated(out, most_bytes)


def _follow(
    probe: Probe, write: Callable[..., None], period: float, longest: float, over: threading.Event
) -> int:
    """Read until the end, and no reading later than `longest` seconds from now; how many were written."""
    began = due = last = time.monotonic()
    written = number = 0
    chance = random.Random()
    while due < began + longest and not over.wait(max(0.0, due - time.monotonic())):
        # So that the rate does not drift, but never in step with a schedule; what was missed is left out.
        number = max(number + 1, int((time.monotonic() - began) / period) + 1)
        due = max(began + (number + chance.uniform(-JITTER, JITTER)) * period, time.monotonic())
        try:
            write(probe.read())
            written, last = written + 1, time.monotonic()
        except GoneError as error:
            typer.echo(f"{error}", err=True)
            break
        except MachineError as error:
            if time.monotonic() - last > PATIENCE_SECONDS:
                raise MachineError(f"{error}; nothing was read for {PATIENCE_SECONDS:g}s") from None
    return written


def _probe(source: str) -> Probe:
    kind, _, what = source.partition("=")
    if kind not in _PROBES or not what:
        raise InputError(f"KIND=WHAT {source}: {_KINDS} is expected")
    return _PROBES[kind](what)


def _process(what: str) -> Probe:
    from harness.collect.process_probe import ProcessProbe, find_server

    if what == "auto":
        return ProcessProbe(find_server())
    if not what.isdecimal():
        raise InputError(f"pid={what}: the number of a process, or auto, is expected")
    return ProcessProbe(int(what))


def _container(what: str) -> Probe:
    from harness.collect.engine_probe import EngineProbe
    from harness.stack.engine import connect, engine_host

    return EngineProbe(connect(engine_host()), what)


def _ecs(what: str) -> Probe:
    from harness.collect.ecs_probe import EcsProbe

    return EcsProbe(what)


_PROBES: dict[str, Callable[[str], Probe]] = {"pid": _process, "docker": _container, "ecs": _ecs}
