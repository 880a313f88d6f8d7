"""Where Locust runs, and the commands that start it there."""

from __future__ import annotations

import os
import random
import site
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import harness

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
PROJECT = Path(harness.__file__).parents[1]
LOCUST = ("-m", "locust", "--headless", "--only-summary", "--loglevel", "ERROR", "--exit-code-on-error", "0")
GRAPHQL_PATH = "/graphql"
_HIGH_PORTS = (20_000, 29_999)


@dataclass(frozen=True)
class Elsewhere:
    """Machines other than this one: one for a Locust alone, or one for its master and one for each worker."""

    url: str
    """GraphQL endpoint as it is reached from there; ends with `/graphql`."""
    reached_by: tuple[tuple[str, ...], ...]
    """What is put before a command to run it on each of them, and that passes on what it reads and prints."""
    master: str
    """Address at which the others find the first."""
    locustfile: str
    environment: Mapping[str, str]
    """Whole, of these commands."""


@dataclass(frozen=True)
class Commands:
    """The Locust processes of one plan, as they are started."""

    first: Sequence[str]
    """The one that the harness talks to: alone, or the master."""
    workers: Sequence[Sequence[str]]
    """Those that it does not start itself."""
    environment: Mapping[str, str]


def commands_here(url: str, users: int, processes: int, bind: str) -> Commands:
    """Of Locust on this machine, whose workers find their master at the address `bind`."""
    command = [sys.executable, *LOCUST, "--locustfile", str(LOCUSTFILE), *_users(url, users)]
    if processes > 1:
        port = str(_free_port(bind))
        command += ["--processes", str(processes), "--master-bind-host", bind]
        command += ["--master-bind-port", port, "--master-host", bind, "--master-port", port]
    return Commands(command, (), _environment())


def commands_elsewhere(place: Elsewhere, users: int, processes: int) -> Commands:
    """Of Locust on other machines.

    Raises:
        ValueError: there are too few of them.
    """
    needed = 1 if processes == 1 else processes + 1
    if len(place.reached_by) < needed:
        raise ValueError(f"processes: {processes} take {needed} machines, there are {len(place.reached_by)}")
    first, *others = place.reached_by
    locust = ("python", *LOCUST, "--locustfile", place.locustfile)
    alone = [*first, *locust, *_users(place.url, users)]
    if processes == 1:
        return Commands(alone, (), place.environment)
    # The master of the burst before may not have let go of its port yet.
    port = str(random.randint(*_HIGH_PORTS))
    worker = (*locust, "--worker", "--master-host", place.master, "--master-port", port)
    return Commands(
        [*alone, "--master", "--master-bind-port", port, "--expect-workers", str(processes)],
        [[*reached, *worker] for reached in others[:processes]],
        place.environment,
    )


def _users(url: str, users: int) -> tuple[str, ...]:
    # The rate is all at once: users only take their places, nothing is fired by spawning them.
    number = str(users)
    return "--host", url.removesuffix(GRAPHQL_PATH), "--users", number, "--spawn-rate", number


def _environment() -> dict[str, str]:
    """The harness's environment without what would configure Locust behind our back."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LOCUST_")}
    # Without byte code each start costs a second of CPU instead of 0.4 s, and there is one per burst.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    path = [str(PROJECT), *filter(None, [kept.get("PYTHONPATH")])]
    # Locust reads ~/.locust.conf; packages installed with `pip --user` must still be found.
    home = {"HOME": os.devnull, "PYTHONUSERBASE": site.getuserbase()}
    return kept | home | {"PYTHONPATH": os.pathsep.join(path)}


def _free_port(bind: str) -> int:
    with socket.socket() as probe:
        probe.bind((bind, 0))
        return int(probe.getsockname()[1])
