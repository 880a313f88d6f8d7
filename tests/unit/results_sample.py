"""A small made-up result, for tests of readers and renderers only."""

from __future__ import annotations

from typing import Any

import pandas as pd

from harness.results.result_document import CellRecord, LimitsRecord, ResultDocument, Validity

CELL = "io_bound-1.13.27-2cpu-3072mib-8w"
NO_REPLICAS = pd.DataFrame()


def cell_record(**changes: Any) -> CellRecord:
    values: dict[str, Any] = {
        "cell_id": CELL,
        "workload": "io_bound",
        "dagster_version": "1.13.27",
        "cpus": 2.0,
        "memory_bytes": 3 * 2**30,
        "grpc_max_workers": 8,
        "state": "finished",
        "attempt": 1,
        "limits": LimitsRecord(
            enforced=True, method="cgroup-v1", reason="", cpus=2.0, memory_bytes=3 * 2**30
        ),
        "warmup_settled": True,
    }
    return CellRecord(**(values | changes))


def document(**changes: Any) -> ResultDocument:
    values: dict[str, Any] = {
        "harness_version": "0.1.0",
        "name": "sample",
        "stack": "process",
        "created_at": "2026-01-01T00:00:00+00:00",
        "scenario": {"name": "sample", "seed": 1},
        "scenario_sha256": "0" * 64,
        "fingerprint": {"cpu_count": 2, "memory_total_bytes": 8 * 2**30},
        "validity": Validity(state="valid"),
        "cells": (cell_record(),),
    }
    return ResultDocument(**(values | changes))


def burst_row(level: int, burst: int, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "cell_id": CELL,
        "burst": burst,
        "phase": "measure",
        "level": level,
        "repeat": burst // 4,
        "drained": True,
        "launches": level,
        "launches_answered": level,
        "runs_succeeded": level,
        "runs_failed": 0,
        "concurrency_peak": level,
        "memory_peak_bytes": 200e6 + 100e6 * level + 1e6 * (burst % 3),
        "memory_idle_bytes": 190e6 + 1e5 * (burst % 3),
        "usage_peak_bytes": 220e6 + 100e6 * level,
        "watermark_bytes": 221e6 + 100e6 * level,
        "rss_peak_bytes": 250e6 + 150e6 * level,
        "pss_peak_bytes": 210e6 + 105e6 * level,
        "uss_peak_bytes": 190e6 + 95e6 * level,
        "threads_peak": 10 + 7 * level,
        "processes_peak": 2 + 5 * level,
        "open_files_peak": 40 + 18 * level,
        "idle_cpu_cores": 0.02 + 0.001 * (burst % 3),
        "window_seconds": 6.0 + level,
        "cpu_seconds": 0.02 * (6.0 + level) + 1.5 * level + 0.01 * (burst % 3),
        "exec_window_seconds": 2.0,
        "exec_cpu_seconds": 0.2 * level + 0.04 + 0.01 * (burst % 3),
        "run_seconds": 2.0 * level,
        "launch_span_seconds": 0.5 + 0.7 * level + 0.01 * (burst % 3),
        "saturated": False,
        "oom_kills": 0,
        "throttled_seconds": 0.0,
        "readings": 400,
        "missed_readings": 0,
        "generator_saturated": False,
        "host_steal_fraction": 0.0,
        "sampler_cpu_cores": 0.02,
    }
    return row | changes


def bursts() -> pd.DataFrame:
    return pd.DataFrame([burst_row(level, i) for i, level in enumerate([1, 2, 4, 6] * 3)])
