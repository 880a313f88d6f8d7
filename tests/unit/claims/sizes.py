"""Made-up bursts for the rows of the guide's table of sizes."""

from __future__ import annotations

from tests.unit.claims.made import Rows

BASE = 0.1e9


def row_bursts(level: int, per_run: float, repeats: int = 3, **more: object) -> Rows:
    """Bursts of half of `level` and of `level` runs that take `per_run` bytes each.

    `more` overrides fields of the larger bursts.
    """
    rows: Rows = []
    for size in (level // 2, level):
        for repeat in range(repeats):
            rows.append(
                {
                    "burst": len(rows),
                    "level": size,
                    "concurrency_peak": size,
                    "launches": size,
                    "runs_succeeded": size,
                    "oom_kills": 0,
                    "memory_peak_bytes": (BASE + per_run * size) * (1 + 0.002 * (repeat - 1)),
                }
                | (more if size == level else {})
            )
    return rows
