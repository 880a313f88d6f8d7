"""What an experiment left behind, and whether it harmed the one beside it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.stack.engine import connect, engine_host
from harness.stack.limited_cgroup import PARENT
from harness.stack.limited_cgroup import ROOT as CGROUPS
from tests.campaign.place import Neighbour, Place
from tests.e2e.engine_support import things
from tests.integration.bench_support import traces


@dataclass(frozen=True)
class Before:
    """What was there before the experiment."""

    cgroups: frozenset[Path]
    """Empty where the engine makes them."""
    things: frozenset[str]
    """In the Docker engine; empty where it is not asked."""


def look(stack: str) -> Before:
    """What is there now."""
    if stack == "compose":
        return Before(frozenset(), frozenset(_things()))
    return Before(frozenset(_cgroups()), frozenset())


def left(place: Place, stack: str, before: Before, neighbour: Neighbour) -> list[str]:
    """What is still there of the experiment and not of its neighbour."""
    own = {neighbour.process.pid, neighbour.process.ppid()}
    records = sorted(map(str, place.state.glob("*.json")))
    told = (*records, *(f"process {pid}:" for pid in own))
    found = [one for one in traces(place.state) if not one.startswith(told)]
    found += [f"{len(records) - 1} records"] if len(records) > 1 else []
    everything = set(place.temporary.resolve().glob("dagster-sizing-*"))
    if stack == "process":
        everything |= _cgroups() - before.cgroups
    found += [str(path) for path in sorted(everything - set(neighbour.paths))]
    if stack == "compose":
        networks = {f"networks {one}" for one in neighbour.networks}
        found += sorted(_things() - before.things - networks)
    live = place.out / "live.json"
    return [*found, str(live)] if live.exists() else found


def harmed(neighbour: Neighbour) -> list[str]:
    """What of the neighbour is gone."""
    process = neighbour.process
    gone = [] if process.is_running() and process.status() != psutil.STATUS_ZOMBIE else ["its process"]
    gone += [str(path) for path in neighbour.paths if not path.exists()]
    if neighbour.networks:
        there = _things()
        gone += [f"network {one}" for one in neighbour.networks if f"networks {one}" not in there]
    return [f"harmed the neighbour: {one} is gone" for one in gone]


def _cgroups() -> set[Path]:
    """Those of any experiment, one for each hierarchy of v1."""
    found = (path for pattern in (f"{PARENT}/*", f"*/{PARENT}/*") for path in CGROUPS.glob(pattern))
    return {path.resolve() for path in found if path.is_dir()}  # cpu and cpuacct may be one


def _things() -> set[str]:
    with closing(connect(engine_host())) as client:
        return {f"{kind} {name}" for kind, names in things(client).items() for name in names}
