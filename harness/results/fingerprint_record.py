"""What an experiment ran on, as documents keep it: whole, and typed where it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ConfigDict, RootModel

MACHINE = ("architecture", "cpu_model", "cpu_count", "memory_total_bytes", "cgroup_version")
"""What tells machines apart."""
_TOLD_ELSEWHERE = ("architecture", "kernel", "cpu_count", "memory_total_bytes", "cgroup_version")
"""What an engine, or a cluster, tells of the machine."""
_SIZE = ("cpu_count", "memory_total_bytes")
_UNKNOWN_ELSEWHERE = ("cpu_model", "cpu_affinity_count", "swap_total_bytes", "virtualisation")
MEMORY_SLIVER = 0.01
"""Share of the memory by which the same machine may differ from itself."""


class FingerprintRecord(RootModel[dict[str, Any]]):
    """A machine, and what ran there; documents of other harnesses may hold more, or less."""

    model_config = ConfigDict(frozen=True)

    @property
    def cpu_count(self) -> int | None:
        """CPUs of the machine, limits aside; None where that is not known."""
        return self.root.get("cpu_count")

    @property
    def memory_total_bytes(self) -> int:
        """Memory of the machine; 0 where that is not known."""
        return int(self.root.get("memory_total_bytes") or 0)

    @property
    def has_containers(self) -> bool:
        """Whether a Docker engine or a cluster was there."""
        return bool(self.root.get("engine") or self.root.get("cluster"))

    @property
    def largest_node(self) -> tuple[int, int]:
        """CPUs and bytes that a code server finds at most on one machine; 0 where nobody knows."""
        nodes = ((self.root.get("cluster") or {}).get("by_node") or {}).values()
        known = [self.root, *nodes]
        cpus, memory = ([int(one.get(name) or 0) for one in known] for name in _SIZE)
        return max(cpus), max(memory)

    @property
    def in_a_line(self) -> str:
        """The machine in one line."""
        f = self.root
        memory = self.memory_total_bytes / 1024**3
        cluster = f.get("cluster")
        # Nobody tells of a cluster which cgroups its nodes have.
        last = f"Kubernetes {cluster['kubernetes']}" if cluster else f"cgroup v{f.get('cgroup_version')}"
        return (
            f"{f.get('cpu_count')} CPUs ({f.get('cpu_model') or f.get('architecture')}), {memory:.1f} GiB, "
            f"{f.get('distribution')}, kernel {f.get('kernel')}, {last}"
        )

    def with_engine(self, engine: Mapping[str, Any] | None) -> FingerprintRecord:
        """The same with a Docker engine, or with the word that there is none.

        Where the engine is `elsewhere`, its machine is what is measured, and not this one.
        """
        if engine is None:
            return FingerprintRecord(self.root | {"engine": None})
        machine = _elsewhere(engine) if engine.get("elsewhere") else {}
        return FingerprintRecord(self.root | machine | {"engine": dict(engine)})

    def with_cluster(self, cluster: Mapping[str, Any]) -> FingerprintRecord:
        """The same of a cluster's nodes, which are what is measured there."""
        return FingerprintRecord(self.root | _elsewhere(cluster) | {"cluster": dict(cluster)})

    def changed_since(self, before: FingerprintRecord) -> list[str]:
        """One clause for each thing that is not as it was `before`, such as `kernel: 6.1 then, 6.2 now`.

        What one of the two does not tell is no difference, and neither is a sliver of memory, which kernels
        set aside for themselves.
        """
        return list(_changes(before.root, self.root))

    def of_machine(self) -> Mapping[str, Any]:
        """What tells machines apart, to be compared."""
        return {name: self.root.get(name) for name in MACHINE}

    def differing(self, other: FingerprintRecord, names: Iterable[str]) -> list[str]:
        """One clause for each of `names` in which another one is not the same."""
        return [
            f"{name}: {self.root.get(name)} and {other.root.get(name)}"
            for name in names
            if self.root.get(name) != other.root.get(name)
        ]


def _elsewhere(told: Mapping[str, Any]) -> dict[str, Any]:
    """A machine by what others tell of it; None of what they do not."""
    machine = dict.fromkeys(_UNKNOWN_ELSEWHERE) | {name: told.get(name) for name in _TOLD_ELSEWHERE}
    return machine | {"distribution": told.get("operating_system")}


def _changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(then.keys() & now.keys()):
        old, new = then[name], now[name]
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from (f"{name}.{clause}" for clause in _changes(old, new))
        elif name == "memory_total_bytes" and abs(new - old) <= MEMORY_SLIVER * old:
            continue
        elif old != new:
            yield f"{name}: {old} then, {new} now"
