"""Requirements that give another environment exactly what this one has."""

from __future__ import annotations

from importlib.metadata import distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def pinned(name: str) -> list[str]:
    """A distribution that is installed here and all that it needs, each as `name==version`, by name.

    What only other systems or other Pythons need, and extras that nobody asked for, are left out.

    Raises:
        PackageNotFoundError: it is not installed.
    """
    versions: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    left = [Requirement(name)]
    while left:
        wanted = left.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        there = distribution(wanted.name)
        versions[key[0]] = there.version
        left += [one for one in map(Requirement, there.requires or ()) if _counts(one, wanted)]
    return sorted(f"{one}=={version}" for one, version in versions.items())


def _counts(needed: Requirement, wanted: Requirement) -> bool:
    """Whether one of the requirements of `wanted` is needed here, by its marker."""
    extras = wanted.extras or {""}
    return needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras)
