"""Images for a cluster: built by this machine's Docker engine, and brought to where the nodes find them."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.errors import MachineError
from harness.scenario.cells import Cell
from harness.scenario.model import LocationSection, Scenario
from harness.stack.base import Say
from harness.stack.engine import engine_host, require_engine
from harness.stack.image import CODE, build, build_variables, inside_image, stage_context
from harness.stack.ledger import Ledger
from harness.stack.server_command import own_workloads

REGISTRY, LOADER = "IMAGE_REGISTRY", "IMAGE_LOADER"
"""Variables: where images are pushed to, such as registry.example/team; or a command that gives them to the
nodes, such as `kind load docker-image`, with the names of images after it."""
POSTGRES_UID = "POSTGRES_UID"
"""Variable: user of Postgres where no pod may run as root, such as 999 for the official image."""
_OURS = {"webserver": "SERVER_IMAGE", "collector": "COLLECTOR_IMAGE", "load": "LOAD_IMAGE"}
"""Variables of compose.yaml that name images, by the services that they are built for."""
_SECONDS = 900.0


@dataclass(frozen=True)
class ClusterImages:
    """Names by which the nodes find them, and what is in them."""

    server: str
    """Of the code server."""
    webserver: str
    """Of webserver and daemon."""
    collector: str
    load: str
    """Of Locust."""
    postgres: str
    location: LocationSection
    """The code, as it is found inside."""
    newest: str
    """Upload-date limit that the server's packages were resolved with; empty where there was none."""
    user_s: bool
    """Whether the server's image is the user's own."""


def images_for(
    scenario: Scenario, cell: Cell, experiment: str, logs: Path, ledger: Ledger, say: Say
) -> ClusterImages:
    """Build them and bring them there.

    Raises:
        InputError: the code's folder cannot be copied, or a requirement cannot be installed.
        MachineError: they cannot be built or brought there; one line with the fix.
    """
    registry, loader = os.environ.get(REGISTRY, ""), os.environ.get(LOADER, "")
    if not registry and not loader:
        raise MachineError(
            f"--stack kubernetes: say how the nodes get images, by {REGISTRY} (a registry to push to) or "
            f"{LOADER} (a command such as `kind load docker-image`)"
        )
    require_engine()[0].close()
    ledger.add_engine(engine_host(), experiment)
    context = ledger.make_folder("dagster-sizing-") / "context"
    stage_context(scenario, context)
    variables = build_variables(scenario, cell.dagster_version, experiment, context)
    variables["EXPERIMENT"] = experiment  # the label by which they are removed from this engine
    if registry:
        variables |= {name: f"{registry.rstrip('/')}/{variables[name]}" for name in _OURS.values()}
    command = ["docker", "compose", "--file", str(context / "compose" / "compose.yaml")]
    build(command, list(_OURS), variables, logs / "build.log", scenario.timeouts.environment, say)
    built = [variables[name] for name in _OURS.values()]
    postgres = os.environ.get("POSTGRES_IMAGE", "postgres:15")
    say("bringing the images to the nodes")
    if registry:
        for image in built:
            _run(["docker", "push", "--quiet", image], REGISTRY)
    else:
        # A registry has Postgres; nodes without one get what this engine has.
        own = [postgres] if os.environ.get("POSTGRES_IMAGE") else []
        _run([*shlex.split(loader), *built, *own], LOADER)
    location, user_s = scenario.location, scenario.location is not None and bool(scenario.location.image)
    image = location.image if location is not None and location.image else built[0]
    return ClusterImages(
        server=image,
        webserver=built[0],
        collector=built[1],
        load=built[2],
        postgres=postgres,
        location=own_workloads().model_copy(update={"working_directory": CODE})
        if location is None
        else inside_image(location),
        newest="" if user_s else variables["EXCLUDE_NEWER"],
        user_s=user_s,
    )


def postgres_user() -> tuple[int, int] | None:
    """User and group of Postgres; None for what its image says.

    Raises:
        MachineError: POSTGRES_UID is no number.
    """
    told = os.environ.get(POSTGRES_UID, "")
    if not told:
        return None
    if not told.isdecimal():
        raise MachineError(f"{POSTGRES_UID}: {told}: a user's number is expected, such as 999")
    return int(told), int(told)


def _run(argv: list[str], variable: str) -> None:
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineError(f"{variable}: {shlex.join(argv)[:200]}: {error}") from None
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())[-300:]
        raise MachineError(f"{variable}: {shlex.join(argv)[:200]} failed: {said}")
