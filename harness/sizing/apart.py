"""What a cell tells beside its measured bursts. Pure.

Of imports, health checks, reloads of the code, and the daemon's own ticks.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.model.linear import Array
from harness.results.columns import CHECK, RELOAD, TICKING
from harness.results.result_document import CellRecord
from harness.results.table_schema import filled


def apart_of(cell: CellRecord, bursts: pd.DataFrame, processes: pd.DataFrame) -> dict[str, Array]:
    """Values by constant, one for each time it was measured; nan where it could not be read.

    Args:
        cell: whose.
        bursts: table of them, of any cells and phases.
        processes: table of them, of any cells.
    """
    checks = _of_checks(cell, processes) if cell.health_check_seconds else {}
    rows = filled("bursts", bursts[bursts["cell_id"] == cell.cell_id])
    told = _of_imports(cell) | checks
    if rows.empty:
        return told
    rows = rows[rows["drained"].astype(bool)]
    return told | _of_reloads(rows) | _of_ticking(rows)


def _of_imports(cell: CellRecord) -> dict[str, Array]:
    imports = () if cell.start is None else cell.start.imports
    if not imports:
        return {}
    return {
        "import_seconds": np.array([one.seconds for one in imports], float),
        "import_memory_bytes": np.array([one.memory_bytes for one in imports], float),
    }


def _of_checks(cell: CellRecord, processes: pd.DataFrame) -> dict[str, Array]:
    """The most that each check was seen to hold and to have used; it may have ended a moment later."""
    known = filled("processes", processes)
    checks = known[(known["cell_id"] == cell.cell_id) & (known["role"] == CHECK)] if len(known) else known
    if checks.empty:
        return {}
    cpu = checks["cpu_seconds"].fillna(0.0) + checks["children_cpu_seconds"].fillna(0.0)
    each = checks.assign(cpu=cpu).groupby(["replica", "pid", "created_epoch_seconds"], dropna=False)
    return {
        "health_check_memory_bytes": each["pss_bytes"].max().to_numpy(float, na_value=np.nan),
        "health_check_cpu_seconds": each["cpu"].max().to_numpy(float),
    }


def _of_reloads(rows: pd.DataFrame) -> dict[str, Array]:
    """Memory of a reload is what its burst's peak is above the mean peak of that level."""
    reloads = rows[rows["phase"] == RELOAD]
    if reloads.empty:
        return {}
    measured = rows[rows["phase"] == "measure"]
    peaks = measured.groupby("level")["memory_peak_bytes"].mean()
    return {
        "reload_memory_bytes": (reloads["memory_peak_bytes"] - reloads["level"].map(peaks)).to_numpy(float),
        "reload_seconds": reloads["reload_seconds"].to_numpy(float),
        "reload_overlap_seconds": reloads["overlap_seconds"].to_numpy(float),
    }


def _of_ticking(rows: pd.DataFrame) -> dict[str, Array]:
    """What its own ticks cost the daemon, above the quiet time just before.

    What memory the first of them took stays with the process, so all are held against the time before it.
    """
    times = rows[rows["phase"] == TICKING].sort_values("burst")
    if times.empty:
        return {}
    used = times["daemon_cpu_seconds"] - times["daemon_idle_cpu_cores"] * times["daemon_window_seconds"]
    memory = times["daemon_memory_peak_bytes"] - times["daemon_memory_idle_bytes"].iloc[0]
    return {
        "daemon_ticking_memory_bytes": memory.to_numpy(float),
        "daemon_cpu_seconds_per_tick": (used / times["daemon_ticks"]).to_numpy(float),
    }
