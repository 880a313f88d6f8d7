"""What of a scenario a deployment's own files say: the Helm chart's values, or Dagster+'s container context.

Sources: `deployment-user.yaml` and `values.yaml` of the chart `dagster-user-deployments`; the reference of
Dagster+'s Kubernetes agent, "Per-location configuration".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.scenario.quantity import SERVER_CPUS, SERVER_MEMORY
from harness.scenario.written import FieldPath, Written, dotted, read_mapping, read_text

_PORT = "4000"
_HELM_LEFT_OUT = (
    *("volumes", "volumeMounts", "initContainers", "sidecarContainers", "affinity"),
    *("podSecurityContext", "securityContext", "schedulerName", "serviceAccount", "startupProbe"),
)
_CONTEXT_LEFT_OUT = ("volumes", "volume_mounts", "service_account_name", "scheduler_name", "security_context")
_TAKEN_SPEC, _TAKEN_CONTAINER = ("node_selector", "tolerations", "image_pull_secrets"), ("resources", "env")
_TARGETS = {
    "--python-file": "python_file",
    "-f": "python_file",
    "--module-name": "module",
    "-m": "module",
    "--package-name": "package",
    "--working-directory": "working_directory",
    "-d": "working_directory",
    "--attribute": "attribute",
    "-a": "attribute",
}
_CHART_CHECKS_EVERY, _KUBERNETES_CHECKS_EVERY = 20, 10
"""Seconds between health checks: where the chart adds the probe, and where a probe does not say."""


@dataclass
class FromFile:
    """Fields of the sections `server`, `server.pod` and `location`."""

    server: dict[str, Any] = field(default_factory=dict)
    pod: dict[str, Any] = field(default_factory=dict)
    location: dict[str, Any] = field(default_factory=dict)


def from_helm_values(path: Path, deployment: str | None) -> FromFile:
    """A user deployment of a values file.

    Args:
        path: of the chart `dagster`, or of its part `dagster-user-deployments`.
        deployment: its name, where there are several.

    Raises:
        InputError: with file, line, field and fix.
    """
    document, written = read_mapping(
        path, read_text(path, "values of the Helm chart"), "values of the Helm chart"
    )
    read = _Reader(document, written)
    around: FieldPath = ("dagster-user-deployments",) if "dagster-user-deployments" in document else ()
    at = read.chosen((*around, "deployments"), "name", deployment)
    found = FromFile()
    image = read.mapping((*at, "image"))
    if not image.get("repository"):
        raise read.error((*at, "image"), "repository and tag of the image are expected")
    name = f"{image['repository']}:{image.get('tag', 'latest')}"
    grpc, server = (read.texts((*at, f"{kind}Args")) for kind in ("dagsterApiGrpc", "codeServer"))
    if bool(grpc) == bool(server):
        raise read.error(at, "either dagsterApiGrpcArgs or codeServerArgs is expected")
    found.location = _location(name, grpc or server, ["api", "grpc"] if grpc else ["code-server", "start"])
    if server and "command" not in found.location:
        found.server["started_as"] = "code_server"
    found.server |= read.limits((*at, "resources"))
    found.server["env"] = read.environment((*at, "env"))
    if every := _health_check_seconds(read.value(at)):
        found.server["health_check_every"] = every
    pulls = [
        *read.names(("imagePullSecrets",)),
        *(read.names((*around, "imagePullSecrets")) if around else ()),
    ]
    found.pod = {
        "node_selector": read.mapping((*at, "nodeSelector")),
        "tolerations": read.tolerations((*at, "tolerations")),
        "image_pull_secrets": list(dict.fromkeys(pulls)),
        "env_secrets": read.names((*at, "envSecrets")),
        "env_config_maps": read.names((*at, "envConfigMaps")),
        "left_out": [key for key in _HELM_LEFT_OUT if read.value((*at, key))] + read.unread,
    }
    return found


def from_container_context(path: Path, location: str | None) -> FromFile:
    """A code location of Dagster+.

    Args:
        path: container_context.yaml, or build.yaml or dagster_cloud.yaml with several locations.
        location: its name, where there are several.

    Raises:
        InputError: with file, line, field and fix.
    """
    document, written = read_mapping(path, read_text(path, "a container context"), "a container context")
    read = _Reader(document, written)
    found = FromFile()
    at: FieldPath = ()
    if "locations" in document:
        at = read.chosen(("locations",), "location_name", location)
        found.location = _location_of_cloud(read, at)
        at = (*at, "container_context")
    at = (*at, "k8s")
    found.server["started_as"] = "agent"
    configuration = (*at, "server_k8s_config")
    container, spec = (*configuration, "container_config"), (*configuration, "pod_spec_config")
    for resources in ((*at, "resources"), (*container, "resources")):
        found.server |= read.limits(resources)
    variables = read.texts((*at, "env_vars"))
    found.server["env"] = {
        name: value if equals else None for name, equals, value in (one.partition("=") for one in variables)
    } | read.environment((*container, "env"))
    selector, tolerations = (*spec, "node_selector"), (*spec, "tolerations")
    pulls = [*read.names((*at, "image_pull_secrets")), *read.names((*spec, "image_pull_secrets"))]
    left_out = [key for key in _CONTEXT_LEFT_OUT if read.value((*at, key))]
    left_out += [
        f"{around[-1]}.{key}"
        for around, taken in ((spec, _TAKEN_SPEC), (container, _TAKEN_CONTAINER))
        for key in read.mapping(around)
        if key not in taken
    ]
    found.pod = {
        "node_selector": read.mapping(selector),
        "tolerations": read.tolerations(tolerations),
        "image_pull_secrets": list(dict.fromkeys(pulls)),
        "env_secrets": read.names((*at, "env_secrets")),
        "env_config_maps": read.names((*at, "env_config_maps")),
        "namespace": read.value((*at, "namespace")),
        "left_out": left_out + read.unread,
    }
    return found


def _location(image: str, arguments: Sequence[str], command: Sequence[str]) -> dict[str, Any]:
    """The section `location` for an image; its own command where the arguments hold more than the code."""
    pairs = [part for one in arguments for part in (one.split("=", 1) if one.startswith("--") else [one])]
    known = {_TARGETS.get(name): value for name, value in zip(pairs[::2], pairs[1::2], strict=False)}
    targets = {"python_file", "module", "package"} & known.keys()
    if len(pairs) % 2 == 0 and None not in known and len(targets) == 1:
        return {"image": image, **{str(name): value for name, value in known.items()}}
    return {"image": image, "command": ["dagster", *command, "-h", "0.0.0.0", "-p", _PORT, *arguments]}


def _location_of_cloud(read: _Reader, at: FieldPath) -> dict[str, Any]:
    image = read.value((*at, "image"))
    if not image:
        return {}  # it is built by the user's CI, and named in the scenario
    source = read.mapping((*at, "code_source"))
    names = {"package_name": "package", "module_name": "module", "python_file": "python_file"}
    given = {names[key]: value for key, value in source.items() if key in names}
    if len(given) != 1:
        raise read.error((*at, "code_source"), f"one of {', '.join(names)} is expected")
    more = {key: read.value((*at, key)) for key in ("working_directory", "attribute")}
    return {"image": image, **given, **{key: value for key, value in more.items() if value}}


def _health_check_seconds(deployment: Any) -> float:
    """Between health checks in the server's container, of both probes together; 0 for none of them."""
    often = 0.0
    for name in ("readinessProbe", "livenessProbe"):
        probe = deployment.get(name)
        if not probe:
            often += 1 / _CHART_CHECKS_EVERY if name == "readinessProbe" else 0
        elif isinstance(probe, dict) and probe.get("enabled") is not False and "exec" not in probe:
            often += 1 / float(probe.get("periodSeconds") or _KUBERNETES_CHECKS_EVERY)
    return round(1 / often, 3) if often else 0.0


