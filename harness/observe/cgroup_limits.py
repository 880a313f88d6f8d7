"""The limits that a cgroup has in force, as the kernel tells them. Only the standard library is imported."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from harness.observe.cgroup import CgroupPaths

_NO_LIMIT_V1 = 2**62
"""Version 1 writes a limit of no account as the largest number of whole pages."""


@dataclass(frozen=True)
class CgroupLimits:
    """None where it has none, or does not tell."""

    memory_bytes: int | None
    cpus: float | None

    @classmethod
    def of(cls, paths: CgroupPaths) -> CgroupLimits:
        """Read them."""
        memory, cpu = Path(paths.memory), Path(paths.cpu)
        if paths.version == 1:
            told = int(_text(memory / "memory.limit_in_bytes") or _NO_LIMIT_V1)
            quota, period = (int(_text(cpu / f"cpu.cfs_{name}_us") or -1) for name in ("quota", "period"))
            return cls(
                told if told < _NO_LIMIT_V1 else None, quota / period if quota > 0 and period > 0 else None
            )
        if paths.version == 2:
            most, (quota_text, *rest) = (
                _text(memory / "memory.max"),
                (_text(cpu / "cpu.max") or "max").split(),
            )
            return cls(
                int(most) if most.isdigit() else None,
                int(quota_text) / int(rest[0]) if quota_text.isdigit() and rest else None,
            )
        return cls(None, None)

    def to_json(self) -> dict[str, float | None]:
        """By name."""
        return asdict(self)


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii").strip()
    except OSError:
        return ""
