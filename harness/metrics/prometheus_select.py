"""What a list of label matchers selects: which container a series is of, and of which deployment. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from harness.errors import InputError
from harness.metrics.prometheus_client import Labels

EXAMPLE = """'namespace="dagster",container="user-code"'"""
MOST_LISTED = 10
_ALIKE = 0.6

_MATCHER = re.compile(
    r"""\s*(?P<label>[A-Za-z_]\w*|"[^"]+")\s*(?P<sign>=~|!~|!=|=)\s*"""
    r"""(?P<value>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)\s*(?P<comma>,|$)"""
)
_PAUSE_IMAGE = re.compile(r"(^|/)pause(-(amd64|arm|arm64|ppc64le|s390x))?([:@]|$)")
"""Of the container that holds a pod's network and does nothing else."""
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_AGENT_ENDS = (r"-[0-9a-f]{6}-[0-9a-f]{6,10}-[a-z0-9]{5}",)
"""Of a Deployment that a Dagster+ agent makes anew for each version of the code, and its ReplicaSet."""
_POD_ENDS = (
    r"-[0-9a-f]{6,10}-[a-z0-9]{5}",  # of a ReplicaSet
    rf"-(?:{_UUID}|[0-9a-f]{{32}})(?:-[a-z0-9]{{5}})?",  # of the job of a run or a step
    r"-[0-9]+",  # of a StatefulSet
)
_LONGEST_POD = 63
"""Characters; of a longer name, Kubernetes cuts off what is before the last five."""
_CUT_AGENT_ENDS = (r"-[0-9a-f]{6}-[0-9a-f]{0,9}[a-z0-9]{5}", r"-[0-9a-f]{0,6}[a-z0-9]{5}")
_CUT_POD_ENDS = (r"-[0-9a-f]{0,9}[a-z0-9]{5}", r"[a-z0-9]{5}")
_NAME_ENDS = (r"[.][0-9]+[.][a-z0-9]{25}", r"[-_][0-9]+")
"""Of replicas in a Swarm, and in Docker Compose."""
_AGENT_CONTAINER = "dagster"
"""As a Dagster+ agent calls a code server's container."""


@dataclass(frozen=True)
class Matcher:
    """One of a list."""

    label: str
    sign: str
    value: str
    """Without its quotes."""


@dataclass(frozen=True, order=True)
class Place:
    """Where containers live one after another: a container of a pod, or a name on a host."""

    cluster: str = ""
    namespace: str = ""
    pod: str = ""
    container: str = ""
    host: str = ""
    """Address that is scraped; only where there are no pods, whose names say enough."""
    name: str = ""
    """Of a container without a pod, or its cgroup."""

    @property
    def shown(self) -> str:
        """For people."""
        return self.pod or self.name or "container"


def matchers(select: str) -> tuple[Matcher, ...]:
    """A list of matchers as PromQL writes it between braces.

    Raises:
        InputError: it is none.
    """
    found, at = [], 0
    while select[at:].strip():
        one = _MATCHER.match(select, at)
        if one is None:
            raise InputError(
                f"--select {select[:200]}: matchers of labels are expected, parted by commas, such as "
                f"{EXAMPLE}; this is none: {select[at:].strip()[:60]}"
            )
        found.append(Matcher(one["label"].strip('"'), one["sign"], one["value"][1:-1]))
        at = one.end()
    return tuple(found)


def of_containers(found: Sequence[Labels], chosen: Sequence[Matcher]) -> list[Labels]:
    """Series of containers themselves: without those of pause containers, of pods and of other cgroups.

    Those count where a matcher asks for exactly them.
    """
    asked = {(one.label.removeprefix("exported_"), one.value) for one in chosen if one.sign == "="}
    by_id = any(one.label == "id" and one.sign in ("=", "=~") for one in chosen)
    return [one for one in found if _is_asked_for(one, asked) or by_id or _is_container(one)]


def place_of(labels: Labels) -> Place:
    """Where the container of a series lives."""
    cluster = labels.get("cluster", "")
    if pod := own(labels, "pod"):
        return Place(cluster, own(labels, "namespace"), pod, own(labels, "container"))
    name = labels.get("name") or labels.get("id", "")
    return Place(cluster, host=labels.get("instance", ""), name=name)


def own(labels: Labels, label: str) -> str:
    """A label of what a series is of, which has another name where it was also one of what was scraped."""
    return labels.get(f"exported_{label}") or labels.get(label, "")


def deployments(found: Iterable[Labels]) -> dict[str, int]:
    """Matchers that would select each deployment, and how many places each has; the largest first."""
    places: dict[Place, Labels] = {place_of(labels): labels for labels in found}
    kinds = Counter(_deployment(place) for place in places)
    prefix = "exported_" if any("exported_pod" in labels for labels in places.values()) else ""
    return {
        _as_matchers(kind, kinds, prefix): count
        for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    }