class _Reader:
    """Reads fields of a document; what is of the wrong kind is refused with its line."""

    def __init__(self, document: Mapping[str, Any], written: Written) -> None:
        self._document, self._written = document, written
        self.unread: list[str] = []
        """Entries of environments whose values are elsewhere."""

    def error(self, at: FieldPath, what: str) -> InputError:
        """One line on a field."""
        return InputError(f"{self._written.where(at)}: {dotted(at)}: {what}")

    def value(self, at: FieldPath) -> Any:
        """As it is written; None where it is not."""
        found: Any = self._document
        for key in at:
            if isinstance(found, list) and isinstance(key, int):
                found = found[key]
            else:
                found = found.get(key) if isinstance(found, dict) else None
        return found

    def mapping(self, at: FieldPath) -> dict[str, Any]:
        """Keys and values; empty where there are none."""
        found = self.value(at)
        if found is not None and not isinstance(found, dict):
            raise self.error(at, f"a mapping is expected, got {found!r}")
        return dict(found or {})

    def listed(self, at: FieldPath) -> list[Any]:
        """Entries; empty where there are none."""
        found = self.value(at)
        if found is not None and not isinstance(found, list):
            raise self.error(at, f"a list is expected, got {found!r}")
        return list(found or [])

    def texts(self, at: FieldPath) -> list[str]:
        """Entries that are texts."""
        found = self.listed(at)
        if not all(isinstance(one, str | int | float) for one in found):
            raise self.error(at, "a list of texts is expected")
        return [str(one) for one in found]

    def names(self, at: FieldPath) -> list[str]:
        """Of entries such as `name: x`, or of plain texts."""
        found = [one.get("name") if isinstance(one, dict) else one for one in self.listed(at)]
        if not all(isinstance(one, str) for one in found):
            raise self.error(at, "a list of names is expected")
        return [str(one) for one in found]

    def chosen(self, at: FieldPath, key: str, name: str | None) -> FieldPath:
        """The entry of that name, or the only one."""
        entries = self.listed(at)
        known = [str(one.get(key)) if isinstance(one, dict) else "" for one in entries]
        if name is None and len(entries) == 1:
            return (*at, 0)
        if name in known:
            return (*at, known.index(name))
        if not entries:
            raise self.error(at, "one entry at least is expected")
        wanted = "server.deployment has to name one" if name is None else f"there is no {name}"
        raise self.error(at, f"{wanted}: {', '.join(known)}")

    def limits(self, at: FieldPath) -> dict[str, Any]:
        """`cpus` and `memory`, as far as there are limits."""
        found: dict[str, Any] = {}
        told = self.mapping((*at, "limits"))
        for key, name, kind in (("cpu", "cpus", SERVER_CPUS), ("memory", "memory", SERVER_MEMORY)):
            if key in told:
                try:
                    kind.read(told[key])
                except ValueError as error:
                    raise self.error((*at, "limits", key), str(error)) from None
                found[name] = told[key]
        return found

    def environment(self, at: FieldPath) -> dict[str, str]:
        """Variables and their values, of a mapping or of Kubernetes's list."""
        found = self.value(at)
        if found is None or isinstance(found, dict):
            return {name: _text(value) for name, value in (found or {}).items()}
        variables: dict[str, str] = {}
        for number, one in enumerate(self.listed(at)):
            if not isinstance(one, dict) or not isinstance(one.get("name"), str):
                raise self.error((*at, number), "name and value are expected")
            if "value" in one:
                variables[one["name"]] = _text(one["value"])
            else:
                self.unread.append(f"env.{one['name']}")
        return variables

    def tolerations(self, at: FieldPath) -> list[dict[str, Any]]:
        """Of taints."""
        known = ("key", "operator", "value", "effect")
        found = [one if isinstance(one, dict) else {} for one in self.listed(at)]
        return [{key: one[key] for key in known if one.get(key)} for one in found]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
