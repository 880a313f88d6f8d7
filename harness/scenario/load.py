"""Read a scenario file; every error names file, line, field, what was given and what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from harness.errors import InputError
from harness.scenario.cells import cells_of
from harness.scenario.deployment_files import from_container_context, from_helm_values
from harness.scenario.env_file import read_env_file, taken_from_outside
from harness.scenario.model import ELSEWHERE, Scenario
from harness.scenario.problems import problems, section_of_scenario
from harness.scenario.quantity import MIB
from harness.scenario.shipped import scenario_path
from harness.scenario.written import FieldPath, Loader, Written, dotted, note, read_mapping, read_text


@dataclass(frozen=True)
class LoadedScenario:
    """A scenario and where it came from."""

    scenario: Scenario
    path: Path
    text: str


def load_scenario(path: Path, overrides: Sequence[str] = (), elsewhere: bool = False) -> LoadedScenario:
    """Read and check a scenario file, with `--set key=value` overrides applied.

    A name such as `quick` is that of a shipped scenario. Relative paths count from the file's folder. Where
    the code is `elsewhere`, in a deployment that runs already, its own jobs need no location section.

    Raises:
        InputError: anything wrong; one line per problem.
    """
    path = scenario_path(path)
    text = read_text(path, "a scenario")
    document, written = read_mapping(path, text, "at least `name` and `workloads`")
    for option in overrides:
        written.options[_apply(document, option, written)] = option
    _take_deployment(document, written)
    try:
        scenario = Scenario.model_validate(document, context=ELSEWHERE if elsewhere else None)
    except ValidationError as error:
        raise InputError("\n".join(problems(error, document, written, section_of_scenario))) from None
    _refuse_cells_of_one_name(scenario, written)
    return LoadedScenario(_with_environment(_resolve_paths(scenario, written), written), path, text)


def _take_deployment(document: dict[str, Any], written: Written) -> None:
    """Fill in what the scenario leaves to a deployment's own file."""
    server = document.get("server")
    if not isinstance(server, dict):
        return
    if server.get("from_helm_values") and server.get("from_container_context"):
        where = written.where(("server", "from_container_context"))
        raise InputError(f"{where}: server: from_helm_values or from_container_context is expected, not both")
    for key, read in (
        ("from_helm_values", from_helm_values),
        ("from_container_context", from_container_context),
    ):
        if not isinstance(server.get(key), str):
            continue
        found = read(Path(written.file.parent, Path(server[key]).expanduser()), server.get("deployment"))
        own = {name: value for name, value in found.server.items() if name != "env"}
        document["server"] = server = own | server
        server["env"] = found.server.get("env", {}) | (server.get("env") or {})
        # What is written here goes over it; a name that is not in the file stays unset.
        pod = {name: value for name, value in found.pod.items() if value is not None}
        server["pod"] = pod | (server.get("pod") or {})
        if found.location and not document.get("location"):
            document["location"] = found.location


def _refuse_cells_of_one_name(scenario: Scenario, written: Written) -> None:
    """Values so close that they round to one name would be one cell, of which one is never measured."""
    ids = [cell.cell_id for cell in cells_of(scenario)]
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice is None:
        return
    names = {
        "memory": [f"{size // MIB} MiB" for size in scenario.server.memory],
        "cpus": [f"{cpus:g}" for cpus in scenario.server.cpus],
        "health_check_every": [f"{seconds:g}s" for seconds in scenario.server.health_check_every],
    }
    for field, rounded in names.items():
        if len(set(rounded)) < len(rounded):
            alike = next(one for one in rounded if rounded.count(one) > 1)
            where = written.where(("server", field))
            raise InputError(
                f"{where}: server.{field}: two of its values are {alike} when rounded, and would be one cell "
                f"({twice}); leave one of them out"
            )
    raise InputError(f"{written.file}: two cells would both be called {twice}; leave one of them out")


def _apply(document: dict[str, Any], option: str, written: Written) -> FieldPath:
    """Set one field of the document as a `--set` option says; which field it was."""
    key, equals, text = option.partition("=")
    if not equals or not key.strip():
        raise InputError(f"--set {option}: key=value is expected, such as load.repeats=2")
    try:
        value = yaml.load(text, Loader=Loader)
        node = yaml.compose(text, Loader=Loader)
    except yaml.YAMLError:
        raise InputError(f"--set {option}: the value is not YAML") from None
    path: FieldPath = tuple(int(part) if part.isdigit() else part for part in key.strip().split("."))
    around: Any = document
    for depth, part in enumerate(path[:-1]):
        if isinstance(around, dict) and around.get(str(part), {}) is None:
            around[str(part)] = {}  # an empty section of the file
        if isinstance(around, dict):
            around = around.setdefault(str(part), {})
        elif isinstance(around, list) and isinstance(part, int) and part < len(around):
            around = around[part]
        else:
            raise InputError(f"--set {option}: there is no {dotted(path[: depth + 1])} in the scenario")
    last = path[-1]
    if isinstance(around, dict):
        around[str(last)] = value
    elif isinstance(around, list) and isinstance(last, int) and last < len(around):
        around[last] = value
    else:
        raise InputError(f"--set {option}: there is no {dotted(path)} in the scenario")
    if node is not None:
        replacing = Written(Path(option))
        note(f"--set {option}", node, path, (), replacing)
        written.words.update(replacing.words)
    return path


def _with_environment(scenario: Scenario, written: Written) -> Scenario:
    try:
        taken_from_outside(scenario.server.env)
    except InputError as error:
        raise InputError(f"{written.where(('server', 'env'))}: {error}") from None
    given = scenario.server.env_file
    if given is None:
        return scenario
    resolved = Path(written.file.parent, given.expanduser()).absolute()
    try:
        read_env_file(resolved)
    except InputError as error:
        raise InputError(f"{written.where(('server', 'env_file'))}: {error}") from None
    server = scenario.server.model_copy(update={"env_file": resolved})
    return scenario.model_copy(update={"server": server})


def _resolve_paths(scenario: Scenario, written: Written) -> Scenario:
    if scenario.location is None or scenario.location.image is not None:
        return scenario  # paths inside an image are none of this machine
    changes: dict[str, Path] = {}
    for name in ("python_file", "working_directory", "python"):
        given = getattr(scenario.location, name)
        if given is None:
            continue
        # absolute, but not resolved: a venv's python is a link that must stay one
        resolved = Path(written.file.parent, given.expanduser()).absolute()
        if not resolved.exists():
            where = written.where(("location", name))
            raise InputError(f"{where}: location.{name}: does not exist; got {str(given)!r} ({resolved})")
        changes[name] = resolved
    location = scenario.location.model_copy(update=changes)
    return scenario.model_copy(update={"location": location})