def places_in(found: Iterable[Labels]) -> list[str]:
    """Matchers that would select each container of which there are these labels, without its pod."""
    names = ("cluster", "exported_namespace", "namespace", "exported_container", "container", "name")
    return sorted({",".join(_own_matchers(labels, names)) for labels in found} - {""})


def by_likeness(these: Iterable[str], chosen: Sequence[Matcher]) -> list[str]:
    """Those first that have a value which was asked for, or one like it."""
    values = [one.value for one in chosen if one.value]

    def unlike(one: str) -> float:
        found = re.findall(r'"([^"]*)"', one)
        ratios = [SequenceMatcher(None, value, other).ratio() for value in values for other in found]
        return -sum(ratio for ratio in ratios if ratio > _ALIKE)

    return sorted(these, key=unlike)


def listed(these: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = f", and {len(these) - MOST_LISTED} more" if len(these) > MOST_LISTED else ""
    return ", ".join(f"'{one}'" for one in these[:MOST_LISTED]) + more


def quoted(value: str) -> str:
    """A value of a matcher."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def any_of(values: Iterable[str]) -> str:
    """A regular expression, as the value of a matcher, that fits exactly these."""
    return quoted("|".join(_literally(value) for value in sorted(set(values))))


def _is_container(labels: Labels) -> bool:
    if _PAUSE_IMAGE.search(labels.get("image", "")):
        return False
    if own(labels, "pod"):
        return own(labels, "container") not in ("", "POD")
    return bool(labels.get("name"))


def _is_asked_for(labels: Labels, asked: set[tuple[str, str]]) -> bool:
    container = own(labels, "container")
    return container in ("", "POD") and bool(own(labels, "pod")) and ("container", container) in asked


def _own_matchers(labels: Labels, names: Iterable[str]) -> list[str]:
    """Of the labels that have these names; of the scrape's own and those of what was scraped, the latter."""
    in_pod = bool(own(labels, "container"))
    return [
        f"{name}={quoted(labels[name])}"
        for name in names
        if labels.get(name) and f"exported_{name}" not in labels and not (name == "name" and in_pod)
    ]


def _deployment(place: Place) -> tuple[Place, str]:
    """The place without what differs between the members of a deployment, and how such names end."""
    if place.pod:
        base, end = _parted(place.pod, _ends(place))
        return Place(place.cluster, place.namespace, base, place.container), end
    base, end = _parted(place.name, _NAME_ENDS)
    return Place(place.cluster, host=place.host, name=base), end


def _ends(place: Place) -> tuple[str, ...]:
    by_agent = place.container == _AGENT_CONTAINER
    ends = (*(_AGENT_ENDS if by_agent else ()), *_POD_ENDS)
    if len(place.pod) < _LONGEST_POD:
        return ends
    return (*ends, *(_CUT_AGENT_ENDS if by_agent else ()), *_CUT_POD_ENDS)


def _parted(name: str, ends: Iterable[str]) -> tuple[str, str]:
    for end in ends:
        if found := re.fullmatch(rf"(.+?){end}", name):
            return found[1], end
    return name, ""


def _as_matchers(kind: tuple[Place, str], others: Mapping[tuple[Place, str], int], prefix: str) -> str:
    """Matchers for one of several; the name of the pod only where the others need it."""
    place, end = kind
    fields = {
        "cluster": place.cluster,
        f"{prefix}namespace": place.namespace,
        f"{prefix}container": place.container,
        "instance": place.host if len({one.host for one, _ in others}) > 1 else "",
    }
    chosen = [f"{label}={quoted(value)}" for label, value in fields.items() if value]
    if place.name:
        chosen.append(_name_matcher("name" if not place.name.startswith("/") else "id", place.name, end))
    same = [one for one, _ in others if (one.cluster, one.namespace, one.container) == _group(place)]
    if place.pod and len(same) > 1:
        chosen.append(_name_matcher(f"{prefix}pod", place.pod, end))
    return ",".join(chosen)


def _group(place: Place) -> tuple[str, str, str]:
    return place.cluster, place.namespace, place.container


def _name_matcher(label: str, base: str, end: str) -> str:
    return f"{label}=~{quoted(_literally(base) + end)}" if end else f"{label}={quoted(base)}"


def _literally(value: str) -> str:
    """A regular expression for a value itself, with nothing that a string would have to escape."""
    return re.sub(
        r"[.+*?()|\[\]{}^$\\]", lambda found: f"[{found[0]}]" if found[0] not in "^\\" else ".", value
    )
